#pragma once

#include <string>
#include <vector>

#include <tapegrad/train/diagnosis.hpp>
#include <tapegrad/train/history.hpp>

namespace tapegrad::train {

/// Runs of training in one picture: loss per batch and per epoch, accuracies, learning rates and
/// settings side by side; of each run diagnosis, update ratios, dead and saturated shares,
/// histograms of activations and gradients over time, filters of the first layer and the confusion
/// matrix.
///
///     train::Report report{"Spiral", {recorder.history()}};
///     report.save("report.html");
struct Report {
  std::string title = "Training";       ///< Above all.
  std::vector<History> runs = {};       ///< In the order of the legend.
  DiagnosisThresholds thresholds = {};  ///< Of what `diagnose` says of each run.

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
