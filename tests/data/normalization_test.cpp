#include <tapegrad/data/normalization.hpp>

#include <limits>

#include <gtest/gtest.h>

#include "support/datasets.hpp"
#include "support/expect.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;
using testing::expect_numbers;
using testing::unlabelled;

/// Two images of two channels and 1 × 2 pixels.
const Array<float> images = {{{{1, 3}}, {{10, 30}}}, {{{5, 7}}, {{50, 70}}}};

TEST(Normalization, DividesByTheStandardDeviation) {
  // Of 1, 3, 5: mean 3, variance 8/3. Of 2, 2, 8: mean 4, variance 8.
  Dataset training = unlabelled({{1, 2}, {3, 2}, {5, 8}});
  const Normalization normalization(training);
  expect_numbers(normalization.scale(), {1.6329932, 2.8284271}, 1e-6);
  expect_numbers(normalization.shift(), {0, 0});
  normalization.apply(training);
  EXPECT_NEAR(testing::covariance(training, 0, 0), 1, 1e-6);
  EXPECT_NEAR(testing::covariance(training, 1, 1), 1, 1e-6);
  EXPECT_FLOAT_EQ(training.inputs(0, 0), 0.61237244F);  // The mean stays in.
}

TEST(Normalization, ScalesTheRange) {
  const Normalization normalization(unlabelled({{0, -3}, {10, 5}, {255, 1}}), Per::feature,
                                    NormalizeBy::range);
  expect_numbers(normalization.shift(), {127.5, 1});
  expect_numbers(normalization.scale(), {127.5, 4});
  Dataset other = unlabelled({{0, -3}, {255, 5}, {127.5, 1}, {510, -7}});
  normalization.apply(other);
  EXPECT_EQ(other.inputs, (Array<float>{{-1, -1}, {1, 1}, {0, 0}, {3, -2}}));
}

TEST(Normalization, OfChannelsAndOfAll) {
  // Channel 0 is 1, 3, 5, 7 with variance 5, channel 1 ten times that.
  expect_numbers(Normalization(unlabelled(images), Per::channel).scale(), {2.2360680, 22.360680},
                 1e-5);
  const Normalization channels(unlabelled(images), Per::channel, NormalizeBy::range);
  Dataset training = unlabelled(images);
  channels.apply(training);
  expect_numbers(training.inputs, {-1, -1. / 3, -1, -1. / 3, 1. / 3, 1, 1. / 3, 1}, 1e-6);
  expect_numbers(Normalization(unlabelled(images), Per::all, NormalizeBy::range).shift(), {35.5});
  // Mean 22, mean square 1060.5, variance 576.5.
  expect_numbers(Normalization(unlabelled(images), Per::all).scale(), {24.010414}, 1e-5);
  expect_error<ShapeError>(
      [] {
        Normalization(unlabelled({{1, 2}}), Per::channel);
      },
      {"[normalization]", "(C, H, W)", "got samples of shape (2,)"});
}

TEST(Normalization, EqualNumbersAreNotDivided) {
  // The mean of many 0.1 in double is not exactly 0.1, the distances from it not exactly 0.
  Array<float> inputs(std::vector<std::size_t>{999, 2}, 0.1F);
  inputs(7, 1) = 0.3F;
  for (const NormalizeBy by : {NormalizeBy::deviation, NormalizeBy::range}) {
    const Normalization normalization(unlabelled(inputs), Per::feature, by);
    EXPECT_EQ(normalization.scale()(0), 1.0F);
    Dataset other = unlabelled({{0.1F, 0.1F}, {5, 5}});
    normalization.apply(other);
    for (const float x : other.inputs) EXPECT_TRUE(std::isfinite(x));
    EXPECT_EQ(other.inputs(0, 0), by == NormalizeBy::deviation ? 0.1F : 0.0F);
    normalization.invert(other);
    expect_numbers(other.inputs, {0.1, 0.1, 5, 5}, 1e-6);
  }
  // Less than any float of full precision is no divisor either.
  const float denormal = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(Normalization(testing::one_feature({0, denormal})).scale()(0), 1.0F);
}

TEST(Normalization, InvertsTheLargestAndTheSmallest) {
  const Dataset training = testing::correlated(50, {3, 2, 2});
  for (const Per per : {Per::feature, Per::channel, Per::all}) {
    for (const NormalizeBy by : {NormalizeBy::deviation, NormalizeBy::range}) {
      const Normalization normalization(training, per, by);
      Dataset there = training;
      normalization.apply(there);
      EXPECT_NE(there.inputs, training.inputs);
      normalization.invert(there);
      testing::expect_arrays(there.inputs, training.inputs, 1e-5);
    }
  }
}

}  // namespace
}  // namespace tapegrad::data
