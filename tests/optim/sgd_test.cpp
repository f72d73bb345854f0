// SGD with and without momentum, beside a naive implementation.

#include <tapegrad/optim/sgd.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using optim::SGD;

TEST(SGD, OneStepWithoutMomentum) {
  Parameter p(array({2}, {1, -2}));
  p.set_grad({10.0, 100.0});
  SGD({p}, 0.01).step();
  expect_numbers(p.value(), {0.9, -3}, 1e-15);
}

TEST(SGD, MomentumGathersSpeed) {
  // v = 0.5v − 0.1·1 : −0.1, −0.15, −0.175
  Parameter p(1.0);
  SGD sgd({p}, 0.1, 0.5);
  const double expected[] = {0.9, 0.75, 0.575};
  for (const double x : expected) {
    p.set_grad(1.0);
    sgd.step();
    EXPECT_NEAR(p.value()(), x, 1e-15);
  }
}

/// v ← μv − lr·g; x ← x + v, element by element, on f(x) = Σ cᵢ(xᵢ − i)² and its derivative by
/// hand.
struct Naive {
  std::vector<double> x, v;
  void step(const std::vector<double>& c, double rate, double momentum) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double g = 2 * c[i] * (x[i] - static_cast<double>(i));
      v[i] = momentum * v[i] - rate * g;
      x[i] += v[i];
    }
  }
};

TEST(SGD, NesterovLooksAhead) {
  // v = 0.5v − 0.1·1: −0.1, −0.15; x += −0.5·v_before + 1.5·v: −0.15, −0.175.
  Parameter p(1.0);
  optim::SGDOptions options(0.1, 0.5);
  options.nesterov = true;
  SGD sgd({p}, options);
  for (const double x : {0.85, 0.675}) {
    p.set_grad(1.0);
    sgd.step();
    EXPECT_NEAR(p.value()(), x, 1e-15);
  }
  expect_error<ValueError>(
      [&] {
        options.momentum = 0;
        SGD({p}, options);
      },
      {"[SGD]", "momentum above 0", "Nesterov"});
}

TEST(SGD, EqualsPyTorchsFormsAtAConstantRate) {
  for (const bool nesterov : {false, true}) {
    Parameter p(3.0);
    optim::SGDOptions options(0.05, 0.9);
    options.nesterov = nesterov;
    options.weight_decay = 0.1;
    SGD sgd({p}, options);
    double x = 3, b = 0;
    for (int step = 0; step < 100; ++step) {
      p.set_grad(std::cos(p.value()()));
      sgd.step();
      const double g = std::cos(x) + 0.1 * x;
      b = 0.9 * b + g;
      x -= 0.05 * (nesterov ? g + 0.9 * b : b);
      EXPECT_NEAR(p.value()(), x, 1e-12);
    }
  }
}

TEST(SGD, ADecayedWeightShrinksWithoutALoss) {
  Parameter p(array({2}, {1, -2}));
  optim::SGDOptions options(0.1);
  options.weight_decay = 0.5;
  SGD sgd({p}, options);
  p.set_grad({0.0, 0.0});
  sgd.step();
  expect_numbers(p.value(), {0.95, -1.9}, 1e-15);
}

class SgdMomentum : public ::testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(All, SgdMomentum, ::testing::Values(0.0, 0.5, 0.9, 0.99));

TEST_P(SgdMomentum, EqualsANaiveImplementationOverAHundredSteps) {
  const std::vector<double> c = {1, 0.3, 2, 0.01, 0.7, 1.3, 0.2};
  const xt::xarray<double> weights = xt::adapt(c, {c.size()});
  const xt::xarray<double> centre = {0, 1, 2, 3, 4, 5, 6};
  Naive naive{{5, -4, 3, -2, 1, 0, 10}, std::vector<double>(7, 0)};
  Parameter p(naive.x);
  SGD sgd({p}, 0.05, GetParam());
  for (int step = 0; step < 100; ++step) {
    const double rate = step < 50 ? 0.05 : 0.01;
    sgd.set_learning_rate(rate);
    Tape tape;
    const Var away = p - centre;
    sum(weights * (away * away)).backward();
    sgd.step();
    sgd.zero_grad();
    naive.step(c, rate, GetParam());
    expect_numbers(p.value(), naive.x, 1e-12);
  }
  EXPECT_GT(std::abs(naive.x[0] - 5), 1);
}

TEST_P(SgdMomentum, FloatsFollowDoubles) {
  Parameter narrow(array({2}, {3, -1}), f32), wide(array({2}, {3, -1}), f64);
  SGD sgd({narrow, wide}, 0.02, GetParam());
  for (int step = 0; step < 20; ++step) {
    Tape tape;
    (sum(narrow * narrow) + sum(wide * wide)).backward();
    sgd.step();
    sgd.zero_grad();
  }
  expect_arrays(narrow.value(), wide.value(), 1e-5);
}

TEST(SGD, ParametersWithoutGradientAreLeftAlone) {
  Parameter used(1.0), unused(array({2}, {1, 2}));
  SGD sgd({used, unused}, 0.1, 0.9);
  unused.set_grad({1.0, 1.0});
  used.set_grad(1.0);
  sgd.step();
  expect_numbers(unused.value(), {0.9, 1.9}, 1e-15);
  const auto version = unused.version();
  sgd.zero_grad();
  used.set_grad(1.0);
  sgd.step();
  expect_numbers(unused.value(), {0.9, 1.9}, 1e-15);  // No speed is left to coast on.
  EXPECT_EQ(unused.version(), version);
  EXPECT_NEAR(used.value()(), 0.9 - 0.19, 1e-15);
}

TEST(SGD, StepKeepsGradientsAndZeroGradForgetsThem) {
  Parameter p(1.0);
  SGD sgd({p}, 0.5);
  p.set_grad(1.0);
  sgd.step();
  EXPECT_EQ(p.grad()(), 1);
  sgd.step();
  EXPECT_EQ(p.value()(), 0);
  sgd.zero_grad();
  EXPECT_FALSE(p.has_grad());
  EXPECT_EQ(p.grad()(), 0);
}

TEST(SGD, ChangesWhatModulesAndTapesSee) {
  Parameter p(1.0);
  const Parameter handle = p;
  Tape tape;
  const Var y = p * p;
  y.backward();
  SGD({handle}, 0.25).step();
  EXPECT_EQ(p.value()(), 0.5);
  EXPECT_THROW(y.backward(), TapeError);
  tape.replay();
  EXPECT_EQ(y.item(), 0.25);
}

TEST(SGD, StepBeforeBackwardThrows) {
  Parameter p(1.0), q(array({2}, {1, 2}));
  SGD sgd({p, q}, 0.1);
  expect_error<TapeError>([&] { sgd.step(); }, {"[SGD]", "backward()"});
  p.set_grad(1.0);
  sgd.step();
  sgd.zero_grad();
  expect_error<TapeError>([&] { sgd.step(); }, {"[SGD]", "zero_grad"});
  EXPECT_EQ(p.value()(), 0.9);
  EXPECT_EQ(p.version(), 1U);
}

TEST(SGD, BadNumbers) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan_value = std::numeric_limits<double>::quiet_NaN();
  const Parameter p(1.0);
  SGD good({p}, 0.1);
  for (const double bad : {-0.1, inf, nan_value}) {
    expect_error<ValueError>([&] { SGD({p}, bad); }, {"[SGD]", "learning rate"});
    expect_error<ValueError>([&] { SGD({p}, 0.1, bad); }, {"[SGD]", "momentum"});
    expect_error<ValueError>([&] { good.set_learning_rate(bad); }, {"[SGD]", "learning rate"});
  }
  EXPECT_EQ(good.learning_rate(), 0.1);
  expect_error<ValueError>([] { SGD({}, 0.1); }, {"[SGD]", "parameters"});
}

TEST(SGD, ALearningRateOfZeroMovesNothing) {
  Parameter p(1.0);
  p.set_grad(5.0);
  SGD({p}, 0).step();
  EXPECT_EQ(p.value()(), 1);
}

TEST(SGD, IsUsedThroughItsBase) {
  Parameter p(1.0);
  SGD sgd({p}, 0.1);
  optim::Optimizer& optimizer = sgd;
  optimizer.set_learning_rate(0.5);
  EXPECT_EQ(optimizer.learning_rate(), 0.5);
  p.set_grad(1.0);
  optimizer.step();
  optimizer.zero_grad();
  EXPECT_EQ(p.value()(), 0.5);
}

TEST(SGD, AParameterTwice) {
  Parameter p(1.0);
  expect_error<ValueError>([&] { SGD({p, Parameter(2.0), p}, 0.1); }, {"[SGD]", "twice"});
}

}  // namespace
}  // namespace tapegrad::testing
