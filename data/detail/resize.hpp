#pragma once

#include <cstddef>
#include <vector>

namespace tapegrad::data::detail {

/// Planes of numbers (planes, rows, columns), row-major, in another size: bilinear interpolation,
/// and where it becomes smaller an average over all pixels that fall together, weighted by a
/// triangle (as Pillow's BILINEAR and PyTorch's interpolate with antialias=True). Sizes are at
/// least 1.
std::vector<float> resized(const std::vector<float>& from, std::size_t rows, std::size_t columns,
                           std::size_t new_rows, std::size_t new_columns);

}  // namespace tapegrad::data::detail
