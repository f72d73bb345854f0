#include <tapegrad/ops/sliding.hpp>

#include <algorithm>
#include <string>

namespace tapegrad::ops {

namespace {

struct Axis {
  const char* name;
  std::int64_t image, window, stride, padding, dilation;
};

std::string text(std::int64_t number) {
  return std::to_string(number);
}

[[noreturn]] void fail(const char* gate, const std::string& what) {
  throw ShapeError(std::string("[") + gate + "] needs " + what);
}

std::int64_t positions_along(const Axis& a, Fit fit, const char* gate) {
  if (a.window < 1 || a.stride < 1 || a.dilation < 1 || a.padding < 0) {
    fail(gate, "a window, stride and dilation of at least 1 and no negative padding, got " +
                   text(a.window) + ", " + text(a.stride) + ", " + text(a.dilation) + " and " +
                   text(a.padding) + " along the " + a.name);
  }
  constexpr std::int64_t most = std::int64_t{1} << 31;
  if (std::max({a.window, a.stride, a.dilation, a.padding}) > most) {
    fail(gate, "a window, stride, dilation and padding of at most 2^31, got " + text(a.window) +
                   ", " + text(a.stride) + ", " + text(a.dilation) + " and " + text(a.padding) +
                   " along the " + a.name);
  }
  const std::int64_t spanned = a.dilation * (a.window - 1) + 1;
  const std::int64_t room = a.image + 2 * a.padding - spanned;
  if (room < 0) {
    fail(gate, "images at least as large as a window, which spans " + text(spanned) + ", got a " +
                   a.name + " of " + text(a.image) + " with padding " + text(a.padding) +
                   "; pad more or use a smaller window");
  }
  if (fit == Fit::exact && room % a.stride != 0) {
    fail(gate, "windows that fit: (" + text(a.image) + " − " + text(spanned) + " + 2·" +
                   text(a.padding) + ")/" + text(a.stride) + " + 1 is no whole number along the " +
                   a.name + "; change stride or padding, or round down with Fit::floor");
  }
  return room / a.stride + 1;
}

}  // namespace

HeightWidth Sliding::positions(HeightWidth image, HeightWidth window, const char* gate) const {
  return {positions_along({"height", image.height, window.height, stride.height, padding.height,
                           dilation.height},
                          fit, gate),
          positions_along(
              {"width", image.width, window.width, stride.width, padding.width, dilation.width},
              fit, gate)};
}

HeightWidth image_size(const Shape& images, const char* gate) {
  if (images.rank() != 4) {
    throw ShapeError(std::string("[") + gate +
                     "] needs images (N, C, H, W): samples, channels, height and width, got " +
                     to_string(images) + "; reshape them");
  }
  return {images[2], images[3]};
}

}  // namespace tapegrad::ops
