#include <tapegrad/data/image.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <tapegrad/data/detail/image_format.hpp>
#include <tapegrad/data/detail/resize.hpp>
#include <tapegrad/ops/shape.hpp>

namespace tapegrad::data {
namespace {

/// One plane of numbers for each channel.
std::vector<float> planes(const detail::Bitmap& bitmap, Colors colors) {
  const std::size_t pixels = bitmap.height * bitmap.width;
  std::vector<float> numbers(colors == Colors::grey ? pixels : 3 * pixels);
  const unsigned char* rgb = bitmap.bytes.data();
  for (std::size_t i = 0; i < pixels; ++i, rgb += 3) {
    if (colors == Colors::grey) {
      // In whole numbers, so that a grey pixel keeps its value to the last bit.
      numbers[i] = static_cast<float>(299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]) / 255'000.0F;
    } else {
      for (std::size_t c = 0; c < 3; ++c) {
        numbers[c * pixels + i] = static_cast<float>(rgb[c]) / 255.0F;
      }
    }
  }
  return numbers;
}

}  // namespace

Array<float> load_image(const std::string& path, const ImageOptions& options) {
  const bool resizing = options.height > 0 && options.width > 0;
  if (!resizing && (options.height != 0 || options.width != 0)) {
    throw ValueError(fmt::format(
        "[load_image] needs a height and a width to resize to, both at least 1, or neither; got {} "
        "and {}; give both",
        options.height, options.width));
  }
  // The numbers of an image of that size must have room in memory.
  constexpr std::int64_t most = std::int64_t{1} << 28;
  if (resizing && options.height > most / options.width) {
    throw ValueError(
        fmt::format("[load_image] needs at most 2^28 pixels to resize to; got {} x {}; choose less",
                    options.height, options.width));
  }

  const detail::Origin origin{"load_image", path};
  const detail::Bitmap bitmap = detail::parse_image(detail::read_file(origin), origin);
  std::vector<float> numbers = planes(bitmap, options.colors);
  std::size_t height = bitmap.height, width = bitmap.width;
  if (resizing) {
    height = static_cast<std::size_t>(options.height);
    width = static_cast<std::size_t>(options.width);
    numbers = detail::resized(numbers, bitmap.height, bitmap.width, height, width);
  }
  const std::size_t channels = options.colors == Colors::grey ? 1 : 3;
  Array<float> image(Array<float>::shape_type{channels, height, width});
  std::copy(numbers.begin(), numbers.end(), image.data());
  return image;
}

void save_png(const std::string& path, const Array<float>& image) {
  const Shape shape(image.shape().begin(), image.shape().end());
  if (shape.rank() != 3 || (shape[0] != 1 && shape[0] != 3) || shape.size() == 0) {
    throw ShapeError("[save_png] needs an image (1, H, W) or (3, H, W), got " + to_string(shape) +
                     "; reshape it, or save its channels one by one");
  }
  detail::Bitmap bitmap{image.shape()[1], image.shape()[2], image.shape()[0]};
  const std::size_t pixels = bitmap.height * bitmap.width;
  bitmap.bytes.resize(image.size());
  for (std::size_t i = 0; i < image.size(); ++i) {
    const float number = image.data()[i];
    if (std::isnan(number)) {
      throw ValueError(fmt::format(
          "[save_png] needs numbers, got NaN in channel {}, row {}, column {}; find out where it "
          "was made",
          i / pixels, i % pixels / bitmap.width, i % bitmap.width));
    }
    bitmap.bytes[i % pixels * bitmap.channels + i / pixels] =
        static_cast<unsigned char>(std::lround(255 * std::clamp(number, 0.0F, 1.0F)));
  }
  const detail::Origin origin{"save_png", path};
  detail::write_file(origin, detail::png_bytes(bitmap, origin));
}

}  // namespace tapegrad::data
