#pragma once

#include <cstdint>
#include <vector>

#include <tapegrad/data/dataset.hpp>
#include <tapegrad/train/nearest_neighbors.hpp>

namespace tapegrad::train {

/// The nearest-neighbour classifier: a sample gets the label that most of its k nearest training
/// samples have. Training is remembering; all work is done when it predicts.
///
///     train::KNeighborsClassifier classifier(training, 5);
///     classifier.accuracy(test);
class KNeighborsClassifier {
 public:
  /// Remembers the training samples; move them in to avoid a copy. Throws ValueError unless k is
  /// from 1 to their number, and what NearestNeighbors and `Dataset::validate` throw.
  KNeighborsClassifier(data::Dataset training, std::int64_t k, Metric metric = Metric::l2);

  /// A label for each of Q samples (Q, …); see Neighbors::vote. Throws as
  /// NearestNeighbors::kneighbors.
  std::vector<int> predict(const Array<float>& samples) const;

  /// The share of samples whose predicted label is their own. Throws as `predict`, ValueError for
  /// no samples, and what `Dataset::validate` throws.
  double accuracy(const data::Dataset& dataset) const;

  /// The search behind it, whose neighbours can be looked at.
  const NearestNeighbors& search() const { return search_; }

 private:
  /// Says that the training samples have been looked at.
  struct Checked {};
  KNeighborsClassifier(data::Dataset&& training, std::int64_t k, Metric metric, Checked checked);

  std::vector<int> labels_;
  std::int64_t k_;
  NearestNeighbors search_;
};

}  // namespace tapegrad::train
