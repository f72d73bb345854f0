#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/testing/detail/gate_cases.hpp>
#include <tapegrad/autograd/testing/detail/near.hpp>

// What is checked of pointwise gates at zeros, infinities and NaN.

namespace tapegrad::testing {

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

}  // namespace tapegrad::testing
