#include <tapegrad/train/templates.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tapegrad/ops/error.hpp>

namespace tapegrad::train {

namespace {

/// Scales count numbers from [their smallest, their largest] to [0, 1].
void stretch(const double* numbers, std::size_t count, float* out) {
  const auto [low, high] = std::minmax_element(numbers, numbers + count);
  // Half of each, since the range itself may overflow.
  const double start = *low / 2, range = *high / 2 - start;
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = range > 0 ? static_cast<float>((numbers[i] / 2 - start) / range) : 0.5F;
  }
}

}  // namespace

Array<float> templates(const Parameter& weight, const Shape& image, data::GridScale scale) {
  const Shape& shape = weight.shape();
  const bool is_whole = shape.rank() >= 2 && image.rank() == 3 && shape.size() > 0 &&
                        shape.size() / shape[0] == image.size();
  if (!is_whole) {
    throw ShapeError(fmt::format(
        "[templates] needs weights (K, D) and an image (C, H, W) of D numbers, got {} and {}; give "
        "the shape of the images that the classifier was trained on",
        to_string(shape), to_string(image)));
  }
  const Array<double> numbers = weight.value();
  if (!std::all_of(numbers.begin(), numbers.end(), [](double w) { return std::isfinite(w); })) {
    throw ValueError("[templates] needs finite weights, got others; look where training diverged");
  }
  const auto size = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  Array<float> images =
      Array<float>::from_shape({size(shape[0]), size(image[0]), size(image[1]), size(image[2])});
  if (scale == data::GridScale::none) {
    std::transform(numbers.begin(), numbers.end(), images.begin(),
                   [](double w) { return static_cast<float>(w); });
    return images;
  }
  const std::size_t step =
      scale == data::GridScale::image ? numbers.size() / size(shape[0]) : numbers.size();
  for (std::size_t first = 0; first < numbers.size(); first += step) {
    stretch(numbers.data() + first, step, images.data() + first);
  }
  return images;
}

}  // namespace tapegrad::train
