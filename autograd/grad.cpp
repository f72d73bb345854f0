#include <tapegrad/autograd/grad.hpp>

#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/executors.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/detail/rollback.hpp>
#include <tapegrad/autograd/functions.hpp>

namespace tapegrad {

namespace {

using detail::Block;

std::uint32_t index_on(const Block& block, const Var& x, Place place) {
  if (&detail::live_block(x, "grad", place) != &block) {
    throw TapeError("[grad] needs y and all xs on one tape, got two tapes (" + to_string(place) +
                    ")");
  }
  return x.index();
}

/// Gates between the xs and y: those that depend on an x through differentiable operands.
std::vector<char> wanted_gates(const Block& block, std::uint32_t y, const std::vector<Var>& xs,
                               Place place) {
  std::vector<char> wanted(y + 1, 0);
  for (const Var& x : xs) {
    const std::uint32_t index = index_on(block, x, place);
    if (!block.requires_grad(index)) {
      throw TapeError(std::string("[grad] needs xs that are or depend on variables or parameters, "
                                  "got a constant (") +
                      block.name(index) + "); make it with tape.variable(...) (" +
                      to_string(place) + ")");
    }
    if (index <= y) wanted[index] = 1;
  }
  for (std::uint32_t i = 0; i <= y; ++i) {
    if (wanted[i] != 0 || block.is_leaf(i) || !block.requires_grad(i)) continue;
    const detail::GateTable& table = detail::table_of_gate(block, i);
    const std::uint32_t count = block.operand_count(i);
    for (std::uint32_t k = 0; k < count; ++k) {
      if (table.differentiable_in(k) && wanted[block.operand(i, k)] != 0) wanted[i] = 1;
    }
  }
  return wanted;
}

std::vector<Var> record_gradients(Block& block, std::uint32_t y, const std::vector<Var>& xs,
                                  const Var& upstream, Place place) {
  const std::vector<char> wanted = wanted_gates(block, y, xs, place);
  std::vector<Var> gradients(y + 1);
  gradients[y] = upstream;
  for (std::uint32_t i = y + 1; i-- > 0;) {
    if (wanted[i] == 0 || block.is_leaf(i) || !gradients[i].valid()) continue;
    detail::RecordExecutor executor(block, i, gradients, wanted);
    const std::uint32_t first = block.size;
    detail::table_of_gate(block, i).record_backward(block.attributes(i), executor);
    // A gate of the gradient comes from the user's line that wrote the gate it differentiates, not
    // from the line of the rule.
    for (std::uint32_t made = first; made < block.size; ++made) block.copy_place(i, made);
  }
  std::vector<Var> result;
  result.reserve(xs.size());
  for (const Var& x : xs) {
    const bool reached = x.index() <= y && gradients[x.index()].valid();
    result.push_back(reached ? gradients[x.index()]
                             : detail::record_zeros(block, block.shape(x.index()), place));
  }
  return result;
}

void check_recordable(const Block& block, std::uint32_t y, Place place) {
  if (block.consumed) {
    throw TapeError("[grad] needs values that backward() on this lean tape has reused (" +
                    to_string(place) + ")");
  }
  if (!block.requires_grad(y)) {
    throw TapeError(std::string("[grad] needs an output that depends on a variable or parameter, "
                                "got a constant (") +
                    block.name(y) + ") (" + to_string(place) + ")");
  }
  detail::check_versions(block, y, place, "grad");
  block.check_readable(y, "grad", place);
  detail::check_finite(block, y, place, "grad");
}

}  // namespace

std::vector<Var> grad(const Var& y, const std::vector<Var>& xs, Place place) {
  Block& block = detail::live_block(y, "grad", place);
  check_recordable(block, y.index(), place);
  if (block.count(y.index()) != 1) {
    throw ShapeError("[grad] needs an output of one element, got shape " +
                     to_string(block.shape(y.index())) +
                     "; sum it up or give the upstream gradient (" + to_string(place) + ")");
  }
  detail::Rollback rollback(block);
  const Var one = detail::record_leaf(block, 1.0, false, false, place);
  const Var upstream = y.shape().empty() ? one : broadcast_to(one, y.shape());
  std::vector<Var> gradients = record_gradients(block, y.index(), xs, upstream, place);
  rollback.keep();
  return gradients;
}

std::vector<Var> grad(const Var& y, const std::vector<Var>& xs, const Var& upstream, Place place) {
  Block& block = detail::live_block(y, "grad", place);
  check_recordable(block, y.index(), place);
  index_on(block, upstream, place);
  if (upstream.shape() != y.shape()) {
    throw ShapeError("[grad] needs an upstream gradient of the output's shape " +
                     to_string(y.shape()) + ", got " + to_string(upstream.shape()) + " (" +
                     to_string(place) + ")");
  }
  detail::Rollback rollback(block);
  std::vector<Var> gradients = record_gradients(block, y.index(), xs, upstream, place);
  rollback.keep();
  return gradients;
}

}  // namespace tapegrad
