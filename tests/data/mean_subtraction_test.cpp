#include <tapegrad/data/mean_subtraction.hpp>

#include <gtest/gtest.h>

#include "support/expect.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;

Dataset dataset(const Array<float>& inputs) {
  Dataset result;
  result.inputs = inputs;
  result.labels.assign(inputs.shape()[0], 0);
  result.classes = 1;
  return result;
}

TEST(MeanSubtraction, TakesTheMeanOfEachFeature) {
  const MeanSubtraction centre(dataset({{1, 10, -3}, {3, 30, -3}}));
  EXPECT_EQ(centre.mean(), (Array<float>{2, 20, -3}));
}

TEST(MeanSubtraction, CentresTheTrainingData) {
  Dataset training = dataset({{1, 10, -3}, {3, 30, -3}});
  const std::vector<int> labels = training.labels;
  MeanSubtraction(training).apply(training);
  EXPECT_EQ(training.inputs, (Array<float>{{-1, -10, 0}, {1, 10, 0}}));
  EXPECT_EQ(training.labels, labels);
}

TEST(MeanSubtraction, OtherSplitsGetTheTrainingMean) {
  const MeanSubtraction centre(dataset({{1, 10}, {3, 30}}));
  Dataset test = dataset({{100, 0}});
  centre.apply(test);
  EXPECT_EQ(test.inputs, (Array<float>{{98, -20}}));  // Not its own mean.
}

/// Two images of two channels and 1 × 2 pixels.
const Array<float> images = {{{{1, 3}}, {{10, 30}}}, {{{5, 7}}, {{50, 70}}}};

TEST(MeanSubtraction, OfImages) {
  Dataset training = dataset(images);
  const MeanSubtraction centre(training);
  EXPECT_EQ(centre.mean(), (Array<float>{{{3, 5}}, {{30, 50}}}));
  centre.apply(training);
  EXPECT_EQ(training.inputs, (Array<float>{{{{-2, -2}}, {{-20, -20}}}, {{{2, 2}}, {{20, 20}}}}));
}

TEST(MeanSubtraction, OfChannels) {
  Dataset training = dataset(images);
  const MeanSubtraction centre(training, Per::channel);
  EXPECT_EQ(centre.mean(), (Array<float>{4, 40}));
  centre.apply(training);
  EXPECT_EQ(training.inputs, (Array<float>{{{{-3, -1}}, {{-30, -10}}}, {{{1, 3}}, {{10, 30}}}}));
  expect_error<ShapeError>([] { MeanSubtraction(flatten(dataset(images)), Per::channel); },
                           {"[mean_subtraction]", "(C, H, W)", "got samples of shape (4,)"});
}

TEST(MeanSubtraction, OfAllNumbers) {
  for (Dataset training : {dataset(images), flatten(dataset(images))}) {
    const MeanSubtraction centre(training, Per::all);
    EXPECT_EQ(centre.mean(), (Array<float>{22}));
    centre.apply(training);
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(training.inputs.data()[i], images.data()[i] - 22);
    }
  }
}

TEST(MeanSubtraction, ManySamplesLoseNoDigits) {
  // A float sum of 200,000 times 0.1 would be off in the fourth digit.
  Array<float> inputs(std::vector<std::size_t>{200'000, 1}, 0.1F);
  const MeanSubtraction centre(dataset(inputs));
  EXPECT_EQ(centre.mean()(0), 0.1F);
}

TEST(MeanSubtraction, Errors) {
  Dataset empty = dataset(Array<float>(std::vector<std::size_t>{0, 3}));
  expect_error<ValueError>([&] { MeanSubtraction{empty}; }, {"[mean_subtraction]", "none"});
  Dataset wrong = dataset({{1, 2, 3}});
  wrong.labels.push_back(0);
  expect_error<ShapeError>([&] { MeanSubtraction{wrong}; }, {"[dataset]"});
  const MeanSubtraction centre(dataset({{1, 2}}));
  Dataset other = dataset({{1, 2, 3}});
  expect_error<ShapeError>([&] { centre.apply(other); },
                           {"[mean_subtraction]", "shape (2,)", "got (3,)"});
  EXPECT_EQ(other.inputs, (Array<float>{{1, 2, 3}}));
  Dataset same_size = dataset(Array<float>(std::vector<std::size_t>{1, 2, 1, 1}, 0.0F));
  expect_error<ShapeError>([&] { centre.apply(same_size); }, {"shape (2,)", "got (2, 1, 1)"});
}

TEST(MeanSubtraction, AppliesToWholeDataSetsOnly) {
  const MeanSubtraction centre(dataset({{1, 2}}));
  Dataset other = dataset({{1, 2}, {3, 4}});
  other.labels.resize(1000);
  expect_error<ShapeError>([&] { centre.apply(other); }, {"[dataset]", "2 rows", "1000 labels"});
  EXPECT_EQ(other.inputs, (Array<float>{{1, 2}, {3, 4}}));
}

}  // namespace
}  // namespace tapegrad::data
