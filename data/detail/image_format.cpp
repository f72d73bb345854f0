#include <tapegrad/data/detail/image_format.hpp>

#include <png.h>
#include <turbojpeg.h>

#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>

namespace tapegrad::data::detail {
namespace {

using namespace std::string_view_literals;

// NOTE [Why not libgd]
// One library for both formats would do, and libgd is packaged everywhere. But it lets libpng print
// its warnings on stderr, has one error handler for the whole process, keeps seven bits of opacity
// and takes memory before anybody sees an image's size; and it brings fifty libraries along.

// NOTE [Image bombs]
// A header of some bytes can announce any number of pixels. Memory is taken for them only if there
// are not more than any image needs, nor than a file of this size holds: deflate makes at most 1032
// bytes of one, in which there are at most eight pixels; JPEG compresses less.

void check_size(std::size_t height, std::size_t width, std::size_t bytes, const Origin& origin) {
  constexpr std::size_t most = std::size_t{1} << 28, most_per_byte = 8 * 1032;
  if (height * width > most || height * width / most_per_byte > bytes) {
    origin.fail(
        "needs an image of at most 2^28 pixels, and {} per byte of its file; its header says {} x "
        "{} in a file of {} bytes; scale it down, or get the file again",
        most_per_byte, width, height, bytes);
  }
}

[[noreturn]] void fail_damaged(const char* kind, const char* reason, const Origin& origin) {
  origin.fail("needs an undamaged {} image; reading it says: {}; get the file again", kind, reason);
}

/// What libpng keeps between two calls.
struct FreePng {
  void operator()(png_image* image) const { png_image_free(image); }
};

Bitmap parse_png(std::string_view file, const Origin& origin) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, FreePng> guard(&image);
  if (png_image_begin_read_from_memory(&image, file.data(), file.size()) == 0) {
    fail_damaged("PNG", image.message, origin);
  }
  check_size(image.height, image.width, file.size(), origin);
  Bitmap bitmap{image.height, image.width};
  bitmap.bytes.resize(3 * bitmap.height * bitmap.width);
  image.format = PNG_FORMAT_RGB;
  // libpng would take 16 bits for linear light, which hardly any file has.
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  const png_color white{255, 255, 255};
  if (png_image_finish_read(&image, &white, bitmap.bytes.data(), 0, nullptr) == 0) {
    fail_damaged("PNG", image.message, origin);
  }
  return bitmap;
}

struct FreeTurboJpeg {
  void operator()(tjhandle handle) const { tjDestroy(handle); }
};
using TurboJpeg = std::unique_ptr<std::remove_pointer_t<tjhandle>, FreeTurboJpeg>;

/// The colours of pixels in cyan, magenta, yellow and black, of each of which 255 is none.
std::vector<unsigned char> rgb_of(const std::vector<unsigned char>& cmyk) {
  std::vector<unsigned char> rgb;
  rgb.reserve(cmyk.size() / 4 * 3);
  for (std::size_t i = 0; i < cmyk.size(); i += 4) {
    for (std::size_t c = 0; c < 3; ++c) {
      rgb.push_back(static_cast<unsigned char>((cmyk[i + c] * cmyk[i + 3] + 127) / 255));
    }
  }
  return rgb;
}

Bitmap parse_jpeg(std::string_view file, const Origin& origin) {
  const TurboJpeg jpeg(tjInitDecompress());
  if (!jpeg) throw std::bad_alloc();
  const auto* const bytes = reinterpret_cast<const unsigned char*>(file.data());
  int width = 0, height = 0, subsampling = 0, colors = 0;
  // A subsampling that is unknown to this call is an error of it, but not of the next one.
  if (tjDecompressHeader3(jpeg.get(), bytes, file.size(), &width, &height, &subsampling, &colors) !=
          0 &&
      (width < 1 || height < 1)) {
    fail_damaged("JPEG", tjGetErrorStr2(jpeg.get()), origin);
  }
  Bitmap bitmap{static_cast<std::size_t>(height), static_cast<std::size_t>(width)};
  check_size(bitmap.height, bitmap.width, file.size(), origin);
  const bool cmyk = colors == TJCS_CMYK || colors == TJCS_YCCK;
  bitmap.bytes.resize((cmyk ? 4 : 3) * bitmap.height * bitmap.width);
  // Warnings fail, too: of a file that is cut off, the rest would be grey. Files with thousands of
  // scans, which take minutes, are none that anybody has made in good faith.
  if (tjDecompress2(jpeg.get(), bytes, file.size(), bitmap.bytes.data(), width, 0, height,
                    cmyk ? TJPF_CMYK : TJPF_RGB, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0) {
    fail_damaged("JPEG", tjGetErrorStr2(jpeg.get()), origin);
  }
  if (cmyk) bitmap.bytes = rgb_of(bitmap.bytes);
  return bitmap;
}

}  // namespace

Bitmap parse_image(std::string_view file, const Origin& origin) {
  const auto begins_with = [&](std::string_view mark) {
    return file.substr(0, mark.size()) == mark;
  };
  if (begins_with("\x89PNG\r\n\x1a\n"sv)) return parse_png(file, origin);
  if (begins_with("\xff\xd8\xff"sv)) return parse_jpeg(file, origin);
  origin.fail("needs a PNG or JPEG file; this one has {} bytes and begins with {}; convert it",
              file.size(), in_quotes(file.substr(0, 8)));
}

std::string png_bytes(const Bitmap& bitmap, const Origin& origin) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, FreePng> guard(&image);
  image.height = static_cast<png_uint_32>(bitmap.height);
  image.width = static_cast<png_uint_32>(bitmap.width);
  image.format = bitmap.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string file(size, '\0');
  if (png_image_write_to_memory(&image, file.data(), &size, 0, bitmap.bytes.data(), 0, nullptr) ==
      0) {
    origin.fail(
        "needs an image that PNG can hold; writing {} x {} pixels says: {}; make it smaller",
        bitmap.width, bitmap.height, image.message);
  }
  file.resize(size);
  return file;
}

}  // namespace tapegrad::data::detail
