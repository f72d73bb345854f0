// Activations (MISSION N1) and dropout (R11): values, special cases, gradients, errors.

#include <tapegrad/nn/activations.hpp>

#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/nn/dropout.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/maxout.hpp>
#include <tapegrad/nn/prelu.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

template <class M>
Array<double> applied(M&& module, const Array<double>& x) {
  Tape tape;
  return module(tape.data(x)).value();
}

const Array<double> points = array({2, 2}, {-2, -0.5, 0, 3});

// --- Without parameters ---------------------------------------------------------------------

TEST(Activations, Values) {
  expect_numbers(applied(nn::ReLU(), points), {0, 0, 0, 3});
  expect_numbers(applied(nn::LeakyReLU(), points), {-0.02, -0.005, 0, 3});
  expect_numbers(applied(nn::LeakyReLU(0.5), points), {-1, -0.25, 0, 3});
  const Array<double> s = applied(nn::Sigmoid(), array({2}, {1, -4}));
  EXPECT_NEAR(s(0), 0.7310585786300049, 1e-15);
  EXPECT_NEAR(s(1), 0.01798620996209156, 1e-16);
}

TEST(Activations, TanhIsAScaledSigmoid) {
  Tape tape;
  const Var x = tape.data(points);
  nn::Tanh tanh;
  expect_arrays(tanh(x).value(), (2 * sigmoid(2 * x) - 1).value(), 1e-15);
}

// --- PReLU ----------------------------------------------------------------------------------

TEST(PReLU, OneSlopeForAllOrOnePerUnit) {
  expect_numbers(applied(nn::PReLU(), points), {-0.5, -0.125, 0, 3});
  nn::PReLU per_unit(2);
  per_unit.parameters()[0].set_value({0.5, 0.1});
  Tape tape;
  const Var x = tape.variable(points);
  const Var y = per_unit(x);
  expect_numbers(y.value(), {-1, -0.05, 0, 3}, 1e-15);
  y.backward(array({2, 2}, {1, 10, 100, 1000}));
  expect_numbers(per_unit.weight().grad(), {-2, -5});
  expect_numbers(x.grad(), {0.5, 1, 50, 1000});
}

TEST(PReLU, OnePerChannelOfImages) {
  nn::PReLU layer(2);
  layer.parameters()[0].set_value({0.5, 0.1});
  expect_numbers(applied(layer, array({1, 2, 1, 2}, {-1, 1, -1, 2})), {-0.5, 1, -0.1, 2}, 1e-15);
}

TEST(PReLU, Errors) {
  expect_error<ValueError>([] { nn::PReLU(0); }, {"[PReLU]", "got 0"});
  expect_error<ShapeError>([] { applied(nn::PReLU(3), points); }, {"[PReLU]", "3", "(2, 2)"});
}

// --- Maxout ---------------------------------------------------------------------------------

TEST(Maxout, IsTheLargerOfItsUnits) {
  nn::Maxout layer(2, 1);
  layer.parameters()[0].set_value(array({2, 2}, {1, 0, 0, 1}));
  layer.parameters()[1].set_value({0, 1});
  Tape tape;
  const Var x = tape.variable(array({2, 2}, {5, 2, 1, 3}));
  const Var y = layer(x);
  expect_numbers(y.value(), {5, 4});
  y.backward(array({2, 1}, {1, 10}));
  expect_numbers(x.grad(), {1, 0, 0, 10});
}

TEST(Maxout, HasReLUAndLeakyReLUAmongItsCases) {
  nn::Maxout layer(1, 1);
  const Array<double> x = array({4, 1}, {-2, -0.5, 0, 3});
  for (const double slope : {0.0, 0.01}) {
    layer.parameters()[0].set_value(array({2, 1}, {1, slope}));
    layer.parameters()[1].set_value({0, 0});
    expect_arrays(applied(layer, x), applied(nn::LeakyReLU(slope), x), 1e-15);
  }
}

TEST(Maxout, PassesTheCheckAndNamesItsParameters) {
  nn::manual_seed(5);
  nn::Maxout layer(3, 4, 3);
  EXPECT_EQ(layer.named_parameters()[0].first, "pieces.weight");
  EXPECT_EQ(layer.parameters()[0].shape(), (Shape{12, 3}));
  Tape tape;
  const Var y = layer(tape.data(array({2, 3}, {1, -2, 0.5, 0.3, 2, -1})));
  const GradcheckReport report = gradcheck(sum(tanh(y)));
  EXPECT_TRUE(report.passed()) << to_string(report);
  expect_error<ValueError>([] { nn::Maxout(3, 4, 0); }, {"[Maxout]", "0 pieces"});
}

// --- Dropout --------------------------------------------------------------------------------

TEST(Dropout, KeepsTheMeanAndDropsTheShare) {
  nn::manual_seed(1);
  nn::Dropout layer(0.25);
  Tape tape;
  const Var x = tape.variable(xt::eval(xt::ones<double>({10000})));
  const Array<double> y = layer(x).value();
  double zeros = 0, total = 0;
  for (const double number : y) {
    if (number == 0) {
      ++zeros;
    } else {
      EXPECT_NEAR(number, 1 / 0.75, 1e-15);
    }
    total += number;
  }
  EXPECT_NEAR(zeros / 10000, 0.25, 0.015);
  EXPECT_NEAR(total / 10000, 1, 0.02);
  EXPECT_NE(layer(x).value(), y);  // Another mask each time.
}

TEST(Dropout, TheSameSeedDropsTheSame) {
  const auto draw = [] {
    nn::manual_seed(7);
    return applied(nn::Dropout(), points + 5);
  };
  EXPECT_EQ(draw(), draw());
}

TEST(Dropout, InvertedIsTheIdentityInEvaluationAndVanillaScales) {
  nn::Dropout inverted(0.4), vanilla(0.4, nn::DropoutScaling::evaluation);
  inverted.eval();
  vanilla.eval();
  expect_arrays(applied(inverted, points), points, 0);
  expect_arrays(applied(vanilla, points), 0.6 * points, 1e-15);
  vanilla.train();
  for (const double number : applied(vanilla, array({4}, {5, 5, 5, 5}))) {
    EXPECT_TRUE(number == 0 || std::abs(number - 5) < 1e-14) << number;
  }
}

TEST(Dropout, IsCheckedWithTheMaskThatItDrew) {
  nn::Dropout layer(0.5);
  Tape tape;
  const Var x = tape.variable({1, 2, 3, 4, 5, 6});
  const Var y = layer(x * x);
  const GradcheckReport report = gradcheck(sum(y));
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_NE(to_string(report).find("dropout"), std::string::npos);
}

TEST(Dropout, Errors) {
  for (const double p : {-0.1, 1.0, 1.5, std::nan("")}) {
    expect_error<ValueError>([&] { nn::Dropout{p}; }, {"[Dropout]", "the probability to drop"});
  }
}

}  // namespace
}  // namespace tapegrad::testing
