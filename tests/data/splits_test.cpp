#include <tapegrad/data/splits.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include <tapegrad/data/subset.hpp>

#include "support/expect.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;

/// Samples with these labels; the only feature of sample i is i.
Dataset numbered(std::vector<int> labels, int classes) {
  Dataset dataset;
  dataset.inputs.resize({labels.size(), 1});
  std::iota(dataset.inputs.begin(), dataset.inputs.end(), 0.0F);
  dataset.labels = std::move(labels);
  dataset.classes = classes;
  for (int c = 0; c < classes; ++c) dataset.class_names.push_back("class " + std::to_string(c));
  return dataset;
}

/// 70 of class 0, then 25 of class 1, then 8 of class 2.
Dataset unbalanced() {
  std::vector<int> labels(70, 0);
  labels.insert(labels.end(), 25, 1);
  labels.insert(labels.end(), 8, 2);
  return numbered(labels, 3);
}

int count(const Dataset& dataset, int label) {
  return static_cast<int>(std::count(dataset.labels.begin(), dataset.labels.end(), label));
}

TEST(Subset, CopiesSamplesInTheirOrder) {
  Dataset images = numbered({0, 1, 0, 1}, 2);
  images.inputs = Array<float>::from_shape({4, 1, 2, 1});
  std::iota(images.inputs.begin(), images.inputs.end(), 0.0F);
  const Dataset part = subset(images, {3, 0, 3});
  EXPECT_EQ(part.sample_shape(), (Shape{1, 2, 1}));
  testing::expect_numbers(part.inputs, {6, 7, 0, 1, 6, 7});
  EXPECT_EQ(part.labels, (std::vector<int>{1, 0, 1}));
  EXPECT_EQ(part.classes, 2);
  EXPECT_EQ(part.class_names, images.class_names);
  EXPECT_NO_THROW(part.validate());

  const Dataset none = subset(images, {});
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.sample_shape(), (Shape{1, 2, 1}));
}

TEST(Subset, Errors) {
  const Dataset dataset = numbered({0, 1, 0}, 2);
  expect_error<ValueError>(
      [&] {
        subset(dataset, {0, 3});
      },
      {"[subset]", "below the number of samples, 3", "got 3 at position 1"});
  Dataset wrong = dataset;
  wrong.labels.pop_back();
  expect_error<ShapeError>([&] { subset(wrong, {0}); }, {"[dataset]"});
}

TEST(KFold, EverySampleIsValidatedOnce) {
  const Dataset dataset = unbalanced();
  for (const int folds : {2, 3, 5, 10, 103}) {
    for (const bool stratified : {false, true}) {
      const std::vector<Fold> all = k_fold(dataset, folds, 7, stratified);
      ASSERT_EQ(all.size(), static_cast<std::size_t>(folds));
      std::vector<std::size_t> validated;
      for (const Fold& fold : all) {
        const std::size_t size = fold.validation.size();
        EXPECT_TRUE(size == 103U / all.size() || size == 103U / all.size() + 1) << size;
        validated.insert(validated.end(), fold.validation.begin(), fold.validation.end());
        EXPECT_TRUE(std::is_sorted(fold.train.begin(), fold.train.end()));
        EXPECT_TRUE(std::is_sorted(fold.validation.begin(), fold.validation.end()));
        std::vector<std::size_t> together = fold.train;
        together.insert(together.end(), fold.validation.begin(), fold.validation.end());
        std::sort(together.begin(), together.end());
        std::vector<std::size_t> samples(103);
        std::iota(samples.begin(), samples.end(), std::size_t{0});
        EXPECT_EQ(together, samples);
      }
      std::sort(validated.begin(), validated.end());
      EXPECT_EQ(std::unique(validated.begin(), validated.end()) - validated.begin(), 103);
    }
  }
}

TEST(KFold, IsRandomBySeed) {
  const Dataset dataset = unbalanced();
  for (const bool stratified : {false, true}) {
    const auto first = [&](std::uint64_t seed) {
      return k_fold(dataset, 5, seed, stratified).front().validation;
    };
    EXPECT_EQ(first(1), first(1));
    EXPECT_NE(first(1), first(2));
  }
  // Neighbours are not dealt out in turn: nothing of the old order is left.
  const std::vector<std::size_t> places = k_fold(dataset, 5, 1).front().validation;
  std::vector<std::size_t> distances(places.size());
  std::adjacent_difference(places.begin(), places.end(), distances.begin());
  EXPECT_GT(*std::max_element(distances.begin() + 1, distances.end()), 7U);
}

TEST(KFold, StratifiedKeepsShares) {
  const Dataset dataset = unbalanced();
  bool uneven = false;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const Fold& fold : k_fold(dataset, 5, seed, true)) {
      const Dataset validation = subset(dataset, fold.validation);
      EXPECT_EQ(count(validation, 0), 14);
      EXPECT_EQ(count(validation, 1), 5);
      EXPECT_LE(std::abs(count(validation, 2) - 1.6), 1);
      EXPECT_EQ(count(subset(dataset, fold.train), 0), 56);
    }
    for (const Fold& fold : k_fold(dataset, 5, seed)) {
      uneven = uneven || count(subset(dataset, fold.validation), 1) != 5;
    }
  }
  EXPECT_TRUE(uneven);  // Without it shares are left to chance.
}

TEST(KFold, Errors) {
  const Dataset dataset = numbered({0, 1, 0}, 2);
  for (const int folds : {-1, 0, 1, 4}) {
    expect_error<ValueError>(
        [&] { k_fold(dataset, folds); },
        {"[k_fold]", "of 3 samples", "got " + std::to_string(folds) + " folds"});
  }
  expect_error<ShapeError>([] { k_fold(Dataset(), 5); }, {"[dataset]"});
}

TEST(TrainValidationSplit, ByShareOrByNumber) {
  const Dataset dataset = unbalanced();
  for (const bool stratified : {false, true}) {
    for (const double validation : {0.1, 10.0}) {
      const auto [train, part] = train_validation_split(dataset, validation, 3, stratified);
      EXPECT_EQ(train.size(), 93U);
      EXPECT_EQ(part.size(), 10U);
      EXPECT_EQ(part.class_names, dataset.class_names);
      EXPECT_TRUE(std::is_sorted(part.inputs.begin(), part.inputs.end()));
      EXPECT_TRUE(std::is_sorted(train.inputs.begin(), train.inputs.end()));
      std::vector<float> together(train.inputs.begin(), train.inputs.end());
      together.insert(together.end(), part.inputs.begin(), part.inputs.end());
      std::sort(together.begin(), together.end());
      EXPECT_TRUE(std::equal(together.begin(), together.end(), dataset.inputs.begin(),
                             dataset.inputs.end()));
      for (std::size_t i = 0; i < part.size(); ++i) {
        const auto place = static_cast<std::size_t>(part.inputs(i, 0));
        EXPECT_EQ(part.labels[i], dataset.labels[place]);
      }
    }
  }
  EXPECT_EQ(train_validation_split(dataset, 1).validation.size(), 1U);
  EXPECT_EQ(train_validation_split(dataset, 102).train.size(), 1U);
  EXPECT_EQ(train_validation_split(dataset, 0.5, 1).train.inputs,
            train_validation_split(dataset, 0.5, 1).train.inputs);
  EXPECT_NE(train_validation_split(dataset, 0.5, 1).train.inputs,
            train_validation_split(dataset, 0.5, 2).train.inputs);
}

TEST(TrainValidationSplit, StratifiedKeepsShares) {
  const Dataset dataset = unbalanced();
  for (const double share : {0.04, 0.1, 0.25, 0.5, 0.77, 0.99}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const auto [train, validation] = train_validation_split(dataset, share, seed, true);
      const double of_all = static_cast<double>(validation.size()) / 103;
      for (int label = 0; label < 3; ++label) {
        EXPECT_LT(std::abs(count(validation, label) - of_all * count(dataset, label)), 1);
        EXPECT_EQ(count(train, label) + count(validation, label), count(dataset, label));
      }
    }
  }
}

TEST(TrainValidationSplit, Errors) {
  const Dataset dataset = numbered({0, 1, 0}, 2);
  for (const double wrong :
       {-1.0, 0.0, 0.1, 0.9, 1.5, 3.0, 1e300, std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::infinity()}) {
    expect_error<ValueError>([&] { train_validation_split(dataset, wrong); },
                             {"[train_validation_split]", "3 samples", "got "});
  }
  expect_error<ShapeError>([] { train_validation_split(Dataset(), 0.5); }, {"[dataset]"});
}

}  // namespace
}  // namespace tapegrad::data
