#pragma once

#include <tapegrad/data/dataset.hpp>

namespace tapegrad::data {

/// What MeanSubtraction takes a mean of.
enum class MeanOf {
  feature,  ///< Each feature, or pixel of each channel, by itself: the mean image.
  channel,  ///< All pixels of a colour channel: the mean colour.
  all,      ///< All numbers: the mean brightness.
};

/// Subtracts means over the training samples: fitted on the training split alone, applied to all
/// splits alike.
class MeanSubtraction {
 public:
  /// Takes the means. Throws ValueError for a data set without numbers, ShapeError for the mean of
  /// channels unless samples are images (C, H, W), and what `Dataset::validate` throws.
  explicit MeanSubtraction(const Dataset& training, MeanOf of = MeanOf::feature);

  /// x ← x − mean, sample by sample. Throws ShapeError if samples have another shape than in
  /// training, and what `Dataset::validate` throws.
  void apply(Dataset& dataset) const;

  /// Of each feature, in the shape of a sample; of each channel, (C); or of all, (1).
  const Array<float>& mean() const { return mean_; }

 private:
  Shape sample_;
  Array<float> mean_;
};

}  // namespace tapegrad::data
