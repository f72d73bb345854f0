#include <tapegrad/data/image.hpp>

#include <turbojpeg.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <tapegrad/ops/shape.hpp>

#include "support/bytes.hpp"
#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::data {
namespace {

using namespace std::string_literals;
using testing::content_of;
using testing::expect_error;
using testing::png_chunk;
using testing::png_file;

Shape shape_of(const Array<float>& image) {
  return {image.shape().begin(), image.shape().end()};
}

Array<float> image_of(const Shape& shape, const std::vector<float>& numbers) {
  Array<float> image(std::vector<std::size_t>(shape.begin(), shape.end()));
  EXPECT_EQ(image.size(), numbers.size());
  std::copy(numbers.begin(), numbers.end(), image.data());
  return image;
}

/// Bytes as numbers of [0, 1].
std::vector<float> unit(const std::vector<int>& bytes) {
  std::vector<float> numbers;
  for (const int byte : bytes) numbers.push_back(static_cast<float>(byte) / 255.0F);
  return numbers;
}

/// A JPEG file with pixels in `format` (of turbojpeg.h).
std::string jpeg_file(const std::string& pixels, int width, int height, int format,
                      int subsampling = TJSAMP_444, int flags = 0) {
  const tjhandle handle = tjInitCompress();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(handle, reinterpret_cast<const unsigned char*>(pixels.data()), width, 0,
                        height, format, &bytes, &size, subsampling, 100, flags),
            0)
      << tjGetErrorStr2(handle);
  std::string file(reinterpret_cast<const char*>(bytes), size);
  tjFree(bytes);
  tjDestroy(handle);
  return file;
}

class ImageTest : public ::testing::Test {
 protected:
  Array<float> load(const std::string& content, const ImageOptions& options = {}) const {
    return load_image(folder_.write("image", content), options);
  }
  /// The reader refuses a file with this content, naming it.
  void expect_refused(const std::string& content, std::vector<std::string> words) const {
    const std::string path = folder_.write("broken", content);
    words.push_back("[load_image] needs ");
    words.push_back("(" + path + ")");
    ::testing::internal::CaptureStderr();
    expect_error<FileError>([&] { load_image(path); }, words);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "libraries may not print";
  }

  testing::TempFolder folder_;
};

// --- There and back ---------------------------------------------------------------------------

TEST_F(ImageTest, EveryByteComesBack) {
  std::vector<int> bytes(3 * 16 * 16);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<int>((i * 7 + i / 256) % 256);
  const std::string path = folder_.path("image.png");
  for (const Shape& shape :
       {Shape{3, 16, 16}, Shape{1, 48, 16}, Shape{3, 1, 256}, Shape{1, 768, 1}}) {
    const Array<float> image = image_of(shape, unit(bytes));
    save_png(path, image);
    ImageOptions options;
    options.colors = shape[0] == 1 ? Colors::grey : Colors::rgb;
    EXPECT_EQ(load_image(path, options), image) << to_string(shape);
  }
}

TEST_F(ImageTest, NumbersAreRoundedAndCutOff) {
  const float inf = std::numeric_limits<float>::infinity();
  save_png(folder_.path("x"),
           image_of({1, 1, 6}, {-0.1F, 1.1F, 0.4999F / 255, 0.5001F / 255, inf, -inf}));
  const Array<float> read = load_image(folder_.path("x"), {0, 0, Colors::grey});
  EXPECT_EQ(read, image_of({1, 1, 6}, unit({0, 255, 0, 1, 255, 0})));
}

TEST_F(ImageTest, GreyAndColours) {
  save_png(folder_.path("grey"), image_of({1, 1, 2}, unit({7, 200})));
  EXPECT_EQ(load_image(folder_.path("grey")), image_of({3, 1, 2}, unit({7, 200, 7, 200, 7, 200})));
  save_png(folder_.path("rgb"), image_of({3, 1, 2}, unit({255, 0, 0, 255, 100, 0})));
  const Array<float> grey = load_image(folder_.path("rgb"), {0, 0, Colors::grey});
  ASSERT_EQ(shape_of(grey), (Shape{1, 1, 2}));
  EXPECT_NEAR(grey(0, 0, 0), 0.299 + 0.114 * 100 / 255, 1e-6);
  EXPECT_NEAR(grey(0, 0, 1), 0.587, 1e-6);
}

TEST_F(ImageTest, Resizes) {
  const std::string path = folder_.path("image.png");
  save_png(path, image_of({3, 2, 4}, unit({7,  14, 28, 35, 7, 14, 28, 35, 0, 0, 0, 0,
                                           70, 70, 70, 70, 9, 9,  9,  9,  9, 9, 9, 9})));
  const Array<float> small = load_image(path, {1, 2});
  ASSERT_EQ(shape_of(small), (Shape{3, 1, 2}));
  const std::vector<float> expected = unit({13, 29, 35, 35, 9, 9});
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(small.data()[i], expected[i], 1e-6F) << i;
  EXPECT_EQ(shape_of(load_image(path, {8, 3, Colors::grey})), (Shape{1, 8, 3}));
  EXPECT_EQ(load_image(path, {2, 4}), load_image(path));
}

// --- PNG ----------------------------------------------------------------------------------------

TEST_F(ImageTest, PngOfEveryKind) {
  const std::string row(1, '\0');
  const Array<float> two = image_of({3, 1, 2}, unit({10, 40, 20, 50, 30, 60}));
  EXPECT_EQ(load(png_file({2, 1, 8, 2}, row + "\x0a\x14\x1e\x28\x32\x3c")), two);
  EXPECT_EQ(
      load(png_file({2, 1, 8, 3}, row + "\1\0"s, png_chunk("PLTE", "\x28\x32\x3c\x0a\x14\x1e"))),
      two);
  // 16 bits, rounded; 257 steps of 16 bits are one of 8.
  EXPECT_EQ(load(png_file({2, 1, 16, 2}, row + "\x0a\x0a\x14\x14\x1e\x1e\x28\x29\x32\x31\x3c\x3c")),
            two);
  EXPECT_EQ(load(png_file({4, 1, 2, 0}, row + "\x1b")),
            image_of({3, 1, 4}, unit({0, 85, 170, 255, 0, 85, 170, 255, 0, 85, 170, 255})));
  EXPECT_EQ(load(png_file({2, 1, 16, 0}, row + "\x80\x80\xff\xff"), {0, 0, Colors::grey}),
            image_of({1, 1, 2}, unit({128, 255})));
}

TEST_F(ImageTest, WhatIsTransparentIsSeenOverWhite) {
  const std::string row(1, '\0');
  const Array<float> white_and_black = image_of({3, 1, 2}, unit({255, 0, 255, 0, 255, 0}));
  EXPECT_EQ(load(png_file({2, 1, 8, 6}, row + "\0\0\0\0\0\0\0\xff"s)), white_and_black);
  EXPECT_EQ(load(png_file({2, 1, 8, 4}, row + "\0\0\0\xff"s)), white_and_black);
  EXPECT_EQ(load(png_file({2, 1, 8, 3}, row + "\0\1"s,
                          png_chunk("PLTE", "\x05\x05\x05\0\0\0"s) + png_chunk("tRNS", "\0"s))),
            white_and_black);
  const Array<float> half = load(png_file({1, 1, 8, 6}, row + "\0\0\0\x80"s));
  EXPECT_GT(half(0, 0, 0), 0.4F);
  EXPECT_LT(half(0, 0, 0), 0.8F);
}

TEST_F(ImageTest, ChunksThatAreBrokenButNotNeeded) {
  ::testing::internal::CaptureStderr();
  const std::string file =
      png_file({1, 1, 8, 2}, "\0abc"s, png_chunk("gAMA", "x") + png_chunk("iCCP", "x\0\0bad"s));
  EXPECT_EQ(load(file), image_of({3, 1, 1}, unit({'a', 'b', 'c'})));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "libpng may not print";
}

TEST_F(ImageTest, EveryTruncationAndEveryChangedByteOfAPng) {
  std::vector<float> numbers(3 * 5 * 4);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i) / 64;
  const Array<float> image = image_of({3, 5, 4}, numbers);
  save_png(folder_.path("good.png"), image);
  const std::string whole = content_of(folder_.path("good.png"));
  const Array<float> good = load_image(folder_.path("good.png"));
  // The last chunk, IEND of 12 bytes, says nothing.
  for (std::size_t size = 0; size + 12 < whole.size(); ++size) {
    expect_refused(whole.substr(0, size), {size < 8 ? "a PNG or JPEG file" : "undamaged PNG"});
  }
  for (std::size_t i = 0; i + 12 < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    folder_.write("changed", changed);
    try {
      EXPECT_EQ(load_image(folder_.path("changed")), good) << i;  // In a chunk that is not needed.
    } catch (const FileError& error) {
      EXPECT_EQ(std::string(error.what()).rfind("[load_image] needs ", 0), 0U) << error.what();
    }
  }
}

// --- JPEG ---------------------------------------------------------------------------------------

/// Pixels of two colours that change slowly, as JPEG likes them.
std::string smooth_pixels(int width, int height, int channels) {
  std::string pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) pixels += static_cast<char>(20 + 4 * x + 3 * y + 40 * c);
    }
  }
  return pixels;
}

TEST_F(ImageTest, JpegOfEveryKind) {
  const int width = 24, height = 17;
  const std::string rgb = smooth_pixels(width, height, 3);
  for (const int subsampling : {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411}) {
    for (const int flags : {0, TJFLAG_PROGRESSIVE}) {
      const Array<float> image = load(jpeg_file(rgb, width, height, TJPF_RGB, subsampling, flags));
      ASSERT_EQ(shape_of(image), (Shape{3, height, width}));
      for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t y = 0; y < 17; ++y) {
          for (std::size_t x = 0; x < 24; ++x) {
            const auto expected = static_cast<float>(20 + 4 * x + 3 * y + 40 * c) / 255;
            ASSERT_NEAR(image(c, y, x), expected, 0.02F);
          }
        }
      }
    }
  }

  const std::string grey = smooth_pixels(width, height, 1);
  const Array<float> image =
      load(jpeg_file(grey, width, height, TJPF_GRAY, TJSAMP_GRAY), {0, 0, Colors::grey});
  ASSERT_EQ(shape_of(image), (Shape{1, height, width}));
  EXPECT_NEAR(image(0, 3, 5), 49.0F / 255, 0.02F);
}

TEST_F(ImageTest, JpegOfRareSubsampling) {
  // Three, four and two times as many columns of brightness as of colour; the last in rows, too.
  for (const char* samplings : {"\x31\x11\x11", "\x41\x11\x11", "\x23\x11\x11"}) {
    const Array<float> image = load(testing::flat_jpeg(50, 30, samplings));
    ASSERT_EQ(shape_of(image), (Shape{3, 30, 50}));
    for (const float number : image) ASSERT_EQ(number, 128.0F / 255);
  }
}

TEST_F(ImageTest, JpegInFourColours) {
  // Inverted: 255 is no ink. Half of the light that cyan lets through, a tenth less by black.
  std::string cmyk;
  for (int i = 0; i < 64; ++i) cmyk += "\x80\xff\x40\xe6";
  for (const int subsampling : {TJSAMP_444, TJSAMP_420}) {
    const Array<float> image = load(jpeg_file(cmyk, 8, 8, TJPF_CMYK, subsampling));
    ASSERT_EQ(shape_of(image), (Shape{3, 8, 8}));
    EXPECT_NEAR(image(0, 4, 4), 128.0F / 255 * 230 / 255, 0.02F);
    EXPECT_NEAR(image(1, 4, 4), 230.0F / 255, 0.02F);
    EXPECT_NEAR(image(2, 4, 4), 64.0F / 255 * 230 / 255, 0.02F);
  }
}

TEST_F(ImageTest, EveryTruncationOfAJpeg) {
  const std::string whole = jpeg_file(smooth_pixels(9, 7, 3), 9, 7, TJPF_RGB);
  ASSERT_EQ(shape_of(load(whole)), (Shape{3, 7, 9}));
  // All that the last marker, of two bytes, says is that the image has ended.
  for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
    expect_refused(whole.substr(0, size), {size < 3 ? "a PNG or JPEG file" : "undamaged JPEG"});
  }
}

// --- What it refuses ----------------------------------------------------------------------------

TEST_F(ImageTest, RefusesOtherFiles) {
  expect_error<FileError>([&] { load_image(folder_.path("none")); },
                          {"[load_image]", folder_.path("none"), "No such file"});
  expect_error<FileError>([&] { load_image(folder_.path()); }, {"[load_image]", "is a folder"});
  expect_refused("", {"a PNG or JPEG file", "0 bytes"});
  expect_refused("GIF89a\x01\x02", {"begins with 'GIF89a", "convert it"});
  expect_refused("\x89PNG\r\n\x1a\n garbage that is no header", {"undamaged PNG"});
  expect_refused("\xff\xd8\xff garbage that is no header", {"undamaged JPEG"});
}

TEST_F(ImageTest, RefusesImagesThatNoFileOfTheirSizeHolds) {
  for (const std::uint32_t side : {30'000U, 1'000'000U}) {
    expect_refused(png_file({side, side, 8, 6}, "\0abcd"s),
                   {"at most 2^28 pixels", fmt::format("{} x {}", side, side)});
  }
  expect_refused(png_file({10'000, 100, 8, 6}, "\0abcd"s), {"per byte of its file", "10000 x 100"});
  std::string jpeg = jpeg_file(smooth_pixels(8, 8, 3), 8, 8, TJPF_RGB);
  const std::size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\xf0\x01\xf0\x01");
  expect_refused(jpeg, {"61441 x 61441", "at most 2^28"});
}

TEST_F(ImageTest, RefusesOptions) {
  const std::string path = folder_.path("x.png");
  save_png(path, image_of({1, 1, 1}, {0.5F}));
  for (const auto& [height, width] : {std::pair{0, 3}, {3, 0}, {-1, -1}, {-1, 5}}) {
    expect_error<ValueError>(
        [&, h = height, w = width] {
          load_image(path, {h, w});
        },
        {"[load_image]", "a height and a width"});
  }
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  expect_error<ValueError>([&] { load_image(path, {huge, huge}); }, {"at most 2^28 pixels"});
}

TEST_F(ImageTest, SavePngRefusesWhatIsNoImage) {
  const std::string path = folder_.path("x.png");
  for (const Shape& shape : {Shape{2, 2}, Shape{2, 2, 2}, Shape{4, 2, 2}, Shape{1, 1, 2, 2},
                             Shape{3, 0, 2}, Shape{1, 2, 0}}) {
    const Array<float> image(std::vector<std::size_t>(shape.begin(), shape.end()), 0.0F);
    expect_error<ShapeError>([&] { save_png(path, image); },
                             {"[save_png]", "(3, H, W)", to_string(shape)});
  }
  Array<float> image(std::vector<std::size_t>{3, 4, 5}, 0.0F);
  image(2, 1, 3) = std::nanf("");
  expect_error<ValueError>([&] { save_png(path, image); },
                           {"[save_png]", "NaN in channel 2, row 1, column 3"});
  // PNG as libpng writes it has at most a million pixels on a side.
  const Array<float> wide(std::vector<std::size_t>{1, 1, 1'000'001}, 0.0F);
  expect_error<FileError>([&] { save_png(path, wide); }, {"[save_png]", "1000001 x 1", path});
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  expect_error<FileError>(
      [&] {
        save_png(folder_.path("none/x.png"), Array<float>(std::vector<std::size_t>{1, 1, 1}, 0.0F));
      },
      {"[save_png]", "no folder"});
}

}  // namespace
}  // namespace tapegrad::data
