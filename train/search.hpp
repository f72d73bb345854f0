#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>

namespace tapegrad::train {

/// From where a hyper-parameter is drawn. Random places find a good value with fewer trials than a
/// grid does, since each trial tries another value of every one that matters.
/// Source: Bergstra and Bengio, Random Search for Hyper-Parameter Optimization, 2012.
struct Range {
  std::string name;          ///< `lr`, say: letters, digits and underscores.
  double low;                ///< The least value.
  double high;               ///< The largest one.
  bool logarithmic = false;  ///< Whether logarithms are spread evenly, or the values themselves.

  /// 10^U(log₁₀ low, log₁₀ high): for learning rates and strengths of penalties, which act as
  /// factors. 1e-6 to 10 is wide enough to begin with.
  static Range log_uniform(std::string name, double low, double high);
  /// U(low, high): for the probability of dropout.
  static Range uniform(std::string name, double low, double high);

  /// The value at a share of the way from low to high, along the logarithm if it is one.
  double at(double share) const;
  /// The share of the way at which a value lies; the inverse of `at`.
  double share(double value) const;
};

/// How far some trials go.
struct Stage {
  int epochs;  ///< In all, those of earlier stages included.
  int trials;  ///< How many of the best take part; in the first stage, how many are begun.
};

/// A search for hyper-parameters, coarse to fine.
struct SearchOptions {
  /// Where workers and their master meet; it is made if it is missing. A search that was
  /// interrupted goes on from what lies there.
  std::string folder;
  std::vector<Range> ranges;  ///< What is searched.
  /// First many trials for a short time, then the best few for longer.
  std::vector<Stage> stages = {{1, 20}, {5, 6}, {20, 2}};
  std::uint64_t seed = 0;  ///< Of all that is drawn.
  /// Whatever else results depend on, as words. A search only goes on with the same.
  std::map<std::string, std::string> settings = {};
};

/// Values by name, in the order of SearchOptions::ranges.
using HyperParameters = std::vector<std::pair<std::string, double>>;

/// What a worker is to do.
struct Trial {
  int number;                  ///< From 0.
  int stage;                   ///< From 0.
  int epochs;                  ///< Of its stage.
  std::uint64_t seed;          ///< For its weights and the order of its samples.
  HyperParameters parameters;  ///< Drawn by the search's seed and this trial's number alone.
  /// For CheckpointOptions::folder: its own, the same in all stages. So a later stage goes on where
  /// the one before ended, and so does the worker that takes over from one that died.
  std::string folder;

  /// One of its values. Throws ValueError if there is none of this name.
  double operator[](const std::string& name) const;
};

/// What came out of a trial.
struct TrialResult {
  double score = 0;            ///< On validation data; more is better. NaN ranks last.
  NamedParameters state = {};  ///< What to keep: nn::state_dict of the model, say.
  std::map<std::string, double> statistics =
      {};  ///< Whatever else is worth a column, named as ranges are.
};

/// Trains with a trial's parameters up to its number of epochs.
using Objective = std::function<TrialResult(const Trial&)>;

/// Does one trial after another until the search is finished: takes one that nobody works on,
/// calls the objective, and writes a checkpoint named with its score. Any number of processes may
/// do this in one folder; a trial whose worker died is free at once and goes on from its
/// checkpoint. A trial whose loss is no longer a number, as NonFiniteError says, ends with a score
/// of NaN. Throws ValueError for options that make no sense, or if the folder holds another search;
/// FileError if it cannot be written to; what the objective throws.
void run_worker(const SearchOptions& options, const Objective& objective);

/// How a search stands.
struct SearchProgress {
  int finished;      ///< Trials, each stage counting by itself.
  int all;           ///< How many there will be.
  double best;       ///< The best score so far in the latest stage; NaN before there is one.
  int workers_lost;  ///< How many have died and were replaced.
};

/// Called when a trial has been finished.
using SearchMonitor = std::function<void(const SearchProgress&)>;

/// The master of a search: starts `workers` processes by a command, which is to call run_worker
/// with the same options, replaces those that are killed, and returns when all trials are finished.
/// Workers that outlive their master go on; the next master counts them among its own. Throws as
/// run_worker; Error if a worker ends with an exit code other than 0, if many end in any way and
/// nothing is finished in between, or if a master works on this search already. Then, as when the
/// monitor throws, all workers it has started are stopped; what was finished stays.
void run_search(const SearchOptions& options, const std::vector<std::string>& command, int workers,
                const SearchMonitor& monitor = {});

}  // namespace tapegrad::train
