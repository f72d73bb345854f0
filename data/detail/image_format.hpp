#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tapegrad/data/detail/file.hpp>

/// PNG and JPEG, both ways as far as needed.
namespace tapegrad::data::detail {

/// Pixels as files hold them: row after row, the `channels` (1 or 3) bytes of a pixel side by side.
struct Bitmap {
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 3;
  std::vector<unsigned char> bytes = {};
};

/// The pixels of a whole PNG or JPEG file, in three colours. Throws FileError.
Bitmap parse_image(std::string_view file, const Origin& origin);

/// A whole PNG file with these pixels, of which there must be some. Throws FileError.
std::string png_bytes(const Bitmap& bitmap, const Origin& origin);

}  // namespace tapegrad::data::detail
