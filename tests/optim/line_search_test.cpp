// The line search: what it returns satisfies the strong Wolfe conditions.

#include <tapegrad/optim/detail/line_search.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace tapegrad::testing {
namespace {

using optim::detail::LinePoint;
using optim::detail::strong_wolfe;

struct Line {
  const char* name;
  double (*value)(double);
  double (*slope)(double);
};

const Line lines[] = {
    {"parabola", [](double t) { return (t - 1) * (t - 1); }, [](double t) { return 2 * (t - 1); }},
    {"far", [](double t) { return std::cosh(t / 100 - 5); },
     [](double t) { return std::sinh(t / 100 - 5) / 100; }},
    {"quartic", [](double t) { return std::pow(t - 0.01, 4); },
     [](double t) { return 4 * std::pow(t - 0.01, 3); }},
    {"waves", [](double t) { return -t + 0.3 * std::cos(12 * t) + 0.2 * t * t; },
     [](double t) { return -1 - 3.6 * std::sin(12 * t) + 0.4 * t; }},
    {"wall", [](double t) { return -2 * std::sqrt(t + 1) - std::log(2 - t); },
     [](double t) { return -1 / std::sqrt(t + 1) + 1 / (2 - t); }},
};

TEST(LineSearch, FindsTheStrongWolfeConditions) {
  for (const Line& line : lines) {
    const double slope0 = line.slope(0);
    ASSERT_LT(slope0, 0);
    for (const double first : {1e-4, 0.1, 1.0, 30.0, 1e4}) {
      int calls = 0;
      const auto at = [&](double t) {
        ++calls;
        return LinePoint{t, line.value(t), line.slope(t)};
      };
      const LinePoint found = strong_wolfe(at, {0, line.value(0), slope0}, first, 50);
      EXPECT_GT(found.t, 0) << line.name << ' ' << first;
      EXPECT_EQ(found.value, line.value(found.t));
      EXPECT_LE(found.value, line.value(0) + 1e-4 * found.t * slope0) << line.name << ' ' << first;
      EXPECT_LE(std::abs(found.slope), -0.9 * slope0) << line.name << ' ' << first;
      EXPECT_LE(calls, 40) << line.name << ' ' << first;
    }
  }
}

TEST(LineSearch, GoesBackFromWhatIsNoNumber) {
  // Defined up to 0.1 only.
  const auto at = [](double t) {
    if (t < 0.1) return LinePoint{t, -t, -1 + t};
    const double nothing =
        t < 1 ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    return LinePoint{t, nothing, nothing};
  };
  const LinePoint found = strong_wolfe(at, at(0), 64, 60);
  EXPECT_GT(found.t, 0);
  EXPECT_LT(found.t, 0.1);
}

TEST(LineSearch, GoesBackFromASlopeThatIsNoNumber) {
  const auto at = [](double t) {
    const double slope = t < 0.1 ? -1 : std::numeric_limits<double>::quiet_NaN();
    return LinePoint{t, -t, slope};
  };
  const LinePoint found = strong_wolfe(at, at(0), 1, 40);
  EXPECT_GT(found.t, 0);
  EXPECT_LT(found.t, 0.1);
}

TEST(LineSearch, EndsWhereNothingSinks) {
  // A slope that lies: the value only rises.
  int calls = 0;
  const auto at = [&](double t) {
    ++calls;
    return LinePoint{t, t, -1};
  };
  const LinePoint found = strong_wolfe(at, {0, 0, -1}, 1, 25);
  EXPECT_EQ(found.t, 0);
  EXPECT_LE(calls, 25);
}

}  // namespace
}  // namespace tapegrad::testing
