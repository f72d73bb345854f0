#pragma once

#include <algorithm>
#include <cstdint>

namespace tapegrad::ops::kernels {

/// Positions of a window along one axis, from `first` to before `end`.
struct Positions {
  std::int64_t first, end;
};

/// Those of `count` positions, `stride` apart, at which an entry of the window that lies `offset`
/// after its position, or before it, is within an image of a size.
inline Positions positions_within(std::int64_t offset, std::int64_t stride, std::int64_t image,
                                  std::int64_t count) {
  const std::int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const std::int64_t end = offset >= image ? 0 : (image - 1 - offset) / stride + 1;
  return {std::min(first, count), std::max(std::min(first, count), std::min(end, count))};
}

}  // namespace tapegrad::ops::kernels
