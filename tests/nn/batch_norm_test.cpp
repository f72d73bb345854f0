// Batch normalisation (MISSION N5): against plain loops, running statistics as PyTorch's,
// gradients, saving, errors.

#include <tapegrad/nn/batch_norm.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/nn/conv2d.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/sequential.hpp>
#include <tapegrad/nn/state_dict.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

/// Numbers without meaning, around `middle`.
Array<double> numbers(const std::vector<std::size_t>& shape, double middle = 0.3) {
  Array<double> x = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = middle + static_cast<double>((i * 7919) % 101) / 50 - 1;
  }
  return x;
}

/// Mean and biased variance of a channel.
struct Moments {
  double mean = 0, variance = 0;
};

Moments moments_of(const Array<double>& x, std::size_t channel) {
  const std::size_t channels = x.shape()[1], size = x.size() / x.shape()[0] / channels;
  const double count = static_cast<double>(x.size() / channels);
  Moments result;
  const auto each = [&](auto f) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (i / size % channels == channel) f(x.data()[i]);
    }
  };
  each([&](double number) { result.mean += number / count; });
  each([&](double number) { result.variance += std::pow(number - result.mean, 2) / count; });
  return result;
}

const Parameter& named(const NamedParameters& set, const std::string& name) {
  for (const auto& [other, parameter] : set) {
    if (other == name) return parameter;
  }
  throw ValueError("no " + name);
}

// --- In training ----------------------------------------------------------------------------

TEST(BatchNorm, NormalisesEachChannelOfTheBatch) {
  nn::BatchNorm2d layer(3);
  Parameter(layer.weight()).set_value({2, 1, -1});
  Parameter(layer.bias()).set_value({0, 5, 0.5});
  Tape tape;
  const Array<double> x = numbers({4, 3, 5, 5});
  const Array<double> y = layer(tape.data(x)).value();
  for (std::size_t c = 0; c < 3; ++c) {
    const Moments batch = moments_of(x, c);
    const double scale = layer.weight().value()(c) / std::sqrt(batch.variance + 1e-5);
    for (std::size_t n = 0; n < 4; ++n) {
      EXPECT_NEAR(y(n, c, 2, 3), (x(n, c, 2, 3) - batch.mean) * scale + layer.bias().value()(c),
                  1e-13);
    }
  }
}

TEST(BatchNorm, BehindDenseLayersAndAlongSequences) {
  for (const std::vector<std::size_t>& shape : {std::vector<std::size_t>{6, 3}, {2, 3, 7}}) {
    nn::BatchNorm1d layer(3);
    Tape tape;
    const Array<double> y = layer(tape.data(numbers(shape))).value();
    for (std::size_t c = 0; c < 3; ++c) {
      const Moments after = moments_of(y, c);
      EXPECT_NEAR(after.mean, 0, 1e-14);
      EXPECT_NEAR(after.variance, 1, 1e-4);
    }
  }
}

TEST(BatchNorm, AMeanFarFromZeroLeavesTheVarianceItsDigits) {
  nn::BatchNorm1d layer(1, {0.0});
  Tape tape(f32);
  const Array<double> y = layer(tape.data(numbers({2, 1, 300}, 1e4))).value();
  const Moments after = moments_of(y, 0);
  EXPECT_NEAR(after.mean, 0, 1e-3);
  EXPECT_NEAR(after.variance, 1, 1e-3);
}

TEST(BatchNorm, EqualNumbersHaveNoVariance) {
  for (const Precision precision : {f32, f64}) {
    for (const std::size_t side : {3U, 28U, 56U}) {
      for (int i = 1; i <= 50; ++i) {
        const double constant = 1e3 * i / 7.0 * std::pow(10, i % 5 - 2);
        Tape tape(precision);
        Array<double> x = Array<double>::from_shape({4, 1, side, side});
        x.fill(constant);
        const Array<double> moments = channel_moments(tape.data(x)).value();
        EXPECT_EQ(moments(1, 0), 0) << constant << ", side " << side;
        nn::BatchNorm2d layer(1);
        EXPECT_EQ(layer(tape.data(x)).value()(0, 0, 1, 1), 0) << constant << ", side " << side;
      }
    }
  }
}

TEST(BatchNorm, LargeNumbersOverflowNoEarlierThanTheirSquares) {
  Tape tape;
  const Array<double> moments = channel_moments(tape.data(array({2, 1}, {1e300, -1e300}))).value();
  EXPECT_EQ(moments(0, 0), 0);
  EXPECT_EQ(moments(1, 0), std::numeric_limits<double>::infinity());
}

// --- Running statistics ---------------------------------------------------------------------

TEST(BatchNorm, RunningStatisticsMoveByMomentumWithTheUnbiasedVariance) {
  nn::BatchNorm2d layer(2);
  double mean = 0, variance = 1;
  for (int batch = 0; batch < 3; ++batch) {
    Tape tape;
    const Array<double> x = numbers({3, 2, 2, 2}, batch);
    layer(tape.data(x));
    const Moments here = moments_of(x, 1);
    mean = 0.9 * mean + 0.1 * here.mean;
    variance = 0.9 * variance + 0.1 * here.variance * 12 / 11;
  }
  const NamedParameters buffers = layer.named_buffers();
  EXPECT_NEAR(named(buffers, "running_mean").value()(1), mean, 1e-14);
  EXPECT_NEAR(named(buffers, "running_var").value()(1), variance, 1e-14);
  EXPECT_EQ(named(buffers, "num_batches_tracked").value()(), 3);

  layer.eval();
  Tape tape;
  const Array<double> x = numbers({1, 2, 1, 1}, 3);
  EXPECT_NEAR(layer(tape.data(x)).value()(0, 1, 0, 0),
              (x(0, 1, 0, 0) - mean) / std::sqrt(variance + 1e-5), 1e-13);
  EXPECT_EQ(named(layer.named_buffers(), "num_batches_tracked").value()(), 3);
}

TEST(BatchNorm, WithoutMomentumTheyAreAveragesOfAllBatches) {
  nn::BatchNorm1d layer(1, {1e-5, std::nullopt});
  double sum = 0, variances = 0;
  for (int batch = 0; batch < 4; ++batch) {
    Tape tape;
    const Array<double> x = numbers({5, 1}, batch);
    layer(tape.data(x));
    sum += moments_of(x, 0).mean;
    variances += moments_of(x, 0).variance * 5 / 4;
  }
  EXPECT_NEAR(named(layer.named_buffers(), "running_mean").value()(0), sum / 4, 1e-14);
  EXPECT_NEAR(named(layer.named_buffers(), "running_var").value()(0), variances / 4, 1e-14);
}

TEST(BatchNorm, WithoutRunningStatisticsBatchesAreNormalisedInEvaluationToo) {
  nn::BatchNorm1d layer(2, {1e-5, 0.1, false, false});
  EXPECT_TRUE(layer.named_buffers().empty());
  EXPECT_TRUE(layer.parameters().empty());
  layer.eval();
  Tape tape;
  EXPECT_NEAR(moments_of(layer(tape.data(numbers({6, 2}, 9))).value(), 0).mean, 0, 1e-13);
}

// --- Gradients ------------------------------------------------------------------------------

TEST(BatchNorm, GradientsInTrainingAndEvaluation) {
  for (const bool training : {true, false}) {
    nn::BatchNorm2d layer(2);
    Parameter(layer.weight()).set_value({2, -0.5});
    Tape tape;
    if (!training) layer(tape.data(numbers({2, 2, 3, 3}))), layer.eval();
    const Var x = tape.variable(numbers({2, 2, 2, 3}));
    const GradcheckReport report = gradcheck(sum(tanh(layer(x))));
    EXPECT_TRUE(report.passed()) << to_string(report);
  }
}

TEST(BatchNorm, InANetworkTheGradientsAreRight) {
  nn::Sequential model(nn::Conv2d(1, 2, 2), nn::BatchNorm2d(2), nn::Conv2d(2, 3, 2));
  Tape tape;
  const Var y = reshape(model(tape.data(numbers({4, 1, 3, 3}))), {4, 3});
  const GradcheckReport report = gradcheck(nn::cross_entropy(y, std::vector<int>{0, 2, 1, 2}));
  EXPECT_TRUE(report.passed()) << to_string(report);
}

TEST(BatchNorm, BuffersGetNoGradient) {
  nn::BatchNorm1d layer(2);
  layer.eval();
  Tape tape;
  sum(layer(tape.variable(numbers({3, 2})))).backward();
  EXPECT_TRUE(layer.weight().has_grad());
  for (const auto& [name, buffer] : layer.named_buffers()) EXPECT_FALSE(buffer.has_grad()) << name;
}

// --- Saving ---------------------------------------------------------------------------------

TEST(BatchNorm, StateHasPyTorchsNamesAndComesBack) {
  nn::Sequential model(nn::Linear(2, 3), nn::BatchNorm1d(3));
  Tape tape;
  model(tape.data(numbers({4, 2})));
  std::string names;
  for (const auto& [name, parameter] : state_dict(model)) names += name + " ";
  EXPECT_EQ(names,
            "0.weight 0.bias 1.weight 1.bias 1.running_mean 1.running_var "
            "1.num_batches_tracked ");
  nn::Sequential other(nn::Linear(2, 3), nn::BatchNorm1d(3));
  load_state_dict(other, state_dict(model));
  model.eval();
  other.eval();
  const Array<double> x = numbers({3, 2});
  Tape again;
  expect_arrays(other(again.data(x)).value(), model(again.data(x)).value(), 0);
}

TEST(Module, ABufferNeedsANameOfItsOwnAndIsNoParameter) {
  class Counting : public nn::Module {
   public:
    Counting() {
      register_buffer("count", Parameter::zeros({}));
      register_buffer("count", Parameter::zeros({}));
    }
    Var forward(const Var& x) override { return x; }
  };
  expect_error<ValueError>([] { Counting(); }, {"[module]", "'count'", "taken"});
}

// --- Errors ---------------------------------------------------------------------------------

TEST(BatchNorm, SaysWhatDoesNotFit) {
  Tape tape;
  nn::BatchNorm1d dense(3);
  nn::BatchNorm2d images(3);
  expect_error<ShapeError>(
      [&] {
        dense(tape.data(numbers({2, 3, 2, 2})));
      },
      {"[BatchNorm1d]", "(N, C) or (N, C, L)", "(2, 3, 2, 2)"});
  expect_error<ShapeError>(
      [&] {
        images(tape.data(numbers({2, 3})));
      },
      {"[BatchNorm2d]", "(N, C, H, W)", "(2, 3)"});
  expect_error<ShapeError>(
      [&] {
        dense(tape.data(numbers({2, 4})));
      },
      {"[BatchNorm1d]", "3 channels", "(2, 4)"});
  expect_error<ShapeError>(
      [&] {
        dense(tape.data(numbers({1, 3})));
      },
      {"more than one number per channel", "eval()"});
  dense.eval();
  EXPECT_EQ(dense(tape.data(numbers({1, 3}))).shape(), (Shape{1, 3}));
  expect_error<ValueError>([] { nn::BatchNorm1d(0); }, {"[BatchNorm1d]", "channel", "0"});
  expect_error<ValueError>([] { nn::BatchNorm1d(2, {-1.0}); }, {"eps", "-1"});
  expect_error<ValueError>([] { nn::BatchNorm1d(2, {1e-5, 1.5}); }, {"momentum", "1.5"});
  expect_error<ValueError>([] { nn::BatchNorm1d(2, {1e-5, 0.1, false}).weight(); }, {"affine"});
}

}  // namespace
}  // namespace tapegrad::testing
