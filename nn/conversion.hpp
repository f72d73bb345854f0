#pragma once

#include <tapegrad/nn/conv2d.hpp>
#include <tapegrad/nn/linear.hpp>

// Dense layers and convolutions are the same sums with other weights shared. What is returned has
// copies of the weights, in the default precision.

namespace tapegrad::nn {

/// The convolution whose filters are the rows of a dense layer's weights: it does to images (C, H,
/// W) what `dense` does to them flattened, and the same at every position of larger ones. Throws
/// ShapeError unless C·H·W is the number of the layer's inputs.
Conv2d to_conv2d(const Linear& dense, const Shape& image);

/// The dense layer that does to flattened images of a size what `conv` does to them: outputs (K,
/// OH, OW) flattened. Its weights are a block for each filter and channel, where a row holds the
/// filter at one position, between zeros; where filters are as large as the image, they are the
/// filters themselves. Throws ShapeError if filters do not fit.
Linear to_linear(const Conv2d& conv, HeightWidth image);

}  // namespace tapegrad::nn
