#include <tapegrad/train/detail/search_folder.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <tapegrad/autograd/detail/file.hpp>
#include <tapegrad/ops/philox.hpp>
#include <tapegrad/train/checkpoint.hpp>
#include <tapegrad/train/detail/search_json.hpp>

namespace tapegrad::detail {

namespace {

namespace fs = std::filesystem;
using train::Range;
using train::SearchOptions;
using train::Stage;
using train::Trial;

constexpr std::uint64_t search_stream = 0x73656172'00000000;  // "sear", see NOTE [Random numbers]

std::string within(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / name).string();
}

bool is_word(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void check(const SearchOptions& options) {
  if (options.folder.empty()) throw ValueError("[search] needs a folder, got an empty name");
  if (options.ranges.empty()) throw ValueError("[search] needs ranges to draw from, got none");
  std::set<std::string> names;
  for (const Range& range : options.ranges) {
    if (!is_word(range.name) || !names.insert(range.name).second) {
      throw ValueError(
          "[search] needs ranges with names of letters, digits and underscores, each once; got '" +
          range.name + "'");
    }
    if (!(range.low < range.high) || !std::isfinite(range.low) || !std::isfinite(range.high) ||
        (range.logarithmic && !(range.low > 0))) {
      throw ValueError(
          fmt::format("[search] needs {} from a low to a higher number{}, got {} to {}", range.name,
                      range.logarithmic ? ", both above 0" : "", range.low, range.high));
    }
  }
  if (options.stages.empty()) throw ValueError("[search] needs at least one stage, got none");
  const Stage* before = nullptr;
  for (const Stage& stage : options.stages) {
    if (stage.epochs < 1 || stage.trials < 1 || stage.trials > 9999 ||
        (before != nullptr && (stage.epochs <= before->epochs || stage.trials > before->trials))) {
      throw ValueError(fmt::format(
          "[search] needs stages of 1 to 9999 trials, later ones with more epochs and no more "
          "trials; got {} epochs of {} trials{}",
          stage.epochs, stage.trials,
          before != nullptr ? fmt::format(" after {} of {}", before->epochs, before->trials) : ""));
    }
    before = &stage;
  }
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error && !fs::is_directory(path)) {
    Origin{"search", path}.fail("needs a folder to meet in; it cannot be made ({}); name another",
                                error.message());
  }
}

// Around the score in the name of a result, see NOTE [The folder of a search].
constexpr const char* score_mark = "_score-";
constexpr const char* trial_mark = "_trial-";

std::string result_ending(int trial) {
  return fmt::format("{}{:04}.safetensors", trial_mark, trial);
}

std::string result_beginning(int stage) {
  return fmt::format("stage-{}{}", stage + 1, score_mark);
}

/// A score in the name of a file: four decimals as long as that is short, names may have 255 bytes.
std::string score_text(double score) {
  if (std::isnan(score)) return "none";
  return std::abs(score) < 1e6 ? fmt::format("{:.4f}", score) : fmt::format("{:.6g}", score);
}

}  // namespace

SearchFolder::SearchFolder(const SearchOptions& options) : options_(options) {
  check(options);
  for (const char* name : {"claims", "trials", "results"}) {
    make_folder(within(options.folder, name));
  }
  remove_unfinished(within(options.folder, "results"));
  const Origin origin{"search", within(options.folder, "search.json")};
  const std::string ours = to_json(options);
  // Of two that come at the same time, with other options, one must find what the other has
  // written.
  const LockFile lock = wait_for("search");
  if (!fs::exists(origin.path)) write_file(origin, ours);
  if (const std::string theirs = read_file(origin); theirs != ours) {
    throw ValueError("[search] needs a folder of its own; in " + options.folder +
                     " is a search with other ranges, stages, seed or settings: " +
                     search_differences(theirs, ours) + "; name another folder");
  }
}

std::vector<Trial> SearchFolder::trials(int stage, const train::SearchResults& results) const {
  const Stage& now = options_.stages[static_cast<std::size_t>(stage)];
  std::vector<int> numbers;
  for (int number = 0; stage == 0 && number < now.trials; ++number) numbers.push_back(number);
  if (stage > 0) {
    for (const train::TrialRecord& record : results.ranked(stage - 1)) {
      if (static_cast<int>(numbers.size()) < now.trials) numbers.push_back(record.trial);
    }
    std::sort(numbers.begin(), numbers.end());
  }
  std::vector<Trial> trials;
  trials.reserve(numbers.size());
  for (const int number : numbers) {
    // A stream per trial: its values first, its seed after them.
    const std::uint64_t stream = search_stream + static_cast<std::uint64_t>(number);
    Generator generator(options_.seed, stream);
    Trial trial{number, stage, now.epochs, 0, {}, {}};
    for (const Range& range : options_.ranges) {
      trial.parameters.emplace_back(range.name, range.at(generator.uniform()));
    }
    trial.seed = generator.next();
    trial.folder = within(options_.folder, fmt::format("trials/{:04}", number));
    trials.push_back(std::move(trial));
  }
  return trials;
}

train::SearchResults SearchFolder::results() const {
  return train::search_results(options_.folder);
}

SearchFolder::Standing SearchFolder::standing() const {
  Standing standing{0, std::numeric_limits<double>::quiet_NaN()};
  int latest = 0;
  for (const auto& entry : fs::directory_iterator(within(options_.folder, "results"))) {
    const std::string name = entry.path().filename().string();
    const std::size_t score_at = name.find(score_mark), trial_at = name.rfind(trial_mark);
    int stage = 0;
    if (std::sscanf(name.c_str(), "stage-%d_", &stage) != 1 || score_at == std::string::npos ||
        trial_at == std::string::npos || trial_at < score_at) {
      continue;
    }
    const std::size_t score_begin = score_at + std::strlen(score_mark);
    const std::string score = name.substr(score_begin, trial_at - score_begin);
    ++standing.finished;
    if (stage < latest) continue;
    if (stage > latest) standing.best = std::numeric_limits<double>::quiet_NaN();
    latest = stage;
    if (score != "none") {
      standing.best = std::fmax(standing.best, std::strtod(score.c_str(), nullptr));
    }
  }
  return standing;
}

bool SearchFolder::is_finished(const Trial& trial) const {
  const std::string beginning = result_beginning(trial.stage), ending = result_ending(trial.number);
  for (const auto& entry : fs::directory_iterator(within(options_.folder, "results"))) {
    const std::string name = entry.path().filename().string();
    if (name.size() > beginning.size() + ending.size() &&
        name.compare(0, beginning.size(), beginning) == 0 &&
        name.compare(name.size() - ending.size(), ending.size(), ending) == 0) {
      return true;
    }
  }
  return false;
}

std::optional<LockFile> SearchFolder::claim(const Trial& trial) const {
  return claim(fmt::format("trial-{:04}", trial.number));
}

std::optional<LockFile> SearchFolder::claim(const std::string& what) const {
  return LockFile::try_lock({"search", within(options_.folder, "claims/" + what)});
}

LockFile SearchFolder::wait_for(const std::string& what) const {
  for (;;) {
    if (std::optional<LockFile> claimed = claim(what)) return std::move(*claimed);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void SearchFolder::finish(const Trial& trial, const train::TrialResult& result,
                          const std::string& error, double seconds) const {
  for (const auto& [statistic, value] : result.statistics) {
    if (is_word(statistic)) continue;
    throw ValueError(
        "[search] needs statistics with names of letters, digits and underscores; got '" +
        statistic + "'");
  }
  train::TrialRecord record;
  record.trial = trial.number;
  record.stage = trial.stage;
  record.epochs = trial.epochs;
  record.parameters = trial.parameters;
  record.score = result.score;
  record.error = error;
  record.seconds = seconds;
  record.statistics = result.statistics;
  train::Checkpoint checkpoint;
  checkpoint.words["record"] = to_json(record);
  for (const auto& [name, value] : result.state) {
    checkpoint.values.emplace_back("state." + name, value);
  }
  const std::string name =
      result_beginning(trial.stage) + score_text(result.score) + result_ending(trial.number);
  train::save_checkpoint(within(within(options_.folder, "results"), name), checkpoint);
}

}  // namespace tapegrad::detail
