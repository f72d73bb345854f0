// Rows of weights as images (MISSION L2).

#include <tapegrad/train/templates.hpp>

#include <cmath>

#include <gtest/gtest.h>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using train::templates;

TEST(Templates, RowsAreScaledAloneOrTogether) {
  Parameter weight(Array<double>{{-1, 0, 1, 3}, {5, 5, 5, 5}, {2, 4, 2, 3}});
  const Array<float> each = templates(weight, {1, 2, 2});
  ASSERT_EQ(each.dimension(), 4U);
  EXPECT_EQ(each.shape()[0], 3U);
  EXPECT_EQ(each.shape()[2], 2U);
  expect_numbers(each, {0, 0.25, 0.5, 1, 0.5, 0.5, 0.5, 0.5, 0, 1, 0, 0.5});
  const Array<float> together = templates(weight, {1, 2, 2}, data::GridScale::common);
  const double sixth = 1.0 / 6;
  expect_numbers(
      together,
      {0, sixth, 2 * sixth, 4 * sixth, 1, 1, 1, 1, 3 * sixth, 5 * sixth, 3 * sixth, 4 * sixth},
      1e-7);
  expect_numbers(templates(weight, {1, 2, 2}, data::GridScale::none),
                 {-1, 0, 1, 3, 5, 5, 5, 5, 2, 4, 2, 3});
  weight.set_value(Array<double>{{-1e308, 1e308, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}});
  EXPECT_EQ(templates(weight, {1, 2, 2})(0, 0, 1, 0), 0.5F);
}

TEST(Templates, ChannelsAreInTheOrderOfTheInputs) {
  Array<double> numbers = Array<double>::from_shape({2, 12});
  for (std::size_t i = 0; i < 24; ++i) numbers.data()[i] = static_cast<double>(i % 12);
  const Array<float> images = templates(Parameter(numbers), {3, 2, 2});
  EXPECT_FLOAT_EQ(images(1, 2, 0, 1), 9.0F / 11);
}

TEST(Templates, RefuseWhatIsNoImage) {
  const Parameter weight(Array<double>{{1, 2, 3, 4}});
  expect_error<ShapeError>(
      [&] {
        templates(weight, {3, 2, 2});
      },
      {"[templates]", "(1, 4)", "(3, 2, 2)"});
  expect_error<ShapeError>([&] { templates(weight, {2, 2}); }, {"[templates]", "(2, 2)"});
  expect_error<ShapeError>([&] { templates(Parameter(Array<double>{1, 2}), {1, 1, 1}); }, {"(2,)"});
  const Parameter bad(Array<double>{{1, NAN, 3, 4}});
  expect_error<ValueError>([&] { templates(bad, {1, 2, 2}); }, {"[templates]", "finite"});
}

}  // namespace
}  // namespace tapegrad::testing
