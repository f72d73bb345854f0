#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>
#include <tapegrad/ops/sliding.hpp>

namespace tapegrad::ops {

/// Every size of a pooling: planes are the channels of all samples.
struct PoolingSizes {
  std::int64_t planes;  ///< How many.
  HeightWidth image;    ///< Of a plane.
  HeightWidth window;   ///< Of a window.
  HeightWidth output;   ///< Of a plane of the output.
  HeightWidth stride;   ///< From one window to the next.
  HeightWidth padding;  ///< On each side.
};

/// Windows that slide over each channel by itself.
struct Pooling : Sliding {
  HeightWidth window{2};  ///< The size of a window.

  /// Windows of 2 side by side.
  Pooling() : Pooling(2) {}
  /// Windows side by side.
  Pooling(HeightWidth size) : Pooling(size, size) {}
  /// Windows that overlap where the stride is less than their size. A window's larger half at least
  /// must lie within the image.
  Pooling(HeightWidth size, HeightWidth every, HeightWidth zeros = 0, Fit rest = Fit::exact)
      : Sliding{every, zeros, 1, rest}, window(size) {}

  /// All sizes for images x (N, C, H, W). Throws ShapeError where they do not fit.
  PoolingSizes sizes(const Shape& x, const char* gate) const;
};

/// The output's shape (N, C, OH, OW) for images of shape x.
inline Shape pooled_shape(const Shape& x, const PoolingSizes& sizes) {
  return {x[0], x[1], sizes.output.height, sizes.output.width};
}

}  // namespace tapegrad::ops
