#include <tapegrad/data/image_grid.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tapegrad/ops/shape.hpp>

namespace tapegrad::data {

namespace {

/// x ← (x − least) / (largest − least).
void scale_to_unit(float* first, float* end) {
  const auto [least, largest] = std::minmax_element(first, end);
  // In double, since the distance of two floats may be larger than any float.
  const double low = *least, range = static_cast<double>(*largest) - low;
  std::transform(first, end, first, [=](float x) {
    return range > 0 ? static_cast<float>((static_cast<double>(x) - low) / range) : 0.5F;
  });
}

Array<float> scaled(Array<float> images, GridScale scale) {
  if (scale == GridScale::none) return images;
  float* const first = images.data();
  const auto size = static_cast<std::ptrdiff_t>(images.size());
  const float* const wrong =
      std::find_if(first, first + size, [](float x) { return !std::isfinite(x); });
  if (wrong != first + size) {
    throw ValueError(fmt::format(
        "[image_grid] needs finite numbers to scale, got {} in image {}; find out where it was "
        "made",
        *wrong, static_cast<std::size_t>(wrong - first) / (images.size() / images.shape()[0])));
  }
  const auto count = static_cast<std::ptrdiff_t>(images.shape()[0]);
  const std::ptrdiff_t step = scale == GridScale::image ? size / count : size;
  for (float* x = first; x != first + size; x += step) scale_to_unit(x, x + step);
  return images;
}

}  // namespace

Array<float> image_grid(const Array<float>& images, const GridOptions& options) {
  const Shape shape(images.shape().begin(), images.shape().end());
  if (shape.rank() != 4 || shape.size() == 0) {
    throw ShapeError("[image_grid] needs images (N, C, H, W), got " + to_string(shape) +
                     "; reshape them, and put in at least one");
  }
  if (options.columns < 0 || options.gap < 0 || options.zoom < 1) {
    throw ValueError(
        fmt::format("[image_grid] needs columns and a gap of at least 0 and a zoom of at least 1; "
                    "got {}, {} and {}",
                    options.columns, options.gap, options.zoom));
  }
  const std::int64_t count = shape[0], channels = shape[1], height = shape[2], width = shape[3];
  // A root that is rounded down at a square would make another column.
  const auto square = static_cast<std::int64_t>(std::ceil(
      std::sqrt(static_cast<double>(count * height) / static_cast<double>(width)) - 1e-9));
  const std::int64_t columns =
      std::clamp<std::int64_t>(options.columns > 0 ? options.columns : square, 1, count);
  const std::int64_t rows = (count + columns - 1) / columns;
  constexpr std::int64_t most = std::int64_t{1} << 28;
  const auto side = [&](std::int64_t images_along, std::int64_t pixels) {
    const double along = static_cast<double>(options.zoom) *
                         (static_cast<double>(images_along) *
                              (static_cast<double>(pixels) + static_cast<double>(options.gap)) +
                          static_cast<double>(options.gap));
    return along <= static_cast<double>(most) ? static_cast<std::int64_t>(along) : most + 1;
  };
  const std::int64_t out_height = side(rows, height), out_width = side(columns, width);
  if (out_height > most / out_width) {
    throw ValueError(fmt::format(
        "[image_grid] needs at most 2^28 pixels in all, got {} images of {} x {} with gaps of {}, "
        "zoomed {} times; show fewer, or smaller",
        count, height, width, options.gap, options.zoom));
  }

  const Array<float> brightness = scaled(images, options.scale);
  Array<float> grid = Array<float>::from_shape({static_cast<std::size_t>(channels),
                                                static_cast<std::size_t>(out_height),
                                                static_cast<std::size_t>(out_width)});
  std::fill(grid.begin(), grid.end(), options.background);
  const float* from = brightness.data();
  for (std::int64_t image = 0; image < count; ++image) {
    const std::int64_t top = options.gap + image / columns * (height + options.gap);
    const std::int64_t left = options.gap + image % columns * (width + options.gap);
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      for (std::int64_t y = 0; y < height * options.zoom; ++y) {
        float* to = grid.data() + (channel * out_height + top * options.zoom + y) * out_width +
                    left * options.zoom;
        const float* const row = from + y / options.zoom * width;
        for (std::int64_t x = 0; x < width * options.zoom; ++x) *to++ = row[x / options.zoom];
      }
      from += height * width;
    }
  }
  return grid;
}

}  // namespace tapegrad::data
