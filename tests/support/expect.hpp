#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <typeinfo>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/place.hpp>
#include <tapegrad/ops/array.hpp>
#include <tapegrad/ops/error.hpp>

namespace tapegrad::testing {

/// `tape_test.cpp:41`: how messages name a line of the calling file.
inline std::string line_of(int line, const char* file = __builtin_FILE()) {
  return to_string(Place{file, line});
}

/// An array of the given shape, its numbers in row-major order.
inline Array<double> array(const std::vector<std::size_t>& shape,
                           const std::vector<double>& numbers) {
  Array<double> result = Array<double>::from_shape(shape);
  EXPECT_EQ(result.size(), numbers.size());
  std::copy(numbers.begin(), numbers.end(), result.data());
  return result;
}

/// `action` throws exactly an E whose text holds every one of `words`. Returns the text.
template <class E, class Action>
std::string expect_error(Action action, const std::vector<std::string>& words = {},
                         Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_error");
  try {
    action();
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_EQ(typeid(error).name(), typeid(E).name()) << text;
    for (const std::string& word : words) {
      EXPECT_NE(text.find(word), std::string::npos) << "no '" << word << "' in: " << text;
    }
    return text;
  }
  ADD_FAILURE() << "no exception";
  return {};
}

/// The numbers of an array in row-major order, each within `tolerance`.
inline void expect_numbers(const Array<double>& got, const std::vector<double>& expected,
                           double tolerance = 0, Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_numbers");
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(got.data()[i], expected[i], tolerance) << "element " << i;
  }
}

/// Equal shapes, and equal numbers within `relative` of the larger of 1 and the expected one.
inline void expect_arrays(const Array<double>& got, const Array<double>& expected,
                          double relative = 0, Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_arrays");
  ASSERT_EQ(got.shape(), expected.shape());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double scale = std::max(1.0, std::abs(expected.data()[i]));
    EXPECT_NEAR(got.data()[i], expected.data()[i], relative * scale) << "element " << i;
  }
}

}  // namespace tapegrad::testing
