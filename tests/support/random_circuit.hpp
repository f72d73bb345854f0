#pragma once

#include <functional>

#include <tapegrad/autograd/testing/detail/gate_cases.hpp>

namespace tapegrad::testing {

/// Changes one gate of a circuit while it is drawn: returns what is recorded instead.
using Replacement = std::function<GateCase(const GateCase&)>;

/// A circuit of `gates` gates drawn from the list, ending in one number. Operands are built from
/// earlier gates and variables, squeezed into the gate's domain, so that gradients meet along many
/// paths. The same seed draws the same circuit.
class RandomCircuit {
 public:
  RandomCircuit(Tape& tape, std::uint64_t seed, int gates)
      : RandomCircuit(tape, seed, gates, -1, {}) {}

  /// The same circuit with the gate drawn at position `replaced` recorded as `replacement` says.
  RandomCircuit(Tape& tape, std::uint64_t seed, int gates, int replaced,
                const Replacement& replacement)
      : tape_(tape), generator_(seed) {
    for (int i = 0; i < 3; ++i) pool_.push_back(leaf({}));
    for (int i = 0; i < gates; ++i) {
      add_gate(i == replaced ? replacement : [](const GateCase& c) { return c; });
      if (i == replaced) replaced_ = pool_.back();
    }
    Var total = tape_.data(0.0);
    for (const Var& value : pool_) total += mean_like(value) * generator_.uniform(0.5, 1.5);
    output_ = total;
  }

  const Var& output() const { return output_; }
  /// The gate that was recorded otherwise.
  const Var& replaced() const { return replaced_; }

 private:
  const Var& pick_earlier() { return pool_[generator_.below(pool_.size())]; }

  Var leaf(const Shape& shape) {
    const std::vector<double> numbers = draw(shape, {-1.5, 1.5}, generator_);
    const Array<double> value = to_array(numbers, shape);
    return tape_.variable(value);
  }

  static Array<double> to_array(const std::vector<double>& numbers, const Shape& shape) {
    const std::vector<std::size_t> sizes(shape.begin(), shape.end());
    Array<double> array = Array<double>::from_shape(sizes);
    std::copy(numbers.begin(), numbers.end(), array.begin());
    return array;
  }

  /// One bounded number that depends on every element, differently.
  Var mean_like(const Var& x) {
    const std::vector<double> weights = asymmetric(x.size());
    return tanh(sum(x * constant(to_array(weights, x.shape()))) *
                (1.0 / static_cast<double>(std::max<std::int64_t>(1, x.size()))));
  }

  /// Numbers of the given shape: a part of an earlier value, or a leaf.
  Var numbers(const Shape& shape) {
    const Var earlier = pick_earlier();
    const std::int64_t room = earlier.size() - shape.size();
    if (room < 0 || generator_.below(2) == 0) return leaf(shape);
    const auto first =
        static_cast<std::int64_t>(generator_.below(static_cast<std::uint64_t>(room) + 1));
    return reshape(slice(reshape(earlier, {-1}), 0, first, first + shape.size()), shape);
  }

  /// A value of the given shape inside the domain.
  Var operand(const Shape& shape, const ops::Domain& domain) {
    if (domain.integral) return constant(to_array(draw(shape, domain, generator_), shape));
    const Var raw = numbers(shape) + mean_like(pick_earlier());
    return domain.low + (domain.high - domain.low) * sigmoid(raw);
  }

  static bool is_suitable(const GateCase& gate_case) {
    std::int64_t elements = 0;
    for (const Shape& shape : gate_case.shapes) elements += shape.size();
    // The gradient of detach is not the derivative of its value, on purpose.
    const bool detaches = gate_case.table->op == detail::op_of<ops::Detach>;
    return elements <= 30 && gate_case.has_elements() && !detaches;
  }

  void add_gate(const Replacement& replacement) {
    const std::vector<GateCase>& cases = all_cases();
    const GateCase* gate_case = nullptr;
    do {
      gate_case = &cases[generator_.below(cases.size())];
    } while (!is_suitable(*gate_case));
    std::vector<Var> operands;
    for (std::size_t k = 0; k < gate_case->shapes.size(); ++k) {
      operands.push_back(operand(gate_case->shapes[k], gate_case->domains[k]));
    }
    pool_.push_back(record_case(replacement(*gate_case), operands));
  }

  Tape& tape_;
  Generator generator_;
  std::vector<Var> pool_;
  Var output_, replaced_;
};

}  // namespace tapegrad::testing
