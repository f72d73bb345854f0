#include <tapegrad/data/detail/resize.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <gtest/gtest.h>

namespace tapegrad::data::detail {
namespace {

using Numbers = std::vector<float>;

void expect_near(const Numbers& got, const Numbers& expected, float tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << i;
}

TEST(Resize, WorkedNumbers) {
  // Two from four: triangles of reach 2 around 1 and 3, pixels at 0.5, 1.5, 2.5 and 3.5.
  expect_near(resized({7, 14, 28, 35}, 1, 4, 1, 2), {13, 29}, 1e-5F);
  // Four from two: a quarter from one pixel to the next, and the edge beyond it.
  expect_near(resized({0, 8}, 2, 1, 4, 1), {0, 2, 6, 8}, 1e-6F);
  // A half each where a pixel of the result covers two, and half of its neighbours at both sides.
  expect_near(resized({1, 2, 3, 4}, 2, 2, 1, 1), {2.5F}, 1e-6F);
}

TEST(Resize, SameSizeIsTheSame) {
  const Numbers image = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F};
  EXPECT_EQ(resized(image, 2, 3, 2, 3), image);
}

/// One pixel of the result after the other, from all pixels of a plane.
Numbers plain(const Numbers& from, std::int64_t rows, std::int64_t columns, std::int64_t new_rows,
              std::int64_t new_columns) {
  const auto share = [](std::int64_t i, std::int64_t size, std::int64_t j, std::int64_t new_size) {
    const double scale = static_cast<double>(size) / static_cast<double>(new_size);
    const double distance = static_cast<double>(i) + 0.5 - (static_cast<double>(j) + 0.5) * scale;
    return std::max(0.0, 1 - std::abs(distance) / std::max(1.0, scale));
  };
  Numbers to;
  for (std::size_t plane = 0; plane < from.size();
       plane += static_cast<std::size_t>(rows * columns)) {
    for (std::int64_t y = 0; y < new_rows; ++y) {
      for (std::int64_t x = 0; x < new_columns; ++x) {
        double sum = 0, weights = 0;
        for (std::int64_t i = 0; i < rows; ++i) {
          for (std::int64_t j = 0; j < columns; ++j) {
            const double weight = share(i, rows, y, new_rows) * share(j, columns, x, new_columns);
            weights += weight;
            sum += weight *
                   static_cast<double>(from[plane + static_cast<std::size_t>(i * columns + j)]);
          }
        }
        to.push_back(static_cast<float>(sum / weights));
      }
    }
  }
  return to;
}

TEST(Resize, EqualsThePlainVersion) {
  Numbers image(3 * 9 * 7);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i * 37 % 101) / 101;
  for (const auto& [rows, columns] :
       {std::pair{4, 3}, {1, 1}, {18, 14}, {20, 2}, {9, 10}, {2, 7}}) {
    expect_near(
        resized(image, 9, 7, static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)),
        plain(image, 9, 7, rows, columns), 1e-6F);
  }
}

}  // namespace
}  // namespace tapegrad::data::detail
