#pragma once

#include <cstdint>

#include <tapegrad/ops/array.hpp>

namespace tapegrad::data {

/// How the numbers of images become brightness.
enum class GridScale {
  none,    ///< As they are: 0 is black, 1 is full.
  image,   ///< Each image's least number becomes 0, its largest one 1: shapes, whatever their size.
  common,  ///< The least number of all images becomes 0, the largest 1: images can be compared.
};

/// How image_grid() arranges images.
struct GridOptions {
  GridScale scale = GridScale::none;  ///< How numbers become brightness.
  std::int64_t columns = 0;           ///< Images side by side; 0 makes a grid about square.
  std::int64_t gap = 1;               ///< Pixels around and between images.
  float background = 0;               ///< The brightness of gaps and of places left over.
  std::int64_t zoom = 1;              ///< Each pixel becomes a square of so many by so many.
};

/// Images (N, C, H, W) in rows as one image (C, H', W'), for save_png(): filters of a first layer,
/// templates of a linear classifier, samples. All numbers of an image are scaled alike, so that
/// colours stay what they are; equal ones become 0.5. H' = zoom·(rows·(H + gap) + gap), W' alike.
/// Throws ShapeError unless there are images with pixels, ValueError for options below 0, a zoom
/// below 1, NaN or infinity in images that are to be scaled, or more than 2²⁸ pixels in all.
Array<float> image_grid(const Array<float>& images, const GridOptions& options = {});

}  // namespace tapegrad::data
