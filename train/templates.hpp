#pragma once

#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/ops/array.hpp>

namespace tapegrad::train {

/// What the numbers of templates are scaled by.
enum class Contrast {
  each,      ///< Each template by itself: its smallest number is black, its largest white.
  together,  ///< All alike, so that their strengths can be compared.
};

/// The rows of a linear classifier's weights (K, D) as K images of shape (C, H, W), D = C·H·W: what
/// an image should look like to get a high score. Shape (K, C, H, W), linearly from 0, the smallest
/// number, to 1, the largest; 0.5 if they are equal. Filters (K, C, H, W) of a convolution become
/// images the same way. Throws ShapeError if sizes do not fit, ValueError for numbers that are not
/// finite.
///
///     const Array<float> images = train::templates(linear.weight(), {3, 32, 32});
Array<float> templates(const Parameter& weight, const Shape& image,
                       Contrast contrast = Contrast::each);

}  // namespace tapegrad::train
