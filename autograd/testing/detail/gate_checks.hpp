#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/detail/executors.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/testing/detail/gate_cases.hpp>
#include <tapegrad/ops/strides.hpp>

// What is checked of every gate, listed or a user's own. Needs GoogleTest, which the library itself
// does not.

namespace tapegrad::testing {

/// Whether a check can be tried on a case.
using Applies = bool (*)(const GateCase&);

inline bool any_gate(const GateCase&) {
  return true;
}
inline bool is_pointwise(const GateCase& c) {
  return c.table->pointwise;
}
inline bool has_gradient(const GateCase& c) {
  return !c.differentiable().empty();
}
inline bool has_two_gradients(const GateCase& c) {
  return c.differentiable().size() > 1;
}
inline bool has_kinks(const GateCase& c) {
  return c.table->branches != nullptr;
}
/// One case of each pointwise gate: special values bring their own shape.
inline bool is_first_of_pointwise(const GateCase& c) {
  return is_pointwise(c) && c.shapes[0] == Shape{7};
}
inline bool is_first_of_differentiable_pointwise(const GateCase& c) {
  return is_first_of_pointwise(c) && has_gradient(c);
}
inline bool is_small_and_has_gradient(const GateCase& c) {
  if (!has_gradient(c) || !c.has_elements()) return false;
  for (const Shape& shape : c.shapes) {
    if (shape.size() > 100) return false;
  }
  return true;
}

/// The same gate with one shape for all operands that can have a gradient, so that they can be one
/// value: x @ xᵀ comes of x @ yᵀ, and any concat joins x with itself. Gates with kinks stay: a kink
/// where operands meet does not show along the diagonal, max(x, x) = x.
inline GateCase with_one_value(GateCase gate_case) {
  const std::vector<std::size_t> twins = gate_case.differentiable();
  const Shape shape = gate_case.shapes[twins[0]];
  for (const std::size_t k : twins) gate_case.shapes[k] = shape;
  return gate_case;
}
inline bool can_be_of_one_value(const GateCase& c) {
  if (!has_two_gradients(c)) return false;
  const GateCase twin = with_one_value(c);
  // Pointwise gates take any such shapes; cases made alike would only repeat others.
  if (twin.shapes == c.shapes) return true;
  if (is_pointwise(c)) return false;
  std::vector<const Shape*> shapes;
  for (const Shape& shape : twin.shapes) shapes.push_back(&shape);
  try {
    twin.table->shape(twin.attributes.get(), {shapes.data(), static_cast<int>(shapes.size())});
    return true;
  } catch (const ShapeError&) {
    return false;
  }
}

inline double tolerance(Precision precision) {
  return precision == f32 ? 3e-5 : 1e-12;
}

inline void expect_near(const Array<double>& got, const Array<double>& expected, double relative,
                        const char* what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double scale = std::max(1.0, std::abs(expected.data()[i]));
    ASSERT_NEAR(got.data()[i], expected.data()[i], relative * scale) << what << ", element " << i;
  }
}

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

/// A pointwise gate with operands of equal length, one element per pair of special values.
struct SpecialCase {
  explicit SpecialCase(const GateCase& from) : gate_case(from), numbers(from.shapes.size()) {
    const double inf = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> specials = {0.0,    -0.0, 1.0,  -1.0, 800.0,
                                          -800.0, inf,  -inf, nan,  1e-30};
    for (const double a : specials) {
      for (const double b : specials) {
        for (std::size_t k = 0; k < numbers.size(); ++k) numbers[k].push_back(k == 1 ? b : a);
      }
    }
    for (Shape& shape : gate_case.shapes) shape = {static_cast<std::int64_t>(size())};
  }

  std::size_t size() const { return numbers[0].size(); }
  /// The operands that meet in element i.
  template <class T>
  std::vector<T> element(std::size_t i) const {
    std::vector<T> x;
    for (const std::vector<double>& operand : numbers) x.push_back(static_cast<T>(operand[i]));
    return x;
  }
  std::string text(std::size_t i) const {
    std::string text = "operands";
    for (const double x : element<double>(i)) text += " " + std::to_string(x);
    return text;
  }

  GateCase gate_case;
  std::vector<std::vector<double>> numbers;
};

/// The rule itself, for one element.
inline float forward_element(const GateCase& c, const float* x) {
  return c.forward_element_f32(x);
}
inline double forward_element(const GateCase& c, const double* x) {
  return c.forward_element(x);
}
inline float gradient_element(const GateCase& c, int k, float g, const float* x, float y) {
  return c.gradient_element_f32(k, g, x, y);
}
inline double gradient_element(const GateCase& c, int k, double g, const double* x, double y) {
  return c.gradient_element(k, g, x, y);
}

/// Both NaN, the same infinity, or near.
inline void expect_same_special(double got, double expected, Precision precision,
                                const std::string& what) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(got)) << what << ", got " << got;
  } else if (std::isinf(expected)) {
    EXPECT_EQ(got, expected) << what;
  } else {
    EXPECT_NEAR(got, expected, tolerance(precision) * std::max(1.0, std::abs(expected))) << what;
  }
}

inline void special_values_agree_with_the_rule(const GateCase& gate_case) {
  const SpecialCase special(gate_case);
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const GateCase& wide = special.gate_case;
    const Array<double> got =
        record_case(tape, wide, special.numbers, all_variable(wide)).y.value();
    with_precision(precision, [&](auto type) {
      using T = decltype(type);
      for (std::size_t i = 0; i < special.size(); ++i) {
        const T expected = forward_element(wide, special.element<T>(i).data());
        expect_same_special(got.data()[i], static_cast<double>(expected), precision,
                            special.text(i));
      }
    });
  }
}

/// The loop over an array, called as backward calls it: backward itself refuses to begin where an
/// output is not finite, yet such elements lie inside longer circuits.
inline void gradients_at_special_values_agree_with_the_rule(const GateCase& gate_case) {
  const SpecialCase special(gate_case);
  const GateCase& wide = special.gate_case;
  const std::vector<double> upstream = asymmetric(static_cast<std::int64_t>(special.size()));
  for (const Precision precision : {f32, f64}) {
    with_precision(precision, [&](auto type) {
      using T = decltype(type);
      const std::vector<T> g(upstream.begin(), upstream.end());
      std::vector<T> y, got(special.size());
      std::vector<std::vector<T>> x;
      std::vector<const T*> pointers;
      for (const auto& operand : special.numbers) x.emplace_back(operand.begin(), operand.end());
      for (const std::vector<T>& operand : x) pointers.push_back(operand.data());
      for (std::size_t i = 0; i < special.size(); ++i) {
        y.push_back(forward_element(wide, special.element<T>(i).data()));
      }
      for (const std::size_t k : wide.differentiable()) {
        wide.table->template loops<T>().gradient[k](
            wide.attributes.get(), static_cast<std::int64_t>(special.size()), g.data(),
            pointers.data(), y.data(), got.data(), false);
        for (std::size_t i = 0; i < special.size(); ++i) {
          const T expected =
              gradient_element(wide, static_cast<int>(k), g[i], special.element<T>(i).data(), y[i]);
          expect_same_special(static_cast<double>(got[i]), static_cast<double>(expected), precision,
                              special.text(i) + ", gradient in operand " + std::to_string(k));
        }
      }
    });
  }
}

/// Through the tape, where backward may begin: one gate over the array, and a gate per element.
inline void arrays_and_scalars_agree_at_special_values(const GateCase& gate_case) {
  const SpecialCase special(gate_case);
  const GateCase& wide = special.gate_case;
  for (const Precision precision : {f32, f64}) {
    SpecialCase finite = special;
    for (auto& operand : finite.numbers) operand.clear();
    std::vector<std::vector<double>> expected(finite.numbers.size());
    for (std::size_t i = 0; i < special.size(); ++i) {
      const std::vector<double> x = special.element<double>(i);
      Tape tape(precision);
      std::vector<Var> operands;
      for (std::size_t k = 0; k < x.size(); ++k) {
        operands.push_back(wide.table->differentiable_in(static_cast<std::uint32_t>(k))
                               ? tape.variable(x[k])
                               : tape.data(x[k]));
      }
      const Var y = record_case(wide, operands);
      if (!std::isfinite(y.item())) continue;
      y.backward(1.5);
      for (std::size_t k = 0; k < x.size(); ++k) {
        finite.numbers[k].push_back(x[k]);
        expected[k].push_back(operands[k].grad_item());
      }
    }
    for (Shape& shape : finite.gate_case.shapes) {
      shape = {static_cast<std::int64_t>(finite.size())};
    }
    const std::vector<double> upstream(finite.size(), 1.5);
    Tape tape(precision);
    const Recorded recorded =
        record_case(tape, finite.gate_case, finite.numbers, all_variable(wide));
    recorded.y.backward(upstream);
    for (const std::size_t k : wide.differentiable()) {
      const Array<double> got = recorded.operands[k].grad();
      for (std::size_t i = 0; i < finite.size(); ++i) {
        expect_same_special(got.data()[i], expected[k][i], precision,
                            finite.text(i) + ", gradient in operand " + std::to_string(k));
      }
    }
  }
}

// --- First order ----------------------------------------------------------------------------

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
    if (!has_gradient(gate_case)) continue;
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

// --- Recorded gradients and second order ----------------------------------------------------

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

// --- Replay ---------------------------------------------------------------------------------

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

/// What is checked of a gate, in float and double where both say something.
struct GateCheck {
  const char* name;                        ///< As a test is named.
  Applies applies;                         ///< On which cases.
  void (*run)(const GateCase& gate_case);  ///< Reports through GoogleTest.
};

/// All checks that a gate needs nothing more for than its struct.
inline const std::vector<GateCheck>& gate_checks() {
  static const std::vector<GateCheck> checks = {
      {"ArraysEqualTheRule", is_pointwise, arrays_equal_the_rule},
      {"SpecialValuesAgreeWithTheRule", is_first_of_pointwise, special_values_agree_with_the_rule},
      {"GradientsAtSpecialValuesAgreeWithTheRule", is_first_of_differentiable_pointwise,
       gradients_at_special_values_agree_with_the_rule},
      {"ArraysAndScalarsAgreeAtSpecialValues", is_first_of_differentiable_pointwise,
       arrays_and_scalars_agree_at_special_values},
      {"GradientsEqualCentredDifferences", has_gradient, gradients_equal_centred_differences},
      {"OperandsWithoutGradientDoNotMatter", has_gradient, operands_without_gradient_do_not_matter},
      {"AConstantOperandChangesNothing", has_two_gradients, a_constant_operand_changes_nothing},
      {"GradientOfOneValueTwiceIsTheSum", can_be_of_one_value,
       gradient_of_one_value_twice_is_the_sum},
      {"FloatFollowsDouble", any_gate, float_follows_double},
      {"LeanGivesTheGradientsOfInspect", has_gradient, lean_gives_the_gradients_of_inspect},
      {"RecordedGradientEqualsComputed", has_gradient, recorded_gradient_equals_computed},
      {"SecondOrderEqualsDifferencesOfTheFirst", is_small_and_has_gradient,
       second_order_equals_differences_of_the_first},
      {"ReplayEqualsRecordingAnew", any_gate, replay_equals_recording_anew},
      {"ForwardWritesOrAdds", any_gate, forward_writes_or_adds},
      {"BranchesAreReportedPerElement", has_kinks, branches_are_reported_per_element}};
  return checks;
}

/// Makes each check of each case a test, `suite.Check/gate_3`.
inline void register_gate_checks(const char* suite, const std::vector<GateCase>& cases,
                                 const std::vector<GateCheck>& checks, Place place) {
  class CheckedCase : public ::testing::Test {
   public:
    CheckedCase(const GateCheck& check, const GateCase& gate_case, Place place)
        : check_(check), case_(gate_case), place_(place) {}
    void TestBody() override {
      const ::testing::ScopedTrace at(place_.file, place_.line, case_.name());
      check_.run(case_);
    }

   private:
    GateCheck check_;
    GateCase case_;
    Place place_;
  };
  for (const GateCheck& check : checks) {
    int index = 0;
    for (const GateCase& gate_case : cases) {
      if (check.applies(gate_case)) {
        const std::string name =
            std::string(check.name) + "/" + gate_case.table->name + "_" + std::to_string(index);
        ::testing::RegisterTest(suite, name.c_str(), nullptr, gate_case.name().c_str(), place.file,
                                place.line, [check, gate_case, place]() -> ::testing::Test* {
                                  return new CheckedCase(check, gate_case, place);
                                });
      }
      ++index;
    }
  }
}

}  // namespace tapegrad::testing
