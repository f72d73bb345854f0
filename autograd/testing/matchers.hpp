#pragma once

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/tape_difference.hpp>

// For programs of GoogleTest, which the library itself does not need.

namespace tapegrad::testing {

/// Success if the report passes; else the report.
inline ::testing::AssertionResult gradients_ok(const GradcheckReport& report) {
  if (report.passed()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << to_string(report);
}

/// Success if no gate differs by more than the tolerance; else the first that does.
inline ::testing::AssertionResult tape_near(const Tape& a, const Tape& b, double tolerance) {
  const std::optional<TapeDifference> difference = first_difference(a, b, tolerance);
  if (!difference) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << difference->text;
}

}  // namespace tapegrad::testing

/// Expects gradcheck(...) to pass; a failure prints its report. Takes what gradcheck takes:
///
///     EXPECT_GRADIENTS_OK(loss);
#define EXPECT_GRADIENTS_OK(...) \
  EXPECT_TRUE(::tapegrad::testing::gradients_ok(::tapegrad::gradcheck(__VA_ARGS__)))

/// Expects two tapes of the same circuit to hold the same gates, values and gradients, up to
/// tolerance · max(1, |a|, |b|); a failure names the first gate that differs.
#define EXPECT_TAPE_NEAR(a, b, tolerance) \
  EXPECT_TRUE(::tapegrad::testing::tape_near(a, b, tolerance))
