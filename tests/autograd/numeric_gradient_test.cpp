// Gradients by numbers and what their errors say (MISSION G1–G4).

#include <tapegrad/autograd/numeric_gradient.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/gradcheck.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

// --- G1, G2: differences --------------------------------------------------------------------

double cubes(const Array<double>& x) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += static_cast<double>(i + 1) * std::pow(x.data()[i], 3);
  }
  return sum;
}

TEST(NumericGradient, NumericGradientOfEachCoordinate) {
  const Array<double> x = array({2, 2}, {1, -2, 0.5, 3});
  for (const Difference difference : {Difference::forward, Difference::centred}) {
    const Array<double> g = numeric_gradient(cubes, x, 1e-5, difference);
    EXPECT_EQ(g.shape(), x.shape());
    expect_numbers(g, {3, 24, 2.25, 108}, difference == Difference::forward ? 2e-3 : 1e-7);
  }
  expect_numbers(numeric_gradient(cubes, array({}, {2})), {12}, 1e-7);
  EXPECT_EQ(numeric_gradient(cubes, array({0}, {})).size(), 0U);
}

TEST(NumericGradient, ForwardErrsLikeHAndCentredLikeHSquared) {
  const auto error = [](double h, Difference difference) {
    const auto f = [](const Array<double>& x) { return std::exp(x()); };
    return std::abs(numeric_gradient(f, array({}, {1}), h, difference)() - std::exp(1.0));
  };
  for (const double h : {1e-2, 1e-3}) {
    EXPECT_NEAR(error(h, Difference::forward) / error(h / 10, Difference::forward), 10, 0.5);
    EXPECT_NEAR(error(h, Difference::centred) / error(h / 10, Difference::centred), 100, 5);
    EXPECT_NEAR(error(h, Difference::forward), h / 2 * std::exp(1.0), 0.1 * h);
    EXPECT_NEAR(error(h, Difference::centred), h * h / 6 * std::exp(1.0), 0.1 * h * h);
  }
}

TEST(NumericGradient, OneCoordinateMovesAtATimeAndReturnsExactly) {
  // 0.1 + h − h is not 0.1 in general: restored means put back, not subtracted.
  const Array<double> x = array({3}, {0.1, 1e6 / 3, -1e-7});
  for (const Difference difference : {Difference::forward, Difference::centred}) {
    int calls = 0;
    numeric_gradient(
        [&](const Array<double>& at) {
          ++calls;
          int moved = 0;
          for (std::size_t i = 0; i < 3; ++i) {
            moved += at(i) != x(i);
            if (at(i) != x(i)) {
              EXPECT_NEAR(std::abs(at(i) - x(i)), 1e-5, 1e-10);
            }
          }
          EXPECT_LE(moved, 1);
          return at(0);
        },
        x, 1e-5, difference);
    EXPECT_EQ(calls, difference == Difference::forward ? 4 : 6);
  }
}

TEST(NumericGradient, TheStepMustBePositive) {
  Tape tape;
  const Var x = tape.variable(1);
  for (const double h : {0.0, -1e-5, nan_value, inf}) {
    expect_error<ValueError>([&] { numeric_gradient(cubes, array({1}, {1}), h); }, {"step h"});
    GradcheckOptions options;
    options.h = h;
    if (h != 0) {
      expect_error<ValueError>([&] { gradcheck(x * x, options); }, {"[gradcheck]", "step h"});
    }
  }
}

// --- G3: relative error ---------------------------------------------------------------------

TEST(NumericGradient, RelativeError) {
  EXPECT_EQ(relative_error(2, 1), 0.5);
  EXPECT_EQ(relative_error(1, 2), 0.5);
  EXPECT_EQ(relative_error(1, -1), 2);
  EXPECT_NEAR(relative_error(100, 100.001), 1e-5, 1e-9);
  EXPECT_EQ(relative_error(3e-300, 1.5e-300), 0.5);
  EXPECT_EQ(relative_error(0, 0), 0);
  EXPECT_EQ(relative_error(0.0, -0.0), 0);
  EXPECT_EQ(relative_error(0, 1e-12), 1);
  EXPECT_EQ(relative_error(-7, 0), 1);
}

TEST(NumericGradient, RelativeErrorOfWhatIsNoNumberIsNone) {
  for (const double other : {0.0, 1.0, inf, nan_value}) {
    EXPECT_TRUE(std::isnan(relative_error(nan_value, other))) << other;
    EXPECT_TRUE(std::isnan(relative_error(other, nan_value))) << other;
  }
  EXPECT_EQ(verdict(relative_error(nan_value, nan_value)), Verdict::wrong);
  EXPECT_EQ(verdict(relative_error(inf, 1)), Verdict::wrong);
}

// --- G4: bands ------------------------------------------------------------------------------

TEST(NumericGradient, BandsAtTheirBorders) {
  const auto above = [](double x) { return std::nextafter(x, 1); };
  EXPECT_EQ(verdict(0), Verdict::ok);
  EXPECT_EQ(verdict(1e-7), Verdict::ok);
  EXPECT_EQ(verdict(above(1e-7)), Verdict::suspicious);
  EXPECT_EQ(verdict(1e-4, true), Verdict::ok);
  EXPECT_EQ(verdict(above(1e-4), true), Verdict::suspicious);
  EXPECT_EQ(verdict(1e-6, false, 10), Verdict::ok);
  EXPECT_EQ(verdict(above(1e-6), false, 10), Verdict::suspicious);
  EXPECT_EQ(verdict(above(1e-4), false, 1000000), Verdict::suspicious);
  EXPECT_EQ(verdict(1e-2), Verdict::suspicious);
  EXPECT_EQ(verdict(above(1e-2)), Verdict::wrong);
  EXPECT_EQ(verdict(2), Verdict::wrong);
  EXPECT_EQ(verdict(inf), Verdict::wrong);
  EXPECT_EQ(verdict(nan_value), Verdict::wrong);
}

}  // namespace
}  // namespace tapegrad::testing
