#include <tapegrad/nn/window.hpp>

#include <algorithm>

namespace tapegrad::nn {

namespace {

/// No image has sides so long: fields stop growing there, before they could overflow.
constexpr std::int64_t longest = std::int64_t{1} << 31;

std::int64_t product(std::int64_t a, std::int64_t b) {
  return std::min(std::min(a, longest) * std::min(b, longest), longest);
}

}  // namespace

ReceptiveField ReceptiveField::through(const Window& window) const {
  const auto grown = [](std::int64_t field, std::int64_t step, std::int64_t taps,
                        std::int64_t dilation) {
    return std::min(field + product(product(dilation, taps - 1), step), longest);
  };
  return {
      {grown(size.height, stride.height, window.size.height, window.dilation.height),
       grown(size.width, stride.width, window.size.width, window.dilation.width)},
      {product(stride.height, window.stride.height), product(stride.width, window.stride.width)}};
}

}  // namespace tapegrad::nn
