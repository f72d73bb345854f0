#include <tapegrad/autograd/detail/objective.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/replay.hpp>

namespace tapegrad::detail {

double CheckedLeaf::largest() const {
  double most = 0;
  for (const double g : analytic) most = std::max(most, std::abs(g));
  return most;
}

ReplayedCircuit::ReplayedCircuit(const Block& recorded, std::uint32_t output, Place place)
    : copy_(f64, inspect, place), output_(output), place_(place) {
  Block& copy = copy_.block();
  replay_into(recorded, copy, place);
  hold_detached(copy);
  run_backward(copy, output, nullptr, place);
  trace_ = BranchTrace(copy, output);
}

std::vector<CheckedLeaf> ReplayedCircuit::leaves() {
  Block& copy = copy_.block();
  const std::vector<char>& upstream = upstream_of(copy, output_, Path::any);
  std::vector<CheckedLeaf> leaves;
  // Also those behind a gate without a gradient rule: it may have been forgotten.
  for (std::uint32_t i = 0; i <= output_; ++i) {
    if (upstream[i] == 0 || !copy.is_leaf(i) || !copy.requires_grad(i)) continue;
    leaves.push_back({i, static_cast<double*>(copy.value(i)), gradient_of(copy, i)});
  }
  return leaves;
}

Sample ReplayedCircuit::evaluate() {
  Block& copy = copy_.block();
  replay(copy, place_);
  return {*static_cast<const double*>(copy.value(output_)), trace_.signature(copy)};
}

std::size_t ReplayedCircuit::changed_branches() const {
  return trace_.changes(copy_.block()).size();
}

RecordedFunction::RecordedFunction(const Function& function,
                                   const std::vector<Array<double>>& inputs, Place place)
    : function_(function), inputs_(inputs), place_(place), tape_(f64, inspect, place) {
  output_ = record(tape_).index();
  run_backward(tape_.block(), output_, nullptr, place);
  circuit_ = circuit_signature(tape_.block(), output_);
}

std::vector<CheckedLeaf> RecordedFunction::leaves() {
  std::vector<CheckedLeaf> leaves;
  for (std::uint32_t i = 0; i < inputs_.size(); ++i) {  // They are the tape's first leaves.
    leaves.push_back({i, inputs_[i].data(), gradient_of(tape_.block(), i)});
  }
  return leaves;
}

Sample RecordedFunction::evaluate() {
  Tape tape(f64, inspect, place_);
  const Var y = record(tape);
  const std::uint64_t circuit = circuit_signature(tape.block(), y.index());
  if (circuit != circuit_) other_circuits_ = true;
  const BranchTrace trace(tape.block(), y.index());
  return {y.item(place_), circuit ^ trace.signature(tape.block())};
}

std::size_t RecordedFunction::changed_branches() const {
  return std::numeric_limits<std::size_t>::max();  // Those of another circuit do not compare.
}

Var RecordedFunction::record(Tape& tape) {
  tape.block().private_grads = true;
  std::vector<Var> variables;
  for (const Array<double>& input : inputs_) variables.push_back(tape.variable(input, place_));
  const Var y = function_(variables);
  if (&live_block(y, "gradcheck", place_) != &tape.block()) {
    throw TapeError(
        "[gradcheck] needs a function that computes its output from its arguments, got an output "
        "on another tape (" +
        to_string(place_) + ")");
  }
  return y;
}

std::vector<double> gradient_of(const Block& block, std::uint32_t leaf) {
  const auto* numbers = static_cast<const double*>(block.grad(leaf).numbers);
  const auto count = static_cast<std::size_t>(block.count(leaf));
  if (numbers == nullptr) return std::vector<double>(count);
  return {numbers, numbers + count};
}

}  // namespace tapegrad::detail
