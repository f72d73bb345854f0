#include <tapegrad/data/pca.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include <tapegrad/data/cifar10.hpp>
#include <tapegrad/data/subset.hpp>
#include <tapegrad/data/whitening.hpp>

#include "data/data_dir.hpp"
#include "support/datasets.hpp"
#include "support/expect.hpp"
#include "support/threads.hpp"

namespace tapegrad::data {
namespace {

using testing::correlated;
using testing::covariance;
using testing::expect_error;
using testing::expect_numbers;
using testing::one_feature;
using testing::unlabelled;

/// Mean square distance of samples, all numbers of a sample together.
double distance(const Dataset& a, const Dataset& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.inputs.size(); ++i) {
    const double d =
        static_cast<double>(a.inputs.data()[i]) - static_cast<double>(b.inputs.data()[i]);
    sum += d * d;
  }
  return sum / static_cast<double>(a.size());
}

/// The sum of the variances of all features.
double total_variance(const Dataset& dataset) {
  double sum = 0;
  for (std::size_t i = 0; i < dataset.features(); ++i) sum += covariance(dataset, i, i);
  return sum;
}

/// The largest distance of the covariance from the identity.
double distance_from_identity(const Dataset& dataset) {
  double largest = 0;
  for (std::size_t a = 0; a < dataset.features(); ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      largest = std::max(largest, std::abs(covariance(dataset, a, b) - (a == b ? 1 : 0)));
    }
  }
  return largest;
}

TEST(Pca, RotatesAKnownCase) {
  // Around (10, 20): 4 along (3, 4)/5 to each side, 1 along (−4, 3)/5. Their variances are
  // (16 + 16 + 0 + 0)/4 and (0 + 0 + 1 + 1)/4.
  Dataset training =
      unlabelled({{12.4F, 23.2F}, {7.6F, 16.8F}, {10 - 0.8F, 20.6F}, {10 + 0.8F, 20 - 0.6F}});
  const PCA pca(training);
  expect_numbers(pca.mean(), {10, 20}, 1e-5);
  expect_numbers(pca.explained_variance(), {8, 0.5}, 1e-5);
  expect_numbers(pca.explained_variance_ratio(), {8 / 8.5, 0.5 / 8.5}, 1e-6);
  expect_numbers(pca.components(), {0.6, 0.8, 0.8, -0.6}, 1e-6);
  pca.apply(training);
  expect_numbers(training.inputs, {4, 0, -4, 0, 0, -1, 0, 1}, 1e-5);
  EXPECT_EQ(training.labels.size(), 4U);
}

TEST(Pca, DividesByTheNumberOfSamples) {
  // Not by one less: of 1 and 5, 4.
  expect_numbers(PCA(one_feature({1, 5})).explained_variance(), {4}, 1e-6);
}

TEST(Pca, DecorrelatesAndKeepsVariance) {
  const Dataset training = correlated(500, {3, 2, 2});
  Dataset rotated = training;
  const PCA pca(training);
  pca.apply(rotated);
  EXPECT_EQ(rotated.sample_shape(), (Shape{12}));
  for (std::size_t a = 0; a < 12; ++a) {
    for (std::size_t b = 0; b < 12; ++b) {
      const double expected = a == b ? static_cast<double>(pca.explained_variance()(a)) : 0.0;
      EXPECT_NEAR(covariance(rotated, a, b), expected, 1e-3) << a << ' ' << b;
    }
  }
  EXPECT_NEAR(total_variance(rotated) / total_variance(training), 1, 1e-5);
  EXPECT_TRUE(std::is_sorted(pca.explained_variance().begin(), pca.explained_variance().end(),
                             std::greater<>()));
  pca.invert(rotated);
  EXPECT_EQ(rotated.sample_shape(), (Shape{3, 2, 2}));
  testing::expect_arrays(rotated.inputs, training.inputs, 1e-5);
}

TEST(Pca, WhatFewComponentsLoseIsTheVarianceOfTheOthers) {
  const Dataset training = correlated(300, {12});
  Dataset there = training;
  const PCA pca(training, 4);
  pca.apply(there);
  EXPECT_EQ(there.sample_shape(), (Shape{4}));
  pca.invert(there);
  const Array<float> ratio = pca.explained_variance_ratio();
  const double kept = std::accumulate(ratio.begin(), ratio.end(), 0.0);
  EXPECT_GT(kept, 0.5);
  EXPECT_LT(kept, 0.95);
  EXPECT_NEAR(distance(there, training) / total_variance(training), 1 - kept, 1e-5);
  // What lies in the space of the components comes back as it is.
  Dataset again = there;
  pca.apply(again);
  pca.invert(again);
  testing::expect_arrays(again.inputs, there.inputs, 1e-5);
}

TEST(Pca, LearnsFromTrainingSamplesAlone) {
  const Dataset training = correlated(100, {5}), others = correlated(100, {5}, 2);
  Dataset all = training;
  all.inputs = Array<float>::from_shape({200, 5});
  std::copy(training.inputs.begin(), training.inputs.end(), all.inputs.begin());
  std::copy(others.inputs.begin(), others.inputs.end(), all.inputs.begin() + 500);
  all.labels.resize(200, 0);
  const PCA pca(training), leaky(all);
  Dataset test = others;
  const Array<float> components = pca.components();
  pca.apply(test);
  EXPECT_EQ(pca.components(), components);
  // By hand: the first sample, minus the mean of the training samples, on the first direction.
  double expected = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    double mean = 0;
    for (std::size_t n = 0; n < 100; ++n) mean += static_cast<double>(training.inputs(n, i)) / 100;
    expected +=
        static_cast<double>(components(0, i)) * (static_cast<double>(others.inputs(0, i)) - mean);
  }
  EXPECT_NEAR(test.inputs(0, 0), expected, 1e-4);
  Dataset leaked = others;
  leaky.apply(leaked);
  EXPECT_GT(std::abs(static_cast<double>(leaked.inputs(0, 0)) - expected), 1e-3);
}

TEST(Pca, FewerSamplesThanFeatures) {
  const Dataset training = correlated(6, {40});
  const PCA pca(training);
  EXPECT_EQ(pca.output_shape(), (Shape{6}));
  for (std::size_t i = 0; i < 5; ++i) EXPECT_GT(pca.explained_variance()(i), 1.0F);
  EXPECT_EQ(pca.explained_variance()(5), 0.0F);  // They are centred.
  for (std::size_t a = 0; a < 6; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double dot = 0;
      for (std::size_t i = 0; i < 40; ++i) {
        dot += static_cast<double>(pca.components()(a, i)) *
               static_cast<double>(pca.components()(b, i));
      }
      EXPECT_NEAR(dot, a == b && a < 5 ? 1 : 0, 1e-5);
    }
  }
  const Array<float> ratio = pca.explained_variance_ratio();
  EXPECT_NEAR(std::accumulate(ratio.begin(), ratio.end(), 0.0), 1, 1e-6);
  // Both ways to components agree: each sample seven times is more samples than features.
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < 42; ++i) places.push_back(i % 6);
  const PCA many(subset(training, places), 5);
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_NEAR(many.explained_variance()(k) / pca.explained_variance()(k), 1, 1e-5);
    for (std::size_t i = 0; i < 40; ++i) {
      EXPECT_NEAR(many.components()(k, i), pca.components()(k, i), 1e-4);
    }
  }
  Dataset there = training;
  const PCA five(training, 5);
  five.apply(there);
  five.invert(there);
  testing::expect_arrays(there.inputs, training.inputs, 1e-4);
}

TEST(Pca, EqualSamplesHaveNoVariance) {
  Dataset training = unlabelled(Array<float>(std::vector<std::size_t>{5, 3}, 0.1F));
  const PCA pca(training);
  for (const float share : pca.explained_variance_ratio()) EXPECT_EQ(share, 0.0F);
  for (const Dataset& some : {training, subset(training, {0, 1})}) {
    Dataset whitened = some;
    Whitening(some).apply(whitened);
    EXPECT_EQ(whitened.features(), std::min<std::size_t>(some.size(), 3));
    for (const float x : whitened.inputs) EXPECT_NEAR(x, 0, 1e-3);
  }
}

TEST(Pca, BlocksAndThreadsMakeNoDifference) {
  // More samples than are multiplied at a time.
  const Dataset training = correlated(5000, {6});
  const PCA pca(training);
  for (std::size_t a = 0; a < 6; ++a) {
    for (std::size_t b = 0; b < 6; ++b) {
      double sum = 0;  // C = Σ S u uᵀ.
      for (std::size_t k = 0; k < 6; ++k) {
        sum += static_cast<double>(pca.explained_variance()(k)) *
               static_cast<double>(pca.components()(k, a)) *
               static_cast<double>(pca.components()(k, b));
      }
      EXPECT_NEAR(sum, covariance(training, a, b), 1e-4 * (1 + std::abs(sum)));
    }
  }
  const testing::Threads two(2);
  const PCA again(training);
  testing::expect_arrays(again.components(), pca.components(), 1e-5);
  Dataset one = training, other = training;
  pca.apply(one);
  again.apply(other);
  testing::expect_arrays(other.inputs, one.inputs, 1e-4);
}

TEST(Pca, Errors) {
  const Dataset training = correlated(10, {4});
  expect_error<ValueError>([] { PCA(-1); }, {"[pca]", "got -1"});
  expect_error<ValueError>([&] { PCA(training, 5); },
                           {"[pca]", "at most 4", "10 samples with 4 features", "got 5"});
  const PCA pca(training, 2);
  Dataset other = correlated(3, {5});
  const Array<float> before = other.inputs;
  expect_error<ShapeError>([&] { pca.apply(other); }, {"[pca]", "(4,) as in training", "got (5,)"});
  EXPECT_EQ(other.inputs, before);
  expect_error<ShapeError>([&] { pca.invert(other); }, {"[pca]", "(2,) as apply() makes", "(5,)"});
  expect_error<ValueError>([&] { PCA().apply(other); }, {"[pca]", "apply()", "fit() first"});
  Dataset wrong = training;
  wrong.inputs(3, 1) = std::numeric_limits<float>::quiet_NaN();
  PCA fitted = pca;
  expect_error<NonFiniteError>([&] { fitted.fit(wrong); }, {"[pca]", "got nan in sample 3"});
  EXPECT_EQ(fitted.components(), pca.components());
  expect_error<NonFiniteError>([] { PCA(one_feature({1e30F, -1e30F})); }, {"[pca]", "larger"});
  expect_error<ValueError>(
      [&] {
        PCA(subset(training, {1, 2, 3}), 4);
      },
      {"[pca]", "at most 3", "3 samples with 4 features", "got 4"});
}

TEST(Whitening, MakesTheCovarianceTheIdentity) {
  const Dataset training = correlated(400, {3, 2, 2});
  Dataset white = training;
  const Whitening whitening(training);
  EXPECT_EQ(whitening.epsilon(), 1e-5);
  whitening.apply(white);
  EXPECT_EQ(white.sample_shape(), (Shape{12}));
  EXPECT_LT(distance_from_identity(white), 1e-4);
  whitening.invert(white);
  testing::expect_arrays(white.inputs, training.inputs, 1e-4);

  // Rotated back, it is still white.
  Dataset zca = training;
  whitening.apply(zca);
  whitening.pca().invert(zca);
  EXPECT_EQ(zca.sample_shape(), (Shape{3, 2, 2}));
  for (std::size_t i = 0; i < 12; ++i) {
    for (std::size_t n = 0; n < zca.size(); ++n) {
      zca.inputs.data()[n * 12 + i] -= whitening.pca().mean().data()[i];
    }
  }
  EXPECT_LT(distance_from_identity(zca), 1e-4);
}

TEST(Whitening, EpsilonIsAddedToVariances) {
  // One feature of variance 4: divided by sqrt(4 + 5).
  Dataset training = one_feature({1, 5});
  Whitening(training, 0, 5).apply(training);
  expect_numbers(training.inputs, {-2.0 / 3, 2.0 / 3}, 1e-6);
}

TEST(Whitening, Errors) {
  for (const double wrong : {0.0, -1.0, std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}) {
    expect_error<ValueError>([&] { Whitening(0, wrong); }, {"[whitening]", "epsilon", "got "});
  }
  const Dataset training = correlated(10, {4});
  expect_error<ValueError>([&] { Whitening(training, 5); }, {"[pca]", "got 5"});
  Dataset other = correlated(10, {3});
  expect_error<ShapeError>([&] { Whitening(training).apply(other); }, {"[whitening]", "got (3,)"});
}

/// 3072 → 144 and back on real images: what is lost of those that it learned from is the share of
/// the variance that it says, and of others about the same.
TEST(SlowPca, OfCifar10) {
  SKIP_WITHOUT_CIFAR10();
  const Dataset images = load_cifar10(cifar10_dir(), Split::test);
  std::vector<std::size_t> places(4000);
  std::iota(places.begin(), places.end(), std::size_t{0});
  const Dataset training = subset(images, places);
  for (std::size_t& place : places) place += 4000;
  const Dataset others = subset(images, places);

  const PCA pca(training, 144);
  const Array<float> ratio = pca.explained_variance_ratio();
  const double kept = std::accumulate(ratio.begin(), ratio.end(), 0.0);
  EXPECT_GT(kept, 0.92);
  EXPECT_LT(kept, 0.94);
  for (const Dataset* dataset : {&training, &others}) {
    Dataset there = *dataset;
    pca.apply(there);
    EXPECT_EQ(there.sample_shape(), (Shape{144}));
    const double variance = total_variance(there);
    pca.invert(there);
    EXPECT_EQ(there.sample_shape(), (Shape{3, 32, 32}));
    const double lost = distance(there, *dataset) / (variance + distance(there, *dataset));
    EXPECT_NEAR(lost, 1 - kept, dataset == &training ? 1e-4 : 1e-2);
  }
}

}  // namespace
}  // namespace tapegrad::data
