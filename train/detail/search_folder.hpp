#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tapegrad/train/detail/lock_file.hpp>
#include <tapegrad/train/search.hpp>
#include <tapegrad/train/search_results.hpp>

/// The folder in which the processes of a search meet.
namespace tapegrad::detail {

// NOTE [The folder of a search]
//   search.json           what is searched, written by whoever comes first
//   claims/trial-0007     held, as a lock, by who works on the trial
//   trials/0007/          its checkpoints while it trains
//   results/stage-1_score-0.8731_trial-0007.safetensors
//                         what a finished stage leaves; the score in the name is for readers and
//                         rounded, the ranking is by that within
//   claims/search         held while search.json is looked for and written
//   claims/worker-0       held by a worker that the master has started, and by no one else
//   claims/master         held by the master
// A trial's stage is finished when its result exists, which appears whole and once: who writes it
// holds the claim and has looked, after taking it, that there is none. All else follows from the
// results: which trials go on is the same for everyone who looks once a stage is finished.

/// What a process of a search reads and writes there.
class SearchFolder {
 public:
  /// Makes the folder, or joins a search that is there. Throws as train::run_worker.
  explicit SearchFolder(const train::SearchOptions& options);

  /// The trials of a stage in order of their numbers, given all results of the stage before.
  std::vector<train::Trial> trials(int stage, const train::SearchResults& results) const;
  /// Everything that is finished.
  train::SearchResults results() const;
  /// How far a search is.
  struct Standing {
    int finished = 0;  ///< Trials, each stage counting by itself.
    double best = 0;   ///< The best score of the latest stage as files' names say; NaN if none.
  };
  /// How far it is, by the names of the results alone.
  Standing standing() const;
  /// Whether this trial's stage is finished.
  bool is_finished(const train::Trial& trial) const;
  /// The right to work on a trial, or nothing if another process has it.
  std::optional<LockFile> claim(const train::Trial& trial) const;
  /// The same for anything else, `worker-0` say.
  std::optional<LockFile> claim(const std::string& what) const;
  /// The same, once whoever has it gives it up.
  LockFile wait_for(const std::string& what) const;
  /// Writes a result. Throws ValueError for the name of a statistic that is no word.
  void finish(const train::Trial& trial, const train::TrialResult& result, const std::string& error,
              double seconds) const;

 private:
  train::SearchOptions options_;
};

}  // namespace tapegrad::detail
