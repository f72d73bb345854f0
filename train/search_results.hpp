#pragma once

#include <map>
#include <string>
#include <vector>

#include <tapegrad/train/search.hpp>

namespace tapegrad::train {

/// A trial that was finished in some stage.
struct TrialRecord {
  int trial = 0;                                  ///< Its number.
  int stage = 0;                                  ///< From 0.
  int epochs = 0;                                 ///< That it was trained.
  HyperParameters parameters = {};                ///< With these.
  double score = 0;                               ///< NaN if its loss was no number.
  std::string error = {};                         ///< Then what was said; otherwise empty.
  double seconds = 0;                             ///< Of the last worker's time in this stage.
  std::map<std::string, double> statistics = {};  ///< Whatever else the objective has told.
  /// The checkpoint: load_checkpoint(path).part("state") is what the objective kept.
  std::string path = {};
};

/// What a search has found.
struct SearchResults {
  std::string title = "Hyper-parameter search";  ///< Above the picture.
  std::vector<Range> ranges;                     ///< What was searched.
  std::vector<Stage> stages;                     ///< How.
  std::vector<TrialRecord> records;              ///< By stage, then by trial.

  /// The records of one stage, best first; of equal scores the lower number comes first.
  std::vector<TrialRecord> ranked(int stage) const;
  /// The last record of each trial: who got farthest first, then the best.
  std::vector<TrialRecord> ranked() const;
  /// One text for each parameter whose best value, that of the first trial of ranked(), lies within
  /// 5 % of its range's width of an edge: better ones may lie beyond.
  std::vector<std::string> warnings() const;

  /// The first of ranked() as lines of text, with the warnings.
  std::string to_table(int most = 10) const;
  /// A table with a header: a row per record, in the order of ranked(), earlier stages after it.
  std::string csv() const;
  /// The same, each row an object on a line of its own.
  std::string jsonl() const;
  /// A page in one file that needs no network: the first two parameters against each other,
  /// coloured by score, and the score over each parameter. Throws Error if the library was built
  /// without npm, which bundles the page.
  std::string html() const;
  /// Writes what the name's ending says: `.csv`, `.jsonl` or `.html`. Throws ValueError for another
  /// ending, FileError if it cannot be written, and as html().
  void save(const std::string& path) const;
};

/// What lies in the folder of a search, finished or not. Throws FileError if none was begun there
/// or a file is damaged.
SearchResults search_results(const std::string& folder);

}  // namespace tapegrad::train
