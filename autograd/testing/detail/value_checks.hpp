#pragma once

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/detail/executors.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/testing/detail/gate_cases.hpp>
#include <tapegrad/autograd/testing/detail/near.hpp>
#include <tapegrad/ops/strides.hpp>

// What is checked of the values that a gate computes, by recording and by replay.

namespace tapegrad::testing {

/// The elements of each operand that meet in element i of the output.
template <class T>
std::vector<std::vector<T>> broadcast_elements(const GateCase& gate_case, const Shape& shape,
                                               const std::vector<std::vector<double>>& numbers) {
  std::vector<std::vector<T>> elements(static_cast<std::size_t>(shape.size()));
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    std::size_t i = 0;
    ops::for_each_offset(
        shape, ops::broadcast_strides(gate_case.shapes[k], shape), [&](std::int64_t offset) {
          elements[i++].push_back(static_cast<T>(numbers[k][static_cast<std::size_t>(offset)]));
        });
  }
  return elements;
}

inline void arrays_equal_the_rule(const GateCase& gate_case) {
  const auto numbers = draw_operands(gate_case, 1);
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var y = record_case(tape, gate_case, numbers, all_variable(gate_case)).y;
    Array<double> expected = y.value();
    const auto elements = broadcast_elements<double>(gate_case, y.shape(), numbers);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      expected.data()[i] = gate_case.forward_element(elements[i].data());
    }
    expect_near(y.value(), expected, tolerance(precision), "forward");
  }
}

/// Forward by itself. What a view holds is never computed on a tape, and only gates that serve as
/// gradients are asked to add: y.put() of a whole-tensor gate does both.
inline void forward_writes_or_adds(const GateCase& gate_case) {
  const auto numbers = draw_operands(gate_case, 1);
  Tape tape(f64);
  const Var y = record_case(tape, gate_case, numbers, all_variable(gate_case)).y;
  std::vector<detail::View> x;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    x.push_back({numbers[k].data(), gate_case.shapes[k]});
  }
  const auto run = [&](double before, bool accumulate) {
    Array<double> result = y.value();
    result.fill(before);
    detail::run_forward(*gate_case.table, gate_case.attributes.get(), f64, x.data(), x.size(),
                        y.shape(), result.data(), accumulate);
    return result;
  };
  const Array<double> alone = run(std::numeric_limits<double>::quiet_NaN(), false);
  expect_near(alone, y.value(), 1e-12, "forward, computed by itself");
  Array<double> sums = alone;
  for (double& sum : sums) sum += 2;
  expect_near(run(2, true), sums, 1e-12, "forward where y.accumulate asks it to add");
}

inline void float_follows_double(const GateCase& gate_case) {
  const auto numbers = draw_operands(gate_case, 5);
  std::vector<std::vector<double>> rounded = numbers;
  for (auto& operand : rounded) {
    for (double& x : operand) x = static_cast<double>(static_cast<float>(x));
  }
  std::vector<Array<double>> results[2];
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Recorded recorded = record_case(tape, gate_case, rounded, all_variable(gate_case));
    auto& result = results[precision == f32 ? 0 : 1];
    result.push_back(recorded.y.value());
    if (gate_case.differentiable().empty()) continue;
    const std::vector<double> upstream = asymmetric(recorded.y.size());
    recorded.y.backward(ArrayRef(upstream.data(), recorded.y.shape()));
    for (const std::size_t k : gate_case.differentiable()) {
      result.push_back(recorded.operands[k].grad());
    }
  }
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    // Sums over hundreds of repetitions add up roundings.
    expect_near(results[0][i], results[1][i], 1e-4, i == 0 ? "value" : "gradient");
  }
}

inline void replay_equals_recording_anew(const GateCase& gate_case) {
  const auto first = draw_operands(gate_case, 9);
  const auto second = draw_operands(gate_case, 10);
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Recorded recorded = record_case(tape, gate_case, first, all_variable(gate_case));
    for (std::size_t k = 0; k < second.size(); ++k) {
      recorded.operands[k].set_value(ArrayRef(second[k].data(), gate_case.shapes[k]));
    }
    tape.replay();
    Tape anew(precision);
    const Var expected = record_case(anew, gate_case, second, all_variable(gate_case)).y;
    expect_near(recorded.y.value(), expected.value(), 0.0, "replay");

    const Precision other = precision == f32 ? f64 : f32;
    const Tape converted = tape.replay(other);
    expect_near(converted.gate(recorded.y.index()).value(), expected.value(), tolerance(f32),
                "replay in the other precision");
  }
}

inline void branches_are_reported_per_element(const GateCase& gate_case) {
  const auto numbers = draw_operands(gate_case, 11);
  Tape tape(f64);
  const Recorded recorded = record_case(tape, gate_case, numbers, all_variable(gate_case));
  const std::vector<std::int64_t> reported = branches(recorded.y);
  const std::int64_t groups = gate_case.table->op == detail::op_of<ops::AmaxScatter>
                                  ? recorded.operands[1].size()
                                  : recorded.y.size();
  EXPECT_EQ(static_cast<std::int64_t>(reported.size()), groups);
}

}  // namespace tapegrad::testing
