// DropConnect and Gaussian noise (MISSION R12), averages of sub-networks (R11), the bias trick.

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/nn/bias_trick.hpp>
#include <tapegrad/nn/dropconnect.hpp>
#include <tapegrad/nn/dropout.hpp>
#include <tapegrad/nn/gaussian_noise.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/sequential.hpp>
#include <tapegrad/nn/subnetworks.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

const Array<double> rows = array({2, 3}, {1, -2, 0.5, 0.3, 2, -1});

// --- DropConnect ----------------------------------------------------------------------------

/// A DropConnect of weights 1 and biases 10.
nn::DropConnect ones(std::int64_t in, std::int64_t out, double p, nn::DropConnectMask mask) {
  nn::DropConnect layer(in, out, p, true, mask);
  nn::init::constant(layer.named_parameters()[0].second, 1);
  nn::init::constant(layer.named_parameters()[1].second, 10);
  return layer;
}

TEST(DropConnect, DropsWeightsAndKeepsBiases) {
  nn::manual_seed(2);
  nn::DropConnect layer = ones(1, 10000, 0.25, nn::DropConnectMask::batch);
  Tape tape;
  const Array<double> y = layer(tape.data(array({2, 1}, {3, 3}))).value();
  double dropped = 0;
  for (std::size_t i = 0; i < 10000; ++i) {
    const double unit = y.data()[i];
    EXPECT_TRUE(unit == 10 || std::abs(unit - 14) < 1e-12) << unit;
    EXPECT_EQ(y.data()[10000 + i], unit);  // The same weights for all samples.
    dropped += unit == 10;
  }
  EXPECT_NEAR(dropped / 10000, 0.25, 0.015);
}

TEST(DropConnect, MayDrawAMaskForEachSample) {
  nn::manual_seed(2);
  nn::DropConnect layer = ones(1, 1, 0.5, nn::DropConnectMask::sample);
  Tape tape;
  Array<double> x = Array<double>::from_shape({4000, 1});
  x.fill(1);
  const Array<double> y = layer(tape.data(x)).value();
  double dropped = 0;
  for (const double unit : y) {
    EXPECT_TRUE(unit == 10 || unit == 12) << unit;
    dropped += unit == 10;
  }
  EXPECT_NEAR(dropped / 4000, 0.5, 0.03);
}

TEST(DropConnect, IsLinearInEvaluation) {
  nn::DropConnect layer(3, 4);
  EXPECT_EQ(layer.named_parameters()[0].first, "weight");
  layer.eval();
  Tape tape;
  const Var x = tape.data(rows);
  expect_arrays(layer(x).value(),
                (matmul(x, layer.weight(), {false, true}) + layer.bias()).value());
}

TEST(DropConnect, PassesTheCheckWithTheMaskThatItDrew) {
  nn::manual_seed(4);
  for (const auto mask : {nn::DropConnectMask::batch, nn::DropConnectMask::sample}) {
    nn::DropConnect layer(3, 4, 0.4, true, mask);
    Tape tape;
    const GradcheckReport report = gradcheck(sum(tanh(layer(tape.variable(rows)))));
    EXPECT_TRUE(report.passed()) << to_string(report);
  }
}

TEST(DropConnect, WithoutBiasAndErrors) {
  EXPECT_EQ(nn::DropConnect(3, 4, 0.5, false).parameters().size(), 1U);
  nn::DropConnect layer(2, 4);
  Tape tape;
  expect_error<ShapeError>([&] { layer(tape.data(rows)); }, {"[DropConnect]", "(N, 2)", "(2, 3)"});
  for (const double p : {-0.1, 1.0, std::nan("")}) {
    expect_error<ValueError>([&] { nn::DropConnect(3, 4, p); },
                             {"[DropConnect]", "the probability to drop"});
  }
  expect_error<ValueError>([] { nn::DropConnect(0, 4); }, {"[Linear]", "in 0"});
}

// --- GaussianNoise --------------------------------------------------------------------------

TEST(GaussianNoise, HasTheMeanAndTheDeviation) {
  nn::manual_seed(6);
  nn::GaussianNoise layer(0.5);
  Array<double> x = Array<double>::from_shape({100, 200});
  x.fill(3);
  Tape tape;
  const Array<double> y = layer(tape.data(x)).value();
  ASSERT_EQ(y.shape(), x.shape());
  double total = 0, squares = 0;
  for (const double number : y) {
    total += number - 3;
    squares += (number - 3) * (number - 3);
  }
  EXPECT_NEAR(total / 20000, 0, 0.015);
  EXPECT_NEAR(std::sqrt(squares / 20000), 0.5, 0.01);
}

TEST(GaussianNoise, IsTheIdentityInEvaluation) {
  nn::GaussianNoise layer(2);
  layer.eval();
  Tape tape;
  const Var x = tape.data(rows);
  EXPECT_EQ(layer(x).index(), x.index());
}

TEST(GaussianNoise, StaysWhenTheTapeIsReplayedAndPassesTheCheck) {
  nn::GaussianNoise layer(0.5);
  Tape tape;
  const Var x = tape.variable(rows);
  const Var y = layer(x);
  const Array<double> before = y.value();
  const GradcheckReport report = gradcheck(sum(square(y)));
  EXPECT_TRUE(report.passed()) << to_string(report);
  x.set_value(rows + 1);
  tape.replay();
  expect_arrays(y.value(), before + 1, 1e-14);
}

TEST(GaussianNoise, Errors) {
  for (const double deviation : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    expect_error<ValueError>([&] { nn::GaussianNoise{deviation}; },
                             {"[GaussianNoise]", "standard deviation"});
  }
}

// --- Sub-networks ---------------------------------------------------------------------------

TEST(MeanOfSubnetworks, IsNearTheScaledNetworkWhereThatIsLinear) {
  nn::manual_seed(8);
  nn::Sequential model(nn::Dropout(0.5), nn::Linear(3, 2), nn::GaussianNoise(0.1));
  model.eval();
  const NoGrad no_grad;
  Tape tape;
  const Var x = tape.data(rows);
  const Array<double> scaled = model(x).value();
  const Array<double> one = nn::mean_of_subnetworks(model, x, 1).value();
  EXPECT_NE(one, scaled);
  const Array<double> mean = nn::mean_of_subnetworks(model, x, 4000).value();
  for (std::size_t i = 0; i < mean.size(); ++i) {
    EXPECT_NEAR(mean.data()[i], scaled.data()[i], 0.15) << i;
  }
  EXPECT_FALSE(model.is_training() || model[0].is_training());
}

TEST(MeanOfSubnetworks, IsTheMeanOfTrainingPasses) {
  nn::Sequential model(nn::Dropout(0.5), nn::Linear(3, 2));
  Tape tape;
  const Var x = tape.data(rows);
  nn::manual_seed(9);
  const Var first = model(x), second = model(x), third = model(x);
  const Var expected = (first + second + third) / 3;
  nn::manual_seed(9);
  model.eval();
  expect_arrays(nn::mean_of_subnetworks(model, x, 3).value(), expected.value(), 1e-14);
}

TEST(MeanOfSubnetworks, LeavesOtherModulesInEvaluation) {
  struct Mode : nn::Module {
    Var forward(const Var& x) override { return is_training() ? x + 1 : x; }
  };
  Mode model;
  Tape tape;
  EXPECT_EQ(nn::mean_of_subnetworks(model, tape.data(5), 2).item(), 5);
  EXPECT_TRUE(model.is_training());
  expect_error<ValueError>([&] { nn::mean_of_subnetworks(model, tape.data(5), 0); },
                           {"[mean_of_subnetworks]", "got 0"});
}

// --- The bias trick -------------------------------------------------------------------------

TEST(BiasTrick, AOneTakesTheBiasIn) {
  Tape tape;
  const Var x = tape.data(rows);
  expect_arrays(nn::append_one(x).value(), array({2, 4}, {1, -2, 0.5, 1, 0.3, 2, -1, 1}));
  expect_arrays(nn::append_one(tape.data({7})).value(), array({2}, {7, 1}));
  nn::Linear layer(3, 2);
  layer.parameters()[1].set_value({0.25, -4});
  nn::Linear joined = nn::bias_trick(layer);
  EXPECT_FALSE(joined.has_bias());
  EXPECT_EQ(joined.weight().shape(), (Shape{2, 4}));
  expect_arrays(joined(nn::append_one(x)).value(), layer(x).value(), 1e-14);
  nn::Linear without(3, 2, false);
  nn::Linear zeros = nn::bias_trick(without);
  expect_arrays(zeros(nn::append_one(x)).value(), without(x).value(), 1e-14);
  expect_error<ShapeError>([&] { nn::append_one(tape.data(1)); }, {"[append_one]", "scalar"});
}

}  // namespace
}  // namespace tapegrad::testing
