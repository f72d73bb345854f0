#include <tapegrad/ops/pooling.hpp>

#include <string>

namespace tapegrad::ops {

PoolingSizes Pooling::sizes(const Shape& x, const char* gate) const {
  const HeightWidth image = image_size(x, gate);
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
