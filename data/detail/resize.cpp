#include <tapegrad/data/detail/resize.hpp>

#include <algorithm>
#include <cmath>

namespace tapegrad::data::detail {
namespace {

/// The pixels of a line from which one of its resized version is made, and their shares.
struct Window {
  std::size_t first;
  std::vector<double> weights;
};

std::vector<Window> windows(std::size_t size, std::size_t new_size) {
  const double scale = static_cast<double>(size) / static_cast<double>(new_size);
  const double reach = std::max(scale, 1.0);
  std::vector<Window> result;
  result.reserve(new_size);
  for (std::size_t i = 0; i < new_size; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const double low = std::max(0.0, std::floor(centre - reach));
    const double high = std::min(static_cast<double>(size), std::ceil(centre + reach));
    Window window{static_cast<std::size_t>(low), {}};
    double sum = 0;
    for (double pixel = low; pixel < high; ++pixel) {
      window.weights.push_back(std::max(0.0, 1 - std::abs(pixel + 0.5 - centre) / reach));
      sum += window.weights.back();
    }
    for (double& weight : window.weights) weight /= sum;
    result.push_back(std::move(window));
  }
  return result;
}

/// Each of `lines` runs of `size` groups of `stride` numbers, group by group, in another size.
std::vector<float> resized_along(const std::vector<float>& from, std::size_t size,
                                 std::size_t new_size, std::size_t stride) {
  if (size == new_size) return from;
  const std::vector<Window> parts = windows(size, new_size);
  std::vector<float> to;
  to.reserve(from.size() / size * new_size);
  for (auto line = from.data(); line != from.data() + from.size(); line += size * stride) {
    for (const Window& window : parts) {
      for (std::size_t i = 0; i < stride; ++i) {
        const float* pixel = line + window.first * stride + i;
        double sum = 0;
        for (const double weight : window.weights) {
          sum += weight * static_cast<double>(*pixel);
          pixel += stride;
        }
        to.push_back(static_cast<float>(sum));
      }
    }
  }
  return to;
}

}  // namespace

std::vector<float> resized(const std::vector<float>& from, std::size_t rows, std::size_t columns,
                           std::size_t new_rows, std::size_t new_columns) {
  return resized_along(resized_along(from, columns, new_columns, 1), rows, new_rows, new_columns);
}

}  // namespace tapegrad::data::detail
