#include <tapegrad/ops/pooling.hpp>

#include <string>

namespace tapegrad::ops {

PoolingSizes Pooling::sizes(const Shape& x, const char* gate) const {
  const HeightWidth image = image_size(x, gate);
  if (!(dilation == HeightWidth(1)) || image.height == 0 || image.width == 0) {
    throw ShapeError(std::string("[") + gate + "] needs dense windows (a dilation of 1) over " +
                     "images of at least one row and column, got a dilation of " +
                     std::to_string(dilation.height) + " and " + std::to_string(dilation.width) +
                     " and images " + to_string(x));
  }
  const HeightWidth output = positions(image, window, gate);
  if (2 * padding.height > window.height || 2 * padding.width > window.width) {
    throw ShapeError(std::string("[") + gate + "] needs padding of at most half a window, got " +
                     std::to_string(padding.height) + " and " + std::to_string(padding.width) +
                     " for windows of " + std::to_string(window.height) + " and " +
                     std::to_string(window.width));
  }
  return {x[0] * x[1], image, window, output, stride, padding};
}

}  // namespace tapegrad::ops
