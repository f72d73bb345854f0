#pragma once

#include <tapegrad/data/dataset.hpp>

namespace tapegrad::data {

/// Subtracts from every feature its mean over the training samples: fitted on the training split
/// alone, applied to all splits alike.
class MeanSubtraction {
 public:
  /// Takes the mean of each feature. Throws ValueError for an empty data set, and what
  /// `Dataset::validate` throws.
  explicit MeanSubtraction(const Dataset& training);

  /// x ← x − mean, row by row. Throws ShapeError if the number of features differs, and what
  /// `Dataset::validate` throws.
  void apply(Dataset& dataset) const;

  /// Shape (D).
  const Array<float>& mean() const { return mean_; }

 private:
  Array<float> mean_;
};

}  // namespace tapegrad::data
