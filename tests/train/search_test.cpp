// Search for hyper-parameters: what is drawn, what is ranked, and processes that are killed.

#include <tapegrad/train/search.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/ops/philox.hpp>
#include <tapegrad/train/checkpoint.hpp>
#include <tapegrad/train/detail/lock_file.hpp>
#include <tapegrad/train/detail/search_folder.hpp>
#include <tapegrad/train/search_results.hpp>

#include "support/child_process.hpp"
#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::testing {
namespace {

namespace fs = std::filesystem;
using train::Range;
using train::SearchOptions;
using train::SearchResults;
using train::Trial;
using train::TrialResult;

SearchOptions small(const std::string& folder) {
  SearchOptions options;
  options.folder = folder;
  options.ranges = {Range::log_uniform("lr", 1e-6, 10), Range::uniform("dropout", 0, 0.5)};
  options.stages = {{1, 30}, {5, 4}, {9, 2}};
  options.seed = 7;
  return options;
}

// --- Ranges -----------------------------------------------------------------------------------

TEST(Search, RangesHaveTheirEndsAndTheirMiddle) {
  const Range lr = Range::log_uniform("lr", 1e-6, 10), dropout = Range::uniform("p", 0.2, 0.6);
  EXPECT_NEAR(lr.at(0), 1e-6, 1e-18);
  EXPECT_NEAR(lr.at(1), 10, 1e-12);
  EXPECT_NEAR(lr.at(0.5), std::pow(10, -2.5), 1e-12);  // 10^U(−6, 1)
  EXPECT_NEAR(dropout.at(0.5), 0.4, 1e-15);
  for (const double share : {0.0, 0.3, 1.0}) {
    EXPECT_NEAR(lr.share(lr.at(share)), share, 1e-12);
    EXPECT_NEAR(dropout.share(dropout.at(share)), share, 1e-12);
  }
}

/// Trials as an objective gets them, in the order in which they are done.
std::vector<Trial> trials_of(const SearchOptions& options) {
  std::vector<Trial> trials;
  train::run_worker(options, [&](const Trial& trial) {
    trials.push_back(trial);
    return TrialResult{-std::abs(std::log10(trial["lr"]) + 2)};
  });
  return trials;
}

TEST(Search, LogarithmsAreSpreadEvenly) {
  const TempFolder folder;
  SearchOptions options = small(folder.path("search"));
  options.stages = {{1, 140}};
  std::vector<int> decades(7);
  double sum = 0;
  for (const Trial& trial : trials_of(options)) {
    const double power = std::log10(trial["lr"]);
    ASSERT_GE(power, -6);
    ASSERT_LT(power, 1);
    ++decades[static_cast<std::size_t>(power + 6)];
    sum += trial["dropout"];
    ASSERT_GE(trial["dropout"], 0);
    ASSERT_LT(trial["dropout"], 0.5);
  }
  // 20 ± 4 a decade, a mean of 0.25 ± 0.012, and more than three standard deviations of room.
  for (const int count : decades) EXPECT_NEAR(count, 20, 14);
  EXPECT_NEAR(sum / 140, 0.25, 0.05);
}

TEST(Search, SeedAndNumberDecideATrial) {
  const TempFolder folder;
  const std::vector<Trial> first = trials_of(small(folder.path("a")));
  SearchOptions more = small(folder.path("b"));
  more.stages = {{1, 40}, {5, 4}};
  const std::vector<Trial> again = trials_of(more);
  SearchOptions other = small(folder.path("c"));
  other.seed = 8;
  const std::vector<Trial> others = trials_of(other);
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(first[i].number, static_cast<int>(i));
    EXPECT_EQ(first[i].parameters, again[i].parameters);
    EXPECT_EQ(first[i].seed, again[i].seed);
    EXPECT_NE(first[i].parameters, others[i].parameters);
  }
  EXPECT_THROW(first[0]["momentum"], ValueError);
}

// --- Stages and ranking -----------------------------------------------------------------------

TEST(Search, TheBestFewGoOn) {
  const TempFolder folder;
  const std::vector<Trial> trials = trials_of(small(folder.path("search")));
  ASSERT_EQ(trials.size(), 36U);
  const auto distance = [](const Trial& trial) { return std::abs(std::log10(trial["lr"]) + 2); };
  std::vector<Trial> sorted(trials.begin(), trials.begin() + 30);
  std::sort(sorted.begin(), sorted.end(),
            [&](const Trial& a, const Trial& b) { return distance(a) < distance(b); });
  std::set<int> best, entered;
  for (std::size_t i = 0; i < 4; ++i) {
    best.insert(sorted[i].number);
    entered.insert(trials[30 + i].number);
    EXPECT_EQ(trials[30 + i].epochs, 5);
    EXPECT_EQ(trials[30 + i].folder,
              trials[static_cast<std::size_t>(trials[30 + i].number)].folder);
  }
  EXPECT_EQ(entered, best);

  const SearchResults results = train::search_results(folder.path("search"));
  EXPECT_EQ(results.records.size(), 36U);
  const auto ranking = results.ranked();
  ASSERT_EQ(ranking.size(), 30U);
  EXPECT_EQ(ranking[0].trial, sorted[0].number);
  EXPECT_EQ(ranking[0].epochs, 9);
  EXPECT_EQ(ranking[1].trial, sorted[1].number);
  EXPECT_EQ(ranking[2].trial, sorted[2].number);
  EXPECT_EQ(ranking[2].epochs, 5);
  EXPECT_EQ(ranking[29].trial, sorted[29].number);
  EXPECT_EQ(results.ranked(0).size(), 30U);
  EXPECT_TRUE(results.warnings().empty());
}

TEST(Search, FilesAreNamedWithTheirScores) {
  const TempFolder folder;
  SearchOptions options = small(folder.path("search"));
  options.stages = {{1, 2}};
  const Array<double> weights = {1, 2};
  train::run_worker(options, [&](const Trial& trial) {
    return TrialResult{
        trial.number == 0 ? 0.87311 : 0.5, {{"w", Parameter(weights, f32)}}, {{"loss", 0.25}}};
  });
  const std::string path =
      folder.path("search/results/stage-1_score-0.8731_trial-0000.safetensors");
  ASSERT_TRUE(fs::exists(path));
  EXPECT_TRUE(
      fs::exists(folder.path("search/results/stage-1_score-0.5000_trial-0001.safetensors")));
  const auto best = train::search_results(options.folder).ranked().front();
  EXPECT_EQ(best.path, path);
  EXPECT_EQ(best.score, 0.87311);
  EXPECT_EQ(best.statistics.at("loss"), 0.25);
  EXPECT_EQ(train::load_checkpoint(path).part("state")[0].second.value(), weights);
}

TEST(Search, ScoresOfAnySizeAreCounted) {
  const TempFolder folder;
  SearchOptions options = small(folder.path("search"));
  const std::vector<double> scores = {-1e26, 1e212, std::numeric_limits<double>::infinity(), -0.5,
                                      std::nan("")};
  options.stages = {{1, static_cast<int>(scores.size())}};
  const tapegrad::detail::SearchFolder search(options);
  for (const Trial& trial : search.trials(0, {})) {
    search.finish(trial, {scores[static_cast<std::size_t>(trial.number)]}, "", 0);
    EXPECT_TRUE(search.is_finished(trial));
    EXPECT_EQ(search.standing().finished, trial.number + 1);
    const auto done = scores.begin() + trial.number + 1;
    if (trial.number < 3) {
      EXPECT_EQ(search.standing().best, *std::max_element(scores.begin(), done));
    }
  }
  EXPECT_EQ(search.standing().best, scores[2]);
  EXPECT_TRUE(
      fs::exists(folder.path("search/results/stage-1_score--1e+26_trial-0000.safetensors")));
  EXPECT_TRUE(
      fs::exists(folder.path("search/results/stage-1_score--0.5000_trial-0003.safetensors")));
}

TEST(Search, ATrialThatDivergesRanksLast) {
  const TempFolder folder;
  SearchOptions options = small(folder.path("search"));
  options.stages = {{1, 3}, {2, 2}};
  train::run_worker(options, [&](const Trial& trial) -> TrialResult {
    if (trial.number == 0) throw NonFiniteError("the loss is nan");
    return {-1.0 * trial.number};
  });
  const SearchResults results = train::search_results(options.folder);
  ASSERT_EQ(results.ranked(0).size(), 3U);
  EXPECT_EQ(results.ranked(0)[2].trial, 0);
  EXPECT_TRUE(std::isnan(results.ranked(0)[2].score));
  EXPECT_EQ(results.ranked(0)[2].error, "the loss is nan");
  EXPECT_EQ(results.ranked(1)[0].trial, 1);
  EXPECT_NE(results.csv().find("\n1,0,1,,"), std::string::npos);
}

TEST(Search, WarnsAtTheEdgesOfRanges) {
  SearchResults results;
  results.ranges = {Range::log_uniform("lr", 1e-6, 10), Range::log_uniform("lambda", 1e-6, 10),
                    Range::uniform("dropout", 0, 0.5)};
  // 5 % of seven decades are 0.35 of one.
  const auto warnings = [&](double lr, double lambda, double dropout) {
    results.records = {{0, 0, 1, {{"lr", lr}, {"lambda", lambda}, {"dropout", dropout}}, 0.9},
                       {1, 0, 1, {{"lr", 1e-6}, {"lambda", 1e-6}, {"dropout", 0.5}}, 0.1}};
    return results.warnings();
  };
  EXPECT_TRUE(warnings(1e-3, 3e-6, 0.03).empty());
  EXPECT_TRUE(warnings(4, 1e-2, 0.47).empty());
  std::vector<std::string> texts = warnings(5, 2e-6, 0.25);
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_NE(texts[0].find("best lr is 5, at the upper edge of 1e-06 to 10"), std::string::npos);
  EXPECT_NE(texts[1].find("best lambda is 2e-06, at the lower edge"), std::string::npos);
  texts = warnings(1e-3, 1e-3, 0.49);
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_NE(texts[0].find("dropout"), std::string::npos);
  EXPECT_NE(results.to_table().find("warning: the best dropout"), std::string::npos);
}

TEST(Search, TablesHoldEveryRecord) {
  SearchResults results;
  results.ranges = {Range::log_uniform("lr", 1e-6, 10)};
  results.records = {{0, 0, 1, {{"lr", 0.5}}, 0.25, "", 1.5, {{"loss", 2.0}}},
                     {1, 0, 1, {{"lr", 0.125}}, 0.75, "", 2, {}},
                     {1, 1, 5, {{"lr", 0.125}}, 0.8, "", 3, {{"loss", 1.0}}}};
  EXPECT_EQ(results.csv(),
            "stage,trial,epochs,score,lr,loss,seconds\n"
            "2,1,5,0.8,0.125,1,3.000\n"
            "1,1,1,0.75,0.125,,2.000\n"
            "1,0,1,0.25,0.5,2,1.500\n");
  const std::string lines = results.jsonl();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
  EXPECT_EQ(lines.find(R"({"trial":1,"stage":2,"epochs":5,"score":0.8,"parameters":{"lr":0.125})"),
            0U);
  EXPECT_EQ(results.to_table(1),
            "trial epochs    score         lr\n"
            "    1      5   0.8000      0.125\n");
  const TempFolder folder;
  results.save(folder.path("a.csv"));
  EXPECT_EQ(content_of(folder.path("a.csv")), results.csv());
  expect_error<ValueError>([&] { results.save(folder.path("a.txt")); }, {"[search]", ".csv"});
}

// --- What it refuses --------------------------------------------------------------------------

TEST(Search, OptionsThatMakeNoSense) {
  const TempFolder folder;
  const auto refused = [&](auto change, const std::vector<std::string>& words) {
    SearchOptions options = small(folder.path("search"));
    change(options);
    expect_error<ValueError>([&] { trials_of(options); }, words);
  };
  refused([](SearchOptions& o) { o.folder = ""; }, {"[search]", "folder"});
  refused([](SearchOptions& o) { o.ranges.clear(); }, {"ranges", "none"});
  refused([](SearchOptions& o) { o.ranges[0].low = 0; }, {"lr", "above 0", "0 to 10"});
  refused([](SearchOptions& o) { o.ranges[1].high = 0; }, {"dropout", "0 to 0"});
  refused([](SearchOptions& o) { o.ranges[1].name = "lr"; }, {"each once", "'lr'"});
  refused([](SearchOptions& o) { o.ranges[1].name = "a,b"; }, {"'a,b'"});
  refused([](SearchOptions& o) { o.stages.clear(); }, {"stage"});
  refused([](SearchOptions& o) { o.stages[1].trials = 31; }, {"5 epochs of 31", "1 of 30"});
  refused([](SearchOptions& o) { o.stages[1].epochs = 1; }, {"more epochs"});
  EXPECT_FALSE(fs::exists(folder.path("search")));
  const SearchOptions options = small(folder.path("search"));
  expect_error<ValueError>([&] { train::run_worker(options, {}); }, {"objective"});
  expect_error<ValueError>([&] { train::run_search(options, {}, 1); }, {"command"});
  expect_error<ValueError>([&] { train::run_search(options, {"x"}, 0); }, {"0 workers"});
}

TEST(Search, FoldersThatCannotBeUsed) {
  const TempFolder folder;
  folder.write("file", "x");
  expect_error<FileError>([&] { trials_of(small(folder.path("file"))); }, {"[search]", "folder"});
  expect_error<FileError>([&] { train::search_results(folder.path("none")); }, {"search.json"});
  trials_of(small(folder.path("search")));
  SearchOptions other = small(folder.path("search"));
  other.seed = 8;
  other.stages[0].trials = 31;
  expect_error<ValueError>([&] { trials_of(other); },
                           {"[search]", "seed was 7 and is 8", "stages was", "another folder"});
  folder.write("search/search.json", "{");
  expect_error<ValueError>([&] { trials_of(small(folder.path("search"))); }, {"not readable"});
  expect_error<FileError>([&] { train::search_results(folder.path("search")); },
                          {"[search]", "something else"});
}

TEST(Search, OfTwoThatComeAtOnceOneNoticesTheOther) {
  for (int round = 0; round < 30; ++round) {
    const TempFolder folder;
    std::atomic<int> ready{0}, refused{0};
    const auto join = [&](std::uint64_t seed) {
      SearchOptions options = small(folder.path("search"));
      options.seed = seed;
      ++ready;
      while (ready < 2) std::this_thread::yield();
      try {
        const tapegrad::detail::SearchFolder search(options);
      } catch (const ValueError&) {
        ++refused;
      }
    };
    std::thread other(join, 1);
    join(2);
    other.join();
    ASSERT_EQ(refused, 1) << "round " << round;
  }
}

TEST(Search, WordsThatAreNoUtf8) {
  const TempFolder folder;
  SearchOptions options = small(folder.path("search"));
  options.settings = {{"data", "caf\xe9"}};
  EXPECT_EQ(trials_of(options).size(), 36U);
  EXPECT_EQ(trials_of(options).size(), 0U);  // It is the same search.
}

TEST(Search, WhatTheObjectiveThrowsLeavesTheTrialToOthers) {
  const TempFolder folder;
  SearchOptions options = small(folder.path("search"));
  options.stages = {{1, 3}};
  int done = 0;
  EXPECT_THROW(train::run_worker(options,
                                 [&](const Trial&) -> TrialResult {
                                   if (++done == 2) throw ValueError("x");
                                   return {1};
                                 }),
               ValueError);
  EXPECT_EQ(trials_of(options).size(), 2U);
  EXPECT_EQ(train::search_results(options.folder).records.size(), 3U);
}

TEST(Search, WorkersThatFailEndTheSearch) {
  const TempFolder folder;
  const SearchOptions options = small(folder.path("search"));
  expect_error<Error>([&] { train::run_search(options, {"/bin/false"}, 2); },
                      {"[search]", "exit code 1", "/bin/false"});
  expect_error<Error>([&] { train::run_search(options, {"/bin/true"}, 2); },
                      {"[search]", " ended, 0 of them killed", "/bin/true"});
  expect_error<Error>([&] { train::run_search(options, {"/no/such/program"}, 2); },
                      {"[search]", "/no/such/program", "cannot be started"});
}

// --- Processes ----------------------------------------------------------------------------------

/// The workers of a search, whoever has started them, as the system tells.
std::vector<pid_t> workers_of(const std::string& folder) {
  using namespace std::string_literals;
  const std::string words = "\0worker\0"s + folder + '\0';
  std::vector<pid_t> workers;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (content_of(entry.path().string() + "/cmdline").find(words) != std::string::npos) {
      workers.push_back(std::stoi(name));
    }
  }
  return workers;
}

/// The bits of all weights that a search has kept, by file.
std::map<std::string, std::string> kept(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const train::TrialRecord& record : train::search_results(folder).records) {
    std::string bits;
    for (const auto& [name, value] : train::load_checkpoint(record.path).part("state")) {
      for (const double number : value.value()) bits += std::to_string(number) + ' ';
    }
    const bool is_new = files.emplace(fs::path(record.path).filename().string(), bits).second;
    EXPECT_TRUE(is_new);
  }
  return files;
}

/// Waits for workers that have outlived their master.
void wait_for_workers(const std::string& folder) {
  for (const char* claim : {"/claims/worker-0", "/claims/worker-1"}) {
    while (!tapegrad::detail::LockFile::try_lock({"test", folder + claim})) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
}

TEST(Search, WorkersAndOnceTheMasterAreKilled) {
  const TempFolder folder;
  const std::vector<std::string> quiet = {TAPEGRAD_INTERRUPTED_SEARCH, "master",
                                          folder.path("quiet"), "15"};
  ChildProcess undisturbed(quiet);
  ASSERT_TRUE(undisturbed.ends_within(std::chrono::seconds(60)));
  ASSERT_EQ(undisturbed.exit_code(), 0);

  const std::vector<std::string> disturbed = {TAPEGRAD_INTERRUPTED_SEARCH, "master",
                                              folder.path("disturbed"), "15"};
  Generator generator(
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()));
  std::optional<ChildProcess> master;
  master.emplace(disturbed);
  int killed = 0;
  while (!master->ends_within(std::chrono::milliseconds(10 + generator.below(30)))) {
    if (killed == 5) {
      master->kill();
      master.emplace(disturbed);  // The workers of the first go on beside it.
      ++killed;
    }
    const std::vector<pid_t> workers = workers_of(folder.path("disturbed"));
    if (workers.empty() || killed == 20) continue;
    kill(workers[generator.below(workers.size())], SIGKILL);
    ++killed;
  }
  EXPECT_EQ(master->exit_code(), 0);
  wait_for_workers(folder.path("disturbed"));
  EXPECT_GE(killed, 8);
  RecordProperty("killed", killed);

  // 20 results, none lost or doubled, of the same scores and weights; so for the later stages.
  const SearchResults results = train::search_results(folder.path("disturbed"));
  EXPECT_EQ(results.ranked(0).size(), 20U);
  std::set<std::pair<int, int>> seen;
  for (const auto& record : results.records) seen.emplace(record.stage, record.trial);
  EXPECT_EQ(seen.size(), 27U);
  EXPECT_EQ(results.records.size(), 27U);
  EXPECT_EQ(kept(folder.path("disturbed")), kept(folder.path("quiet")));
}

TEST(Search, OneMasterAtATime) {
  const TempFolder folder;
  const std::vector<std::string> command = {TAPEGRAD_INTERRUPTED_SEARCH, "master",
                                            folder.path("search"), "2"};
  ChildProcess master(command);
  while (!fs::exists(folder.path("search/claims/worker-0"))) {
    ASSERT_FALSE(master.ends_within(std::chrono::milliseconds(1)));
  }
  ChildProcess second(command);
  ASSERT_TRUE(second.ends_within(std::chrono::seconds(20)));
  EXPECT_EQ(second.exit_code(), 1);
  ASSERT_TRUE(master.ends_within(std::chrono::seconds(60)));
  EXPECT_EQ(master.exit_code(), 0);
}

}  // namespace
}  // namespace tapegrad::testing
