#include <tapegrad/data/image_grid.hpp>

#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "support/expect.hpp"

namespace tapegrad::data {
namespace {

using testing::expect_error;
using testing::expect_numbers;

/// Three images of 1 × 2 pixels and two channels: 0 to 11.
Array<float> counted() {
  Array<float> images = Array<float>::from_shape({3, 2, 1, 2});
  std::iota(images.begin(), images.end(), 0.0F);
  return images;
}

TEST(ImageGrid, PutsImagesInRows) {
  GridOptions options;
  options.columns = 2;
  options.background = -1;
  const Array<float> grid = image_grid(counted(), options);
  EXPECT_EQ(grid.shape(), (std::vector<std::size_t>{2, 5, 7}));
  // clang-format off
  expect_numbers(grid, {-1, -1, -1, -1, -1, -1, -1,
                        -1,  0,  1, -1,  4,  5, -1,
                        -1, -1, -1, -1, -1, -1, -1,
                        -1,  8,  9, -1, -1, -1, -1,
                        -1, -1, -1, -1, -1, -1, -1,
                        -1, -1, -1, -1, -1, -1, -1,
                        -1,  2,  3, -1,  6,  7, -1,
                        -1, -1, -1, -1, -1, -1, -1,
                        -1, 10, 11, -1, -1, -1, -1,
                        -1, -1, -1, -1, -1, -1, -1});
  // clang-format on
}

TEST(ImageGrid, Zooms) {
  GridOptions options;
  options.columns = 5;  // No more than images.
  options.gap = 0;
  options.zoom = 2;
  const Array<float> grid = image_grid(counted(), options);
  EXPECT_EQ(grid.shape(), (std::vector<std::size_t>{2, 2, 12}));
  // clang-format off
  expect_numbers(grid, {0, 0, 1, 1, 4, 4, 5, 5, 8, 8, 9, 9,
                        0, 0, 1, 1, 4, 4, 5, 5, 8, 8, 9, 9,
                        2, 2, 3, 3, 6, 6, 7, 7, 10, 10, 11, 11,
                        2, 2, 3, 3, 6, 6, 7, 7, 10, 10, 11, 11});
  // clang-format on
}

TEST(ImageGrid, ScalesEachOrAll) {
  const Array<float> images = {{{{-1, 3}}}, {{{7, 7}}}};
  GridOptions options;
  options.gap = 0;
  options.columns = 2;
  expect_numbers(image_grid(images, options), {-1, 3, 7, 7});
  options.scale = GridScale::image;
  expect_numbers(image_grid(images, options), {0, 1, 0.5, 0.5});
  options.scale = GridScale::common;
  expect_numbers(image_grid(images, options), {0, 0.5, 1, 1});
  const float huge = std::numeric_limits<float>::max();
  const Array<float> extreme = {{{{-huge, huge}}}};
  expect_numbers(image_grid(extreme, options), {0, 1});
}

TEST(ImageGrid, IsAboutSquare) {
  const auto shape_of = [](std::size_t count, std::size_t height, std::size_t width) {
    GridOptions options;
    options.gap = 0;
    return image_grid(Array<float>(std::vector<std::size_t>{count, 1, height, width}, 0.0F),
                      options)
        .shape();
  };
  EXPECT_EQ(shape_of(144, 2, 2), (std::vector<std::size_t>{1, 24, 24}));
  EXPECT_EQ(shape_of(10, 2, 2), (std::vector<std::size_t>{1, 6, 8}));
  EXPECT_EQ(shape_of(1, 3, 2), (std::vector<std::size_t>{1, 3, 2}));
  EXPECT_EQ(shape_of(8, 1, 8), (std::vector<std::size_t>{1, 8, 8}));
  EXPECT_EQ(shape_of(3, 100, 1), (std::vector<std::size_t>{1, 100, 3}));
}

TEST(ImageGrid, Errors) {
  const Array<float> images = counted();
  const Array<float> flat = {{1, 2}};
  expect_error<ShapeError>([&] { image_grid(flat); }, {"[image_grid]", "got (1, 2)"});
  expect_error<ShapeError>(
      [] {
        image_grid(Array<float>(std::vector<std::size_t>{0, 3, 2, 2}));
      },
      {"[image_grid]", "got (0, 3, 2, 2)"});
  for (const int wrong : {0, 1, 2}) {
    GridOptions options;
    (wrong == 0 ? options.columns : wrong == 1 ? options.gap : options.zoom) = -1;
    expect_error<ValueError>([&] { image_grid(images, options); }, {"[image_grid]", "-1"});
  }
  GridOptions large;
  large.zoom = std::numeric_limits<std::int64_t>::max();
  expect_error<ValueError>([&] { image_grid(images, large); }, {"[image_grid]", "2^28"});
  Array<float> wrong = images;
  wrong(1, 0, 0, 0) = std::numeric_limits<float>::infinity();
  GridOptions scaled;
  scaled.scale = GridScale::image;
  expect_error<ValueError>([&] { image_grid(wrong, scaled); }, {"[image_grid]", "inf in image 1"});
}

}  // namespace
}  // namespace tapegrad::data
