// PNG and JPEG: what is read has the size that it should, and numbers in their range; written as
// PNG it comes back. libpng and libjpeg-turbo themselves are not instrumented: what is searched is
// our own part, and what of theirs shows from outside (leaks, writes beyond our memory).
//
// The first byte of an input chooses: the lowest bit whether the rest is a file, or what a PNG file
// is made of (width and height of four bytes each, depth, kind of colours, rows), since checksums
// would stop most inputs before the pixels; the others how it is read.

#include <tapegrad/data/detail/image_format.hpp>
#include <tapegrad/data/image.hpp>

#include "fuzz.hpp"
#include "support/bytes.hpp"

namespace tapegrad::fuzz {

namespace {

const data::detail::Origin origin{"load_image", "input"};

std::uint32_t number_at(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

}  // namespace

std::vector<std::string> seeds() {
  data::detail::Bitmap bitmap{3, 2};
  for (int i = 0; i < 18; ++i) bitmap.bytes.push_back(static_cast<unsigned char>(14 * i));
  std::vector<std::string> inputs = {std::string(1, '\0') +
                                     data::detail::png_bytes(bitmap, origin)};
  for (int colors : {0, 2, 3, 4, 6}) {
    inputs.push_back('\1' + testing::big_endian(2, 4) + testing::big_endian(1, 4) + '\x08' +
                     static_cast<char>(colors) + std::string("\0abcdefgh", 9));
  }
  inputs.push_back(std::string(1, '\0') + testing::flat_jpeg(8, 8, "\x11"));
  inputs.push_back('\6' + testing::flat_jpeg(9, 10, "\x22\x11\x11"));
  return inputs;
}

void try_input(std::string_view input) {
  if (input.empty()) return;
  const int choice = input.front();
  std::string file(input.substr(1));
  if ((choice & 1) != 0) {
    if (file.size() < 10) return;
    file = testing::png_file({number_at(file), number_at(file.substr(4)), file[8], file[9]},
                             file.substr(10), testing::png_chunk("PLTE", "abcdef"));
  }
  data::ImageOptions options;
  if ((choice & 2) != 0) options.colors = data::Colors::grey;
  if ((choice & 4) != 0) options.height = options.width = 3;
  const Array<float> image = data::load_image(path_of(file), options);
  check(image.dimension() == 3 && image.size() > 0 && are_pixels(image), "pixels are from 0 to 1");

  const data::detail::Bitmap read = data::detail::parse_image(file, origin);
  const std::string written = data::detail::png_bytes(read, origin);
  check(data::detail::parse_image(written, origin).bytes == read.bytes,
        "what was read comes back from a file");
}

}  // namespace tapegrad::fuzz
