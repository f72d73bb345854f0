#pragma once

#include <cstdint>
#include <string>

#include <tapegrad/ops/array.hpp>

/// \file
/// Images in PNG and JPEG files, read by libpng and libjpeg-turbo; a file's content decides which,
/// not its name.
///
/// What a pixel may be besides red, green and blue of 8 bits each: palettes are looked up, grey is
/// three equal colours, 16 bits are rounded to 8. What is transparent is seen over white. A PNG
/// that states another gamma than sRGB's is converted; colour profiles and a photograph's
/// orientation (EXIF) are ignored, as torchvision ignores them. JPEGs in CMYK are taken for
/// inverted, as Adobe writes them, and come without colour management.

namespace tapegrad::data {

/// The channels of an image that is read.
enum class Colors {
  rgb,   ///< Three: red, green, blue. Grey images have three equal ones.
  grey,  ///< One: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).
};

/// How images are read.
struct ImageOptions {
  std::int64_t height = 0;      ///< Rows to resize to; 0, as the width, leaves the size as it is.
  std::int64_t width = 0;       ///< Columns to resize to.
  Colors colors = Colors::rgb;  ///< The channels that images get.
};

/// An image as an array (C, H, W) of numbers in [0, 1]. Throws FileError, with the reason, if the
/// file is missing, is neither PNG nor JPEG, is damaged or cut off, or has more than 2²⁸ pixels;
/// ValueError for a height or width that is negative, alone, or too large. Images that change their
/// size are averaged where they shrink and interpolated where they grow, as by Pillow's BILINEAR;
/// their proportions may change.
Array<float> load_image(const std::string& path, const ImageOptions& options = {});

/// Writes an image (1, H, W) or (3, H, W) as a PNG file of 8 bits per channel: 0 is black, 1 is
/// full intensity, what lies outside is cut off. Throws ShapeError for another shape or no pixels,
/// ValueError for NaN, and FileError; then the file stays what it was.
void save_png(const std::string& path, const Array<float>& image);

}  // namespace tapegrad::data
