#pragma once

#include <string>
#include <vector>

#include <tapegrad/train/history.hpp>

namespace tapegrad::train {

/// A run as a report shows it.
struct ReportedRun {
  History history;                          ///< What was recorded.
  std::vector<std::string> diagnosis = {};  ///< What is to be said about it, a finding each.
};

/// Runs of training in one picture: loss per batch and per epoch, accuracies, learning rates and
/// settings side by side; of each run diagnosis, update ratios, dead and saturated shares,
/// histograms of activations and gradients over time, filters of the first layer and the confusion
/// matrix.
///
///     train::Report report;
///     report.runs = {{recorder.history()}};
///     report.save("report.html");
struct Report {
  std::string title = "Training";      ///< Above all.
  std::vector<ReportedRun> runs = {};  ///< In the order of the legend.

  /// What the page shows, as JSON. Long runs are thinned, so that a page stays below 5 MB: of the
  /// batches at most 400 points with smallest, mean and largest loss each, of epochs, histograms
  /// and filters as many as find room. `save_metrics` writes all.
  std::string json() const;
  /// A page in one file that needs no network. Throws Error if the library was built without npm,
  /// which bundles the page.
  std::string html() const;
  /// Writes what the name's ending says: `.html` or `.json`, completely or not at all. Throws
  /// ValueError for another ending, FileError if it cannot be written, and as html().
  void save(const std::string& path) const;
};

}  // namespace tapegrad::train
