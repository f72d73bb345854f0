#include <tapegrad/data/cross_validate.hpp>

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include <tapegrad/data/spiral.hpp>

#include "support/expect.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;

TEST(CrossValidate, MeanAndStandardDeviation) {
  const CrossValidation result{{0.2, 0.4, 0.6, 0.8}};
  EXPECT_DOUBLE_EQ(result.mean(), 0.5);
  EXPECT_DOUBLE_EQ(result.standard_deviation(), std::sqrt(0.2 / 3));
  EXPECT_EQ(CrossValidation{{0.3}}.standard_deviation(), 0);
}

TEST(CrossValidate, ScoresEachFold) {
  const Dataset dataset = spiral(20);
  const std::vector<Fold> folds = k_fold(dataset, 3, 1, true);
  std::multiset<float> validated;
  int calls = 0;
  const auto result =
      cross_validate(dataset, folds, [&](const Dataset& train, const Dataset& validation) {
        EXPECT_EQ(train.size(), 40U);
        EXPECT_EQ(validation.size(), 20U);
        validated.insert(validation.inputs.begin(), validation.inputs.end());
        return ++calls;
      });
  EXPECT_EQ(result.scores, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(validated, std::multiset<float>(dataset.inputs.begin(), dataset.inputs.end()));
}

TEST(CrossValidate, Errors) {
  const Dataset dataset = spiral(2);
  const auto score = [](const Dataset&, const Dataset&) { return 0.0; };
  expect_error<ValueError>([&] { cross_validate(dataset, {}, score); },
                           {"[cross_validate]", "k_fold"});
  expect_error<ValueError>([&] { cross_validate(dataset, k_fold(dataset, 2), nullptr); },
                           {"[cross_validate]", "function"});
  expect_error<ValueError>([&] { cross_validate(spiral(1), k_fold(dataset, 2), score); },
                           {"[subset]"});
}

}  // namespace
}  // namespace tapegrad::data
