#pragma once

#include <tapegrad/ops/shape.hpp>

namespace tapegrad::data {

/// Random changes to images that leave their class as it is; all that is 0 is not done. Batches
/// makes them on the copies that it hands out, in this order: crop, flip, noise. What is drawn for
/// a sample depends on the seed, the epoch's number and the sample's place in the data set alone:
/// neither on the batch size nor on where training was interrupted.
struct Augmentation {
  /// The probability with which an image is mirrored left to right; 0.5 is usual.
  double flip = 0;
  /// How many rows and columns of zeros are put around an image before a window of its own size is
  /// cut out, all places equally likely; 4 is usual for 32×32 pixels. Zeros are the mean colour
  /// after MeanSubtraction, black without it.
  int padding = 0;
  /// The standard deviation of normal noise that each number gets, in the units of the data.
  double noise = 0;

  /// True if nothing is to be changed.
  bool empty() const { return flip == 0 && padding == 0 && noise == 0; }

  /// Throws ValueError for a probability outside [0, 1], a padding that is negative or reaches the
  /// smaller side of the image, noise that is negative or not finite; ShapeError if there is
  /// something to flip or to crop and a sample is not an image (C, H, W).
  void validate(const Shape& sample) const;
};

}  // namespace tapegrad::data
