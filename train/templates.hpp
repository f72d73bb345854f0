#pragma once

#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/data/image_grid.hpp>
#include <tapegrad/ops/array.hpp>

namespace tapegrad::train {

/// The rows of a linear classifier's weights (K, D) as K images of shape (C, H, W), D = C·H·W: what
/// an image should look like to get a high score. Shape (K, C, H, W). From 0, the smallest number
/// of each row or, with GridScale::common, of all rows, to 1, the largest; 0.5 if they are equal.
/// GridScale::none leaves the weights as they are. Filters (K, C, H, W) of a convolution become
/// images the same way. Throws ShapeError if sizes do not fit, ValueError for numbers that are not
/// finite.
///
///     const Array<float> images = train::templates(linear.weight(), {3, 32, 32});
///     data::save_png("templates.png", data::image_grid(images));
Array<float> templates(const Parameter& weight, const Shape& image,
                       data::GridScale scale = data::GridScale::image);

}  // namespace tapegrad::train
