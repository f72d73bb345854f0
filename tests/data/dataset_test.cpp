#include <tapegrad/data/dataset.hpp>

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/expect.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;

/// `samples` samples of this shape, whose numbers count on, with the labels 0, 1, 2, 0, …
Dataset counted(std::size_t samples, const std::vector<std::size_t>& sample) {
  Dataset dataset;
  std::vector<std::size_t> shape{samples};
  shape.insert(shape.end(), sample.begin(), sample.end());
  dataset.inputs.resize(shape);
  float number = 0;
  for (float& x : dataset.inputs) x = number++;
  for (std::size_t i = 0; i < samples; ++i) dataset.labels.push_back(static_cast<int>(i % 3));
  dataset.classes = 3;
  return dataset;
}

TEST(Dataset, KnowsTheShapeOfASample) {
  const Dataset rows = counted(4, {7});
  EXPECT_NO_THROW(rows.validate());
  EXPECT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows.sample_shape(), (Shape{7}));
  EXPECT_EQ(rows.features(), 7U);
  const Dataset images = counted(4, {3, 2, 5});
  EXPECT_NO_THROW(images.validate());
  EXPECT_EQ(images.size(), 4U);
  EXPECT_EQ(images.sample_shape(), (Shape{3, 2, 5}));
  EXPECT_EQ(images.features(), 30U);
}

TEST(Dataset, FlattensWithoutCopyingNumbers) {
  Dataset images = counted(4, {3, 2, 5});
  images.class_names = {"a", "b", "c"};
  const float* const numbers = images.inputs.data();
  const Dataset rows = flatten(std::move(images));
  EXPECT_EQ(rows.inputs.data(), numbers);
  EXPECT_EQ(rows.sample_shape(), (Shape{30}));
  EXPECT_EQ(rows.inputs(2, 7), 67.0F);
  EXPECT_EQ(rows.labels, counted(4, {1}).labels);
  EXPECT_EQ(rows.classes, 3);
  EXPECT_EQ(rows.class_names.size(), 3U);
  EXPECT_NO_THROW(rows.validate());
  EXPECT_EQ(flatten(rows).sample_shape(), (Shape{30}));
  expect_error<ShapeError>([] { static_cast<void>(flatten(Dataset())); }, {"(N, D)", "got ()"});
}

TEST(Dataset, Validates) {
  expect_error<ShapeError>([] { Dataset().validate(); }, {"[dataset]", "(N, …)", "got ()"});
  expect_error<ShapeError>([] { counted(3, {}).validate(); }, {"[dataset]", "got (3,)"});
  expect_error<ShapeError>([] { counted(3, {}).features(); }, {"[dataset]", "got (3,)"});

  Dataset fewer = counted(10, {2});
  fewer.labels.pop_back();
  expect_error<ShapeError>([&] { fewer.validate(); }, {"[dataset]", "10 rows", "9 labels"});

  Dataset none = counted(10, {2});
  none.classes = 0;
  expect_error<ValueError>([&] { none.validate(); }, {"[dataset]", "at least 1 class", "got 0"});

  Dataset named = counted(10, {2});
  named.class_names = {"cat", "dog"};
  expect_error<ValueError>([&] { named.validate(); },
                           {"[dataset]", "a name for each of 3 classes", "got 2"});

  for (const int label : {-1, 3}) {
    Dataset wrong = counted(10, {2, 1, 1});
    wrong.labels[3] = label;
    expect_error<ValueError>(
        [&] { wrong.validate(); },
        {"[dataset]", "from 0 to 2", "got " + std::to_string(label) + " at sample 3"});
  }
}

}  // namespace
}  // namespace tapegrad::data
