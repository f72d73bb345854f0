// Choosing k by validation and cross-validation (MISSION K2); the page is in tests/pages.

#include <tapegrad/train/k_choice.hpp>

#include <cmath>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/data/spiral.hpp>
#include <tapegrad/data/subset.hpp>
#include <tapegrad/train/k_neighbors_classifier.hpp>

#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::testing {
namespace {

using train::choose_k;
using train::KChoice;
using train::KScore;
using train::Metric;

TEST(KChoice, TheBestHasTheHighestMean) {
  KChoice choice;
  EXPECT_THROW(choice.best(), ValueError);
  choice.scores = {
      {Metric::l1, 1, {{0.5, 0.6}}}, {Metric::l1, 5, {{0.7, 0.6}}}, {Metric::l2, 5, {{0.6, 0.7}}}};
  EXPECT_EQ(choice.best().k, 5);
  EXPECT_EQ(choice.best().metric, Metric::l1);  // Of equal ones the first.
}

TEST(KChoice, EveryFoldsAccuracyIsThatOfAClassifierOnIt) {
  const data::Dataset spiral = data::spiral(50, 3, 1);
  const auto folds = data::k_fold(spiral, 5, 7, true);
  const std::vector<std::int64_t> ks = {10, 1, 60};  // In any order.
  const KChoice choice = choose_k(spiral, folds, ks);
  ASSERT_EQ(choice.scores.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    const KScore& score = choice.scores[i];
    EXPECT_EQ(score.metric, i < 3 ? Metric::l1 : Metric::l2);
    EXPECT_EQ(score.k, ks[i % 3]);
    ASSERT_EQ(score.accuracies.scores.size(), 5U);
    for (std::size_t fold = 0; fold < 5; ++fold) {
      const train::KNeighborsClassifier alone(data::subset(spiral, folds[fold].train), score.k,
                                              score.metric);
      EXPECT_EQ(score.accuracies.scores[fold],
                alone.accuracy(data::subset(spiral, folds[fold].validation)));
    }
  }
  EXPECT_NE(choice.best().k, 60);  // Half of all: the arms are no longer told apart.
}

TEST(KChoice, OneValidationSet) {
  const data::Dataset training = data::spiral(50, 3, 1), validation = data::spiral(20, 3, 2);
  const KChoice choice = choose_k(training, validation, {1, 5}, {Metric::dot, Metric::l2});
  ASSERT_EQ(choice.scores.size(), 4U);
  EXPECT_EQ(choice.scores[0].accuracies.scores.size(), 1U);
  EXPECT_EQ(choice.scores[3].accuracies.mean(),
            train::KNeighborsClassifier(training, 5).accuracy(validation));
}

TEST(KChoice, Files) {
  KChoice choice;
  choice.scores = {{Metric::l1, 1, {{0.5, 0.75}}}, {Metric::l2, 20, {{0.25, 0.25}}}};
  EXPECT_EQ(choice.csv(),
            "metric,k,mean,deviation,fold 1,fold 2\nL1,1,0.625,0.1767766952966369,0.5,0.75\n"
            "L2,20,0.25,0,0.25,0.25\n");
  const std::string json = choice.json();
  EXPECT_NE(json.find(R"("accuracies":[0.5,0.75])"), std::string::npos) << json;
  const TempFolder folder;
  choice.save(folder.path("k.csv"));
  EXPECT_EQ(content_of(folder.path("k.csv")), choice.csv());
  choice.save(folder.path("k.json"));
  EXPECT_EQ(content_of(folder.path("k.json")), json);
  expect_error<ValueError>([&] { choice.save(folder.path("k.txt")); }, {"[choose_k]", ".html"});
  choice.title = "caf\xe9";  // No UTF-8.
  EXPECT_NE(choice.json().find("caf\uFFFD"), std::string::npos);
  choice.scores[0].accuracies.scores.pop_back();
  expect_error<ValueError>([&] { choice.csv(); }, {"[choose_k]", "for each fold"});
}

TEST(KChoice, RefusesWhatMakesNoSense) {
  const data::Dataset spiral = data::spiral(10, 3, 1);
  const auto folds = data::k_fold(spiral, 3, 1);
  expect_error<ValueError>([&] { choose_k(spiral, folds, {}); }, {"[choose_k]", "one k"});
  expect_error<ValueError>([&] { choose_k(spiral, folds, {1}, {}); }, {"one metric"});
  expect_error<ValueError>([&] { choose_k(spiral, std::vector<data::Fold>(), {1}); }, {"one fold"});
  expect_error<ValueError>([&] { choose_k(spiral, folds, {1, 21}); }, {"from 1 to 20", "got 21"});
  expect_error<ValueError>([&] { choose_k(spiral, folds, {0}); }, {"got 0"});
}

}  // namespace
}  // namespace tapegrad::testing
