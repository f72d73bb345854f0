// Pointwise gates where a careless formula would lose digits or overflow.

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using Gate = Var (*)(Operand);

/// Value and derivative at x, relative to their size, as a scalar and within an array that does not
/// fill its registers.
void expect_at(Gate gate, double x, double value, double derivative, Place place = Place::here()) {
  for (const Precision precision : {f32, f64}) {
    const ::testing::ScopedTrace trace(place.file, place.line,
                                       precision == f32 ? "in float" : "in double");
    const double digits = precision == f32 ? 2e-7 : 4e-16;
    const auto expect_near = [&](double got, double expected) {
      if (std::isinf(expected)) {
        EXPECT_EQ(got, expected);
      } else {
        EXPECT_NEAR(got, expected, digits * std::abs(expected));
      }
    };
    Tape tape(precision);
    const Var scalar = tape.variable(x);
    const Var array = tape.variable(std::vector<double>(11, x));
    const Var y = gate(scalar);
    const Var ys = gate(array);
    expect_near(y.item(), value);
    for (const double element : ys.value()) expect_near(element, value);
    if (std::isinf(value)) continue;
    y.backward();
    sum(ys).backward();
    expect_near(scalar.grad_item(), derivative);
    for (const double element : array.grad()) expect_near(element, derivative);
  }
}

TEST(Pointwise, LogOfOnePlusAndExpMinusOneKeepSmallNumbers) {
  const double tiny = std::ldexp(1.0, -60);  // Exact in float; 1 + tiny is 1.
  expect_at([](Operand x) { return log1p(x); }, tiny, tiny, 1);
  expect_at([](Operand x) { return log1p(x); }, -tiny, -tiny, 1);
  expect_at([](Operand x) { return expm1(x); }, tiny, tiny, 1);
  expect_at([](Operand x) { return expm1(x); }, -800, -1, 0);
  expect_at([](Operand x) { return log1p(x); }, -1, -std::numeric_limits<double>::infinity(), 0);
}

TEST(Pointwise, SoftplusIsALineFarOut) {
  const auto f = [](Operand x) { return softplus(x); };
  expect_at(f, 0, std::log(2), 0.5);
  expect_at(f, 1000, 1000, 1);
  expect_at(f, -1000, 0, 0);
  // e^-40 is far below the digits of 1, and neither value nor derivative may lose it.
  expect_at(f, -40, std::exp(-40), std::exp(-40));
}

TEST(Pointwise, RootsAndSquares) {
  expect_at([](Operand x) { return sqrt(x); }, 0.25, 0.5, 1);
  expect_at([](Operand x) { return sqrt(x); }, 4, 2, 0.25);
  expect_at([](Operand x) { return rsqrt(x); }, 4, 0.5, -0.0625);
  expect_at([](Operand x) { return rsqrt(x); }, 0, std::numeric_limits<double>::infinity(), 0);
  expect_at([](Operand x) { return square(x); }, -3, 9, -6);
}

TEST(Pointwise, SineAndCosine) {
  expect_at([](Operand x) { return sin(x); }, 0, 0, 1);
  expect_at([](Operand x) { return cos(x); }, 0, 1, 0);
  expect_at([](Operand x) { return sin(x); }, 1, std::sin(1.0), std::cos(1.0));
  expect_at([](Operand x) { return cos(x); }, 1, std::cos(1.0), -std::sin(1.0));
  // Many turns away from 0.
  expect_at([](Operand x) { return sin(x); }, 1024, std::sin(1024.0), std::cos(1024.0));
}

TEST(Pointwise, SignHasThreeValues) {
  Tape tape;
  const Var x = tape.variable({-2, 0, 3});
  expect_arrays(sign(x).value(), array({3}, {-1, 0, 1}));
  EXPECT_TRUE(std::isnan(sign(tape.variable(std::nan(""))).item()));
  EXPECT_FALSE(sign(x).requires_grad());
}

}  // namespace
}  // namespace tapegrad::testing
