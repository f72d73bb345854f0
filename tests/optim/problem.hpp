#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

// A small problem for optimizers, on the tape and by hand.

namespace tapegrad::testing {

/// f(a, b) = Σ cᵢ·(aᵢ − i)² + (Σ b)² − Σ bᵢ·aᵢ + Σ b⁴ of two parameters with four elements each.
inline const std::vector<double> problem_weights = {1, 0.3, 2, 0.1};
inline const std::vector<double> problem_start = {5, -4, 3, -2, 0.5, 1, -1.5, 0.25};

/// The gradient of a after b, written out.
inline std::vector<double> problem_gradient(const std::vector<double>& x) {
  std::vector<double> g(8);
  const double sum = x[4] + x[5] + x[6] + x[7];
  for (std::size_t i = 0; i < 4; ++i) {
    g[i] = 2 * problem_weights[i] * (x[i] - static_cast<double>(i)) - x[4 + i];
    g[4 + i] = 2 * sum - x[i] + 4 * std::pow(x[4 + i], 3);
  }
  return g;
}

/// Its two parameters, and gradients by the tape.
struct Problem {
  explicit Problem(Precision precision = f64)
      : a(array({4}, {5, -4, 3, -2}), precision), b(array({4}, {0.5, 1, -1.5, 0.25}), precision) {}

  Var loss() const {
    const Var away = a - xt::xarray<double>({0, 1, 2, 3});
    return sum(xt::xarray<double>({1, 0.3, 2, 0.1}) * (away * away)) + square(sum(b)) - sum(a * b) +
           sum(square(square(b)));
  }
  void backward() {
    a.zero_grad();
    b.zero_grad();
    Tape tape;
    loss().backward();
  }
  std::vector<double> values() const {
    const auto first = a.value(), second = b.value();
    std::vector<double> result(first.begin(), first.end());
    result.insert(result.end(), second.begin(), second.end());
    return result;
  }

  Parameter a, b;
};

inline void expect_near(const std::vector<double>& got, const std::vector<double>& expected,
                        double tolerance, Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_near");
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], tolerance) << "element " << i;
  }
}

}  // namespace tapegrad::testing
