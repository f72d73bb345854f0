// What a report tells of a run (MISSION T4–T8, T12); the page is in tests/pages.

#include <tapegrad/train/report.hpp>

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::testing {
namespace {

using nlohmann::json;
using train::History;
using train::Report;

json told_of(const History& history) {
  return json::parse(Report{"title", {history}}.json()).at("runs").at(0);
}

/// Epochs of so many steps each, whose losses are their numbers.
History counting(int epochs, int steps) {
  History history;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (int step = 0; step < steps; ++step) {
      const std::int64_t number = epoch * steps + step;
      history.steps.push_back({epoch, number, static_cast<double>(number), 0, 0.1});
    }
    train::EpochRecord record;
    record.epoch = epoch;
    record.steps = steps;
    record.observed = 1;
    history.epochs.push_back(record);
  }
  return history;
}

TEST(Report, FewBatchesAreAllShown) {
  const json batches = told_of(counting(2, 4)).at("batches");
  EXPECT_EQ(batches.at("together"), 1);
  EXPECT_EQ(batches.at("at").get<std::vector<double>>(),
            (std::vector<double>{0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2}));
  EXPECT_EQ(batches.at("mean").get<std::vector<double>>(),
            (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(Report, ManyBatchesAreTakenTogether) {
  History history = counting(2, 600);
  history.steps[4].loss = std::nan("");
  for (std::size_t i = 9; i < 12; ++i) history.steps[i].loss = INFINITY;
  const json batches = told_of(history).at("batches");
  EXPECT_EQ(batches.at("together"), 3);
  EXPECT_EQ(batches.at("mean").size(), 400U);
  EXPECT_EQ(batches.at("low").at(0), 0);
  EXPECT_EQ(batches.at("mean").at(0), 1);
  EXPECT_EQ(batches.at("high").at(0), 2);
  // Of 3, NaN and 5.
  EXPECT_EQ(batches.at("mean").at(1), 4);
  EXPECT_TRUE(batches.at("mean").at(3).is_null());
  EXPECT_TRUE(batches.at("high").at(3).is_null());
  EXPECT_EQ(batches.at("lostCount"), 4);
  EXPECT_EQ(batches.at("lost").size(), 2U);
  EXPECT_EQ(batches.at("lost").at(0), batches.at("at").at(1));
}

TEST(Report, AnEpochThatBrokeOffKeepsItsPlace) {
  History history = counting(2, 4);
  history.steps.resize(6);
  history.epochs[1].complete = false;
  const json run = told_of(history);
  EXPECT_EQ(run.at("batches").at("at").back(), 1.5);
  EXPECT_EQ(run.at("epochs").at("complete"), 1);
  // Before its first step was completed nothing is known of it.
  history.epochs[1].steps = 0;
  EXPECT_TRUE(told_of(history).at("epochs").at("loss").at(1).is_null());
}

TEST(Report, AnEpochThatBrokeOffAfterResumingKeepsItsPlace) {
  History history = counting(3, 4);
  history.steps.erase(history.steps.begin(), history.steps.begin() + 4);  // The first epoch.
  history.epochs.erase(history.epochs.begin());
  history.steps.resize(6);
  history.epochs[1].complete = false;
  EXPECT_EQ(told_of(history).at("batches").at("at").back(), 2.5);
}

TEST(Report, FiltersAreScaledByTheirLargestWeight) {
  History history;
  history.filters = Array<float>::from_shape({2, 1, 1, 3});
  const float weights[] = {0.5F, 0, -0.25F, NAN, 2, 2};
  std::copy(std::begin(weights), std::end(weights), history.filters.begin());
  const json filters = told_of(history).at("filters");
  EXPECT_EQ(filters.at("count"), 2);
  // 128 + 127 = ff, 128 = 80, 128 − 63.5 rounds to 64 = 40; a weight that is no number is 00.
  EXPECT_EQ(filters.at("levels"), "ff804000ffff");
}

TEST(Report, OtherNumbersOfChannelsAreImagesEach) {
  History history;
  history.filters = Array<float>::from_shape({2, 4, 5, 5});
  history.filters.fill(1);
  const json filters = told_of(history).at("filters");
  EXPECT_EQ(filters.at("count"), 8);
  EXPECT_EQ(filters.at("channels"), 1);
  history.filters = Array<float>::from_shape({2, 3, 5, 5});
  history.filters.fill(0);
  EXPECT_EQ(told_of(history).at("filters").at("count"), 2);
  EXPECT_TRUE(told_of(History{}).at("filters").is_null());
}

TEST(Report, SharesOfHistogramsAreInThousandths) {
  History history = counting(1, 1);
  history.epochs[0].layers = {{"1", "ReLU", 4, {0, 2, {1, 3, 0}, 1, 0.5}, {}, 0, 0}};
  const json layer = told_of(history).at("layers").at("named").at(0);
  EXPECT_EQ(layer.at("activations").at(0).at("shares").get<std::vector<double>>(),
            (std::vector<double>{250, 750, 0}));
  EXPECT_TRUE(layer.at("gradients").empty());
}

TEST(Report, ConfusionIsListedByCells) {
  History history;
  history.classes = 2;
  history.confusion = {3, 0, 1, 4};
  EXPECT_EQ(told_of(history).at("confusion").get<std::vector<int>>(),
            (std::vector<int>{0, 3, 2, 1, 3, 4}));
}

TEST(Report, TellsWhatTheDiagnosisFinds) {
  History history = counting(3, 10);
  history.steps[0].loss = 1;
  for (train::EpochRecord& epoch : history.epochs) epoch.accuracy = 0.1;
  const auto findings = train::diagnose(history);
  ASSERT_FALSE(findings.empty());
  const json told = told_of(history).at("diagnosis");
  ASSERT_EQ(told.size(), findings.size());
  EXPECT_EQ(told.at(0).at("problem"), to_string(findings[0].problem));
  EXPECT_EQ(told.at(0).at("text"), findings[0].text);
}

TEST(Report, LongAndLargeRunsStaySmall) {
  History history = counting(1000, 20);
  const std::vector<std::int64_t> counts(64, 12345);
  for (train::EpochRecord& epoch : history.epochs) {
    for (int i = 0; i < 20; ++i) {
      epoch.parameters.push_back({std::to_string(i), {3, 3}, 0.0012345678, 1, 1, true, true, {}});
      epoch.layers.push_back({std::to_string(i),
                              "ReLU",
                              4,
                              {-1, 1, counts, 0, 1},
                              {-1, 1, counts, 0, 1},
                              0.123456789,
                              0});
    }
  }
  history.filters = Array<float>::from_shape({512, 3, 64, 64});
  history.filters.fill(1);
  EXPECT_LT((Report{"", {history, history, history}}).json().size(), 4'500'000U);
}

TEST(Report, SavesByTheEndingOfTheName) {
  const TempFolder folder;
  const Report report{"title", {counting(1, 2)}};
  report.save(folder.path("run.json"));
  EXPECT_EQ(content_of(folder.path("run.json")), report.json());
  EXPECT_THROW(report.save(folder.path("run.png")), ValueError);
  EXPECT_THROW(report.save(folder.path("none/run.json")), FileError);
  try {
    report.save(folder.path("run.html"));
    EXPECT_NE(content_of(folder.path("run.html")).find("together"), std::string::npos);
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("npm"), std::string::npos);
  }
}

}  // namespace
}  // namespace tapegrad::testing
