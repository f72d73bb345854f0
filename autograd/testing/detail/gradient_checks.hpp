#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/testing/detail/gate_cases.hpp>
#include <tapegrad/autograd/testing/detail/near.hpp>

// What is checked of gradients: first and second order, computed and recorded.

namespace tapegrad::testing {

/// The same gate with one shape for all operands that can have a gradient, so that they can be one
/// value: x @ xᵀ comes of x @ yᵀ, and any concat joins x with itself. Gates with kinks stay: a kink
/// where operands meet does not show along the diagonal, max(x, x) = x.
inline GateCase with_one_value(GateCase gate_case) {
  const std::vector<std::size_t> twins = gate_case.differentiable();
  const Shape shape = gate_case.shapes[twins[0]];
  for (const std::size_t k : twins) gate_case.shapes[k] = shape;
  return gate_case;
}
/// (Σ u·y at x + h − Σ u·y at x − h) / 2h for one number x of an operand, and how far rounding
/// alone may have moved it: element by element, since most elements of y do not depend on x.
struct Differences {
  double quotient = 0;
  double rounding = 0;
};

inline Differences centred_differences(const GateCase& gate_case,
                                       std::vector<std::vector<double>>& numbers, double& x,
                                       const std::vector<double>& upstream) {
  const double h = 1e-5;
  const double before = x;
  const auto y_at = [&](double moved) {
    x = moved;
    Tape tape(f64);
    const std::vector<bool> constants(numbers.size(), false);
    Array<double> y = record_case(tape, gate_case, numbers, constants).y.value();
    x = before;
    return y;
  };
  const Array<double> above = y_at(before + h);
  const Array<double> below = y_at(before - h);
  Differences result;
  for (std::size_t i = 0; i < upstream.size(); ++i) {
    const double a = above.data()[i], b = below.data()[i];
    if (a == b) continue;
    // A reduction rounds once for each of some dozens of elements.
    const double roundings = 64 * std::numeric_limits<double>::epsilon();
    result.quotient += upstream[i] * (a - b) / (2 * h);
    result.rounding += std::abs(upstream[i]) * (std::abs(a) + std::abs(b)) * roundings / (2 * h);
  }
  return result;
}

/// Compares backward with centred differences in double for the chosen variables.
inline void check_gradients(const GateCase& gate_case, std::vector<std::vector<double>> numbers,
                            const std::vector<bool>& variable) {
  Tape tape(f64);
  const Recorded recorded = record_case(tape, gate_case, numbers, variable);
  const std::vector<double> upstream = asymmetric(recorded.y.size());
  recorded.y.backward(ArrayRef(upstream.data(), recorded.y.shape()));
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    if (!variable[k]) continue;
    const Array<double> analytic = recorded.operands[k].grad();
    double largest = 0;
    for (const double gradient : analytic) largest = std::max(largest, std::abs(gradient));
    // A few hundred coordinates of a long operand say as much as all.
    const std::size_t stride = std::max<std::size_t>(1, numbers[k].size() / 150);
    for (std::size_t i = 0; i < numbers[k].size(); i += stride) {
      const Differences numeric = centred_differences(gate_case, numbers, numbers[k][i], upstream);
      const double error = std::abs(analytic.data()[i] - numeric.quotient);
      const double scale = std::max(largest, std::abs(numeric.quotient));
      ASSERT_TRUE(error <= 1e-7 * scale + numeric.rounding)
          << "[" << gate_case.table->name << "] gradient in operand " << k << ", element " << i
          << ", which is " << numbers[k][i] << ": the rule gives " << analytic.data()[i]
          << ", differences of the value give " << numeric.quotient;
    }
  }
}

/// An operand that the value depends on smoothly has a gradient, or somebody forgot it.
inline void operands_without_gradient_do_not_matter(const GateCase& gate_case) {
  auto numbers = draw_operands(gate_case, 11);
  Tape tape(f64);
  const Var y = record_case(tape, gate_case, numbers, all_variable(gate_case)).y;
  const std::vector<double> upstream = asymmetric(y.size());
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const bool differentiable = gate_case.table->differentiable_in(static_cast<std::uint32_t>(k));
    if (differentiable || gate_case.domains[k].integral) continue;
    const std::size_t stride = std::max<std::size_t>(1, numbers[k].size() / 20);
    for (std::size_t i = 0; i < numbers[k].size(); i += stride) {
      const Differences numeric = centred_differences(gate_case, numbers, numbers[k][i], upstream);
      ASSERT_LE(std::abs(numeric.quotient), numeric.rounding)
          << "[" << gate_case.table->name << "] has no gradient in operand " << k
          << ", but its value depends on it: a rule that is missing, or written with other "
             "parameters than (At<k>, T g, T x₀, …, T y)";
    }
  }
}

inline void gradients_equal_centred_differences(const GateCase& gate_case) {
  check_gradients(gate_case, draw_operands(gate_case, 2), all_variable(gate_case));
}

inline void a_constant_operand_changes_nothing(const GateCase& gate_case) {
  const auto numbers = draw_operands(gate_case, 3);
  for (const std::size_t constant : gate_case.differentiable()) {
    std::vector<bool> variable = all_variable(gate_case);
    variable[constant] = false;
    check_gradients(gate_case, numbers, variable);
  }
}

inline void gradient_of_one_value_twice_is_the_sum(const GateCase& listed) {
  const GateCase gate_case = with_one_value(listed);
  const std::vector<std::size_t> twins = gate_case.differentiable();
  const auto numbers = draw_operands(gate_case, 4);
  ops::Domain domain = gate_case.domains[twins[0]];
  for (const std::size_t k : twins) {
    domain.low = std::max(domain.low, gate_case.domains[k].low);
    domain.high = std::min(domain.high, gate_case.domains[k].high);
  }
  Generator generator(5);
  std::vector<double> shared = draw(gate_case.shapes[twins[0]], domain, generator);
  const auto value = [&](Tape& tape) {
    const Var v = tape.variable(ArrayRef(shared.data(), gate_case.shapes[twins[0]]));
    std::vector<Var> operands;
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const bool twin = gate_case.table->differentiable_in(static_cast<std::uint32_t>(k));
      operands.push_back(twin ? v : tape.data(ArrayRef(numbers[k].data(), gate_case.shapes[k])));
    }
    return std::pair{v, record_case(gate_case, operands)};
  };
  Tape tape(f64);
  const auto [x, y] = value(tape);
  const std::vector<double> upstream = asymmetric(y.size());
  y.backward(ArrayRef(upstream.data(), y.shape()));
  const Array<double> analytic = x.grad();
  for (std::size_t i = 0; i < shared.size(); ++i) {
    double sides[2];
    const double before = shared[i];
    for (const int side : {0, 1}) {
      shared[i] = side == 0 ? before + 1e-5 : before - 1e-5;
      Tape other(f64);
      sides[side] = weighted_sum(value(other).second.value(), upstream);
    }
    shared[i] = before;
    const double numeric = (sides[0] - sides[1]) / 2e-5;
    ASSERT_NEAR(analytic.data()[i], numeric, 1e-7 * std::max(1.0, std::abs(numeric)));
  }
}

inline void lean_gives_the_gradients_of_inspect(const GateCase& gate_case) {
  const auto numbers = draw_operands(gate_case, 6);
  std::vector<Array<double>> results[2];
  for (const Mode mode : {inspect, lean}) {
    Tape tape(f64, mode);
    const Recorded recorded = record_case(tape, gate_case, numbers, all_variable(gate_case));
    const std::vector<double> upstream = asymmetric(recorded.y.size());
    recorded.y.backward(ArrayRef(upstream.data(), recorded.y.shape()));
    for (const std::size_t k : gate_case.differentiable()) {
      results[mode == lean].push_back(recorded.operands[k].grad());
    }
  }
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    expect_near(results[1][i], results[0][i], 0.0, "gradient");
  }
}

inline void recorded_gradient_equals_computed(const GateCase& gate_case) {
  const auto numbers = draw_operands(gate_case, 7);
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Recorded recorded = record_case(tape, gate_case, numbers, all_variable(gate_case));
    const std::vector<double> upstream = asymmetric(recorded.y.size());
    const ArrayRef weights(upstream.data(), recorded.y.shape());
    const Var u = tape.data(weights);
    std::vector<Var> xs;
    for (const std::size_t k : gate_case.differentiable()) xs.push_back(recorded.operands[k]);
    const std::vector<Var> gradients = grad(recorded.y, xs, u);
    for (const Var& x : xs) {
      expect_near(x.grad(), Array<double>(x.grad().shape(), 0.0), 0.0,
                  "grad() must leave gradients alone");
    }
    recorded.y.backward(weights);
    for (std::size_t i = 0; i < xs.size(); ++i) {
      ASSERT_EQ(gradients[i].shape(), xs[i].shape());
      expect_near(gradients[i].value(), xs[i].grad(), precision == f32 ? 1e-4 : 1e-11,
                  "recorded gradient");
    }
  }
}

inline void second_order_equals_differences_of_the_first(const GateCase& gate_case) {
  // s(x, u) = Σ_k v_k · (∂(u·y)/∂x_k): its gradients in every x and in u are second derivatives.
  auto numbers = draw_operands(gate_case, 8);
  Tape shape_tape(f64);
  const Shape y_shape =
      record_case(shape_tape, gate_case, numbers, all_variable(gate_case)).y.shape();
  numbers.push_back(asymmetric(y_shape.size()));
  std::vector<Shape> shapes = gate_case.shapes;
  shapes.push_back(y_shape);
  const std::vector<std::size_t> chosen = gate_case.differentiable();

  const auto build = [&](Tape& tape, std::vector<Var>& leaves) {
    leaves.clear();
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      const bool variable = k == gate_case.shapes.size() ||
                            gate_case.table->differentiable_in(static_cast<std::uint32_t>(k));
      const ArrayRef value(numbers[k].data(), shapes[k]);
      leaves.push_back(variable ? tape.variable(value) : tape.data(value));
    }
    const std::vector<Var> operands(leaves.begin(), leaves.end() - 1);
    const Var y = record_case(gate_case, operands);
    std::vector<Var> xs;
    for (const std::size_t k : chosen) xs.push_back(leaves[k]);
    const std::vector<Var> gradients = grad(y, xs, leaves.back());
    Var s = tape.data(0.0);
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const std::vector<double> weights =
          asymmetric(gradients[i].size(), 0.3 + static_cast<double>(i));
      s += sum(gradients[i] * constant(ArrayRef(weights.data(), gradients[i].shape())));
    }
    return s;
  };

  Tape tape(f64);
  std::vector<Var> leaves;
  const Var s = build(tape, leaves);
  ASSERT_TRUE(s.requires_grad());
  s.backward();
  std::vector<Array<double>> analytic;
  for (const Var& leaf : leaves) analytic.push_back(leaf.grad());
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    if (!leaves[k].requires_grad()) continue;
    for (std::size_t i = 0; i < numbers[k].size(); ++i) {
      double sides[2];
      const double before = numbers[k][i];
      for (const int side : {0, 1}) {
        numbers[k][i] = side == 0 ? before + 1e-5 : before - 1e-5;
        Tape moved(f64);
        std::vector<Var> ignored;
        sides[side] = build(moved, ignored).item();
      }
      numbers[k][i] = before;
      const double numeric = (sides[0] - sides[1]) / 2e-5;
      ASSERT_NEAR(analytic[k].data()[i], numeric, 1e-6 * std::max(1.0, std::abs(numeric)))
          << "leaf " << k << ", element " << i;
    }
  }
}

}  // namespace tapegrad::testing
