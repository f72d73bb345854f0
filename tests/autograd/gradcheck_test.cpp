// Gradients by numbers (MISSION G1–G4) and the check of a recorded circuit.

#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/nn/functional.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/sequential.hpp>

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

TEST(Gradcheck, NumericGradientOfEachCoordinate) {
  const Array<double> x = array({2, 2}, {1, -2, 0.5, 3});
  for (const Difference difference : {Difference::forward, Difference::centred}) {
    const Array<double> g = numeric_gradient(cubes, x, 1e-5, difference);
    EXPECT_EQ(g.shape(), x.shape());
    expect_numbers(g, {3, 24, 2.25, 108}, difference == Difference::forward ? 2e-3 : 1e-7);
  }
  expect_numbers(numeric_gradient(cubes, array({}, {2})), {12}, 1e-7);
  EXPECT_EQ(numeric_gradient(cubes, array({0}, {})).size(), 0U);
}

TEST(Gradcheck, ForwardErrsLikeHAndCentredLikeHSquared) {
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

TEST(Gradcheck, OneCoordinateMovesAtATimeAndReturnsExactly) {
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

TEST(Gradcheck, TheStepMustBePositive) {
  Tape tape;
  const Var x = tape.variable(1);
  for (const double h : {0.0, -1e-5, nan_value, inf}) {
    expect_error<ValueError>([&] { numeric_gradient(cubes, array({1}, {1}), h); }, {"step h"});
    expect_error<ValueError>([&] { gradcheck(tape, x * x, h); }, {"[gradcheck]", "step h"});
  }
}

// --- G3: relative error ---------------------------------------------------------------------

TEST(Gradcheck, RelativeError) {
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

TEST(Gradcheck, RelativeErrorOfWhatIsNoNumberIsNone) {
  for (const double other : {0.0, 1.0, inf, nan_value}) {
    EXPECT_TRUE(std::isnan(relative_error(nan_value, other))) << other;
    EXPECT_TRUE(std::isnan(relative_error(other, nan_value))) << other;
  }
  EXPECT_EQ(verdict(relative_error(nan_value, nan_value)), Verdict::wrong);
  EXPECT_EQ(verdict(relative_error(inf, 1)), Verdict::wrong);
}

// --- G4: bands ------------------------------------------------------------------------------

TEST(Gradcheck, BandsAtTheirBorders) {
  const auto above = [](double x) { return std::nextafter(x, 1); };
  EXPECT_EQ(verdict(0), Verdict::good);
  EXPECT_EQ(verdict(1e-7), Verdict::good);
  EXPECT_EQ(verdict(above(1e-7)), Verdict::fine);
  EXPECT_EQ(verdict(1e-4), Verdict::fine);
  EXPECT_EQ(verdict(above(1e-4)), Verdict::suspicious);
  EXPECT_EQ(verdict(1e-2), Verdict::suspicious);
  EXPECT_EQ(verdict(above(1e-2)), Verdict::wrong);
  EXPECT_EQ(verdict(2), Verdict::wrong);
  EXPECT_EQ(verdict(inf), Verdict::wrong);
  EXPECT_EQ(verdict(nan_value), Verdict::wrong);
  const std::vector<std::string> names = {to_string(Verdict::good), to_string(Verdict::fine),
                                          to_string(Verdict::suspicious),
                                          to_string(Verdict::wrong)};
  EXPECT_EQ(names, (std::vector<std::string>{"good", "fine", "suspicious", "wrong"}));
}

TEST(Gradcheck, TheWorstCoordinateDecides) {
  GradientReport report;
  EXPECT_EQ(report.verdict(), Verdict::good);
  expect_error<ValueError>([&] { report.worst(); }, {"[gradcheck]"});
  report.coordinates = {{0, 0, 1, 1, 1e-9}, {0, 1, 1, 1, 1e-3}, {1, 0, 1, 1, 1e-5}};
  EXPECT_EQ(report.worst().element, 1);
  EXPECT_EQ(report.verdict(), Verdict::suspicious);
  for (const std::size_t place : {0U, 1U, 2U}) {
    GradientReport with_nan = report;
    with_nan.coordinates[place].error = nan_value;
    EXPECT_TRUE(std::isnan(with_nan.worst().error));
    EXPECT_EQ(with_nan.verdict(), Verdict::wrong);
  }
}

// --- The recorded circuit -------------------------------------------------------------------

/// A smooth network whose float gradients differences in float could never confirm.
class SmoothNet : public nn::Module {
 public:
  Var forward(const Var& x) override { return (*second_)(tanh((*first_)(x))); }

 private:
  static nn::Linear layer(std::int64_t in, std::int64_t out) {
    set_default_precision(f32);
    nn::Linear made(in, out);
    set_default_precision(f64);
    return made;
  }
  std::shared_ptr<nn::Linear> first_ = register_module("first", layer(3, 5));
  std::shared_ptr<nn::Linear> second_ = register_module("second", layer(5, 4));
};

TEST(Gradcheck, ANetworkOfFloatsIsCheckedInDouble) {
  SmoothNet net;
  const Array<double> inputs = array({2, 3}, {1, -0.5, 0.25, 2, 0.1, -1});
  Tape tape(f32);
  const Var x = tape.variable(inputs);
  const Var loss = nn::cross_entropy(net(x), std::vector<int>{3, 0});
  loss.backward();
  const Array<double> before = x.grad();
  std::vector<Array<double>> values, gradients;
  std::vector<std::uint64_t> versions;
  for (const Parameter& p : net.parameters()) {
    EXPECT_EQ(p.precision(), f32);
    values.push_back(p.value());
    gradients.push_back(p.grad());
    versions.push_back(p.version());
  }
  const std::uint32_t size = tape.size();

  const GradientReport report = gradcheck(tape, loss);
  EXPECT_EQ(report.verdict(), Verdict::good) << report.worst().error;
  EXPECT_EQ(report.coordinates.size(), 6U + 15 + 5 + 20 + 4);  // x and every weight and bias.
  std::set<std::pair<std::uint32_t, std::int64_t>> different;
  for (const CoordinateCheck& c : report.coordinates) {
    different.insert({c.leaf, c.element});
    EXPECT_EQ(c.error, relative_error(c.analytic, c.numeric));
  }
  EXPECT_EQ(different.size(), report.coordinates.size());

  // Nothing of the user's was touched.
  EXPECT_EQ(tape.size(), size);
  EXPECT_EQ(x.grad(), before);
  EXPECT_EQ(x.value(), [&] {
    Tape t(f32);
    return t.variable(inputs).value();
  }());
  std::size_t i = 0;
  for (const Parameter& p : net.parameters()) {
    EXPECT_EQ(p.version(), versions[i]);
    EXPECT_EQ(p.value(), values[i]);
    EXPECT_EQ(p.grad(), gradients[i++]);
  }
}

TEST(Gradcheck, WithoutEarlierBackward) {
  Parameter p(array({2}, {1, 2}));
  Tape tape;
  const Var x = tape.variable(3);
  EXPECT_EQ(gradcheck(tape, sum(p * p) * x).coordinates.size(), 3U);
  EXPECT_FALSE(p.has_grad());
  EXPECT_EQ(x.grad_item(), 0);
}

/// tanh with a gradient that forgets the square.
struct WrongTanh : ops::Pointwise<1> {
  static constexpr const char* name = "wrong_tanh";
  template <class T>
  T forward(T x) const {
    using ops::tanh;
    return tanh(x);
  }
  template <class T>
  T gradient(ops::At<0>, T g, T, T y) const {
    return g * (1 - y);
  }
};

TEST(Gradcheck, AWrongRuleIsFound) {
  Tape tape;
  const Var x = tape.variable({0.5, -1});
  const Var unaffected = tape.variable(2);
  const GradientReport report = gradcheck(tape, sum(gate(WrongTanh{}, x)) + exp(unaffected));
  EXPECT_EQ(report.verdict(), Verdict::wrong);
  EXPECT_EQ(report.worst().leaf, x.index());
  for (const CoordinateCheck& c : report.coordinates) {
    EXPECT_EQ(verdict(c.error) == Verdict::wrong, c.leaf == x.index());
  }
  EXPECT_NEAR(report.worst().numeric, 1 - std::pow(std::tanh(-1.0), 2), 1e-9);
  EXPECT_NEAR(report.worst().analytic, 1 - std::tanh(-1.0), 1e-12);
}

TEST(Gradcheck, ChecksWhatIsUpstreamOnly) {
  Tape tape;
  const Var x = tape.variable(1), aside = tape.variable({1, 2}), d = tape.data({3, 4});
  const Var other = sum(aside * aside);
  const Var y = sum(d * x);
  const Var later = y * other;
  const GradientReport report = gradcheck(tape, y);
  ASSERT_EQ(report.coordinates.size(), 1U);
  EXPECT_EQ(report.coordinates[0].leaf, x.index());
  EXPECT_NEAR(report.coordinates[0].numeric, 7, 1e-9);
  EXPECT_EQ(report.coordinates[0].analytic, 7);
  EXPECT_EQ(later.item(), 35);
}

TEST(Gradcheck, ABothZeroGradientPasses) {
  Tape tape;
  const Var x = tape.variable({-1, -2});
  EXPECT_EQ(gradcheck(tape, sum(relu(x))).worst().error, 0);
}

TEST(Gradcheck, Errors) {
  Tape tape, other;
  const Var x = tape.variable({1, 2});
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { gradcheck(other, sum(x)); }, {"[gradcheck]", line_of(line)});
  expect_error<ShapeError>([&] { gradcheck(tape, x * x); }, {"(2,)", line_of(__LINE__)});
  expect_error<TapeError>([&] { gradcheck(tape, tape.data(1.0)); }, {"constant"});
  expect_error<NonFiniteError>([&] { gradcheck(tape, sum(log(x - 5))); }, {"[log]"});
  expect_error<TapeError>([&] { gradcheck(tape, Var()); }, {"[gradcheck]", "empty"});
}

}  // namespace
}  // namespace tapegrad::testing
