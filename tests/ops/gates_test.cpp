// The list-driven suite: whatever stands in ops/gates.txt is checked here, in float and double.

#include <gtest/gtest.h>

#include <tapegrad/autograd/testing/check_gate.hpp>

#include "support/allocations.hpp"
#include "support/reference.hpp"

namespace tapegrad::testing {
namespace {

bool is_whole(const GateCase& gate_case) {
  return !is_pointwise(gate_case);
}

void forward_equals_plain_loop(const GateCase& gate_case) {
  const auto numbers = draw_operands(gate_case, 1);
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var y = record_case(tape, gate_case, numbers, all_variable(gate_case)).y;
    Array<double> expected = y.value();
    if (!reference_forward(gate_case, numbers, expected)) {
      GTEST_SKIP() << "no plain loop for whole-tensor gate " << gate_case.table->name
                   << " in tests/support/reference.cpp";
    }
    expect_near(y.value(), expected, tolerance(precision), "forward");
  }
}

void the_third_step_allocates_nothing(const GateCase& gate_case) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer counts allocations itself";
  const auto numbers = draw_operands(gate_case, 12);
  const std::vector<bool> variable = all_variable(gate_case);
  Tape sized(f64);
  const Shape shape = record_case(sized, gate_case, numbers, variable).y.shape();
  const std::vector<double> upstream = asymmetric(shape.size());
  const bool differentiable = has_gradient(gate_case);
  std::vector<Operand> operands;
  operands.reserve(numbers.size());
  for (const Mode mode : {inspect, lean}) {
    for (int step = 1; step <= 4; ++step) {
      const std::int64_t before = allocations();
      {
        Tape tape(f64, mode);
        operands.clear();
        for (std::size_t k = 0; k < numbers.size(); ++k) {
          const ArrayRef value(numbers[k].data(), gate_case.shapes[k]);
          operands.emplace_back(variable[k] ? tape.variable(value) : tape.data(value));
        }
        const Var y = detail::record(*gate_case.table, gate_case.attributes.get(), operands.data(),
                                     operands.size(), Place::here());
        if (differentiable) y.backward(ArrayRef(upstream.data(), shape));
      }
      if (step >= 3) {
        EXPECT_EQ(allocations(), before) << "step " << step;
      }
    }
  }
}

const bool registered = [] {
  const Place place = Place::here();
  register_gate_checks("Gates", all_cases(), gate_checks(), place);
  register_gate_checks(
      "Gates", all_cases(),
      {{"ForwardEqualsPlainLoop", is_whole, forward_equals_plain_loop},
       {"TheThirdStepAllocatesNothing", any_gate, the_third_step_allocates_nothing}},
      place);
  return true;
}();

}  // namespace
}  // namespace tapegrad::testing
