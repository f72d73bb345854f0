#pragma once

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/autograd/array_ref.hpp>
#include <tapegrad/autograd/precision.hpp>

namespace tapegrad::testing {

inline double tolerance(Precision precision) {
  return precision == f32 ? 3e-5 : 1e-12;
}

inline void expect_near(const Array<double>& got, const Array<double>& expected, double relative,
                        const char* what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double scale = std::max(1.0, std::abs(expected.data()[i]));
    ASSERT_NEAR(got.data()[i], expected.data()[i], relative * scale) << what << ", element " << i;
  }
}

}  // namespace tapegrad::testing
