// B5: NaN and infinity are traced to the gate and the line that made them.

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST(NonFinite, LogOfANegativeNumber) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(2);
    const Var shifted = x - 3;
    const int line = __LINE__ + 1;
    const Var bad = log(shifted);
    const Var y = bad * 2 + exp(bad);
    expect_error<NonFiniteError>([&] { y.backward(); }, {"[backward]", "[log] at " + line_of(line),
                                                         "gate 3", "sub = -1", line_of(line + 2)});
    EXPECT_EQ(x.grad_item(), 0);
  }
}

TEST(NonFinite, NamesThatTheUserGaveAreUsed) {
  Tape tape;
  const Var x = tape.variable(-1).name("distance");
  expect_error<NonFiniteError>([&] { log(x).backward(); }, {"[log]", "from distance = -1"});
}

TEST(NonFinite, OneElementOfATensor) {
  Tape tape;
  const Var a = tape.variable(array({2, 3}, {1, 2, 3, 4, 0, 6}));
  const Var b = tape.variable(array({2, 3}, {1, 1, 1, 1, 0, 1}));
  const int line = __LINE__ + 1;
  const Var quotient = a / b;
  const Var y = sum(tanh(quotient));
  expect_error<NonFiniteError>([&] { y.backward(); }, {"[div] at " + line_of(line), "gate 2",
                                                       "nan at element 4", "variable (2, 3)"});
  expect_numbers(a.grad(), std::vector<double>(6, 0.0));
}

TEST(NonFinite, OverflowOfExp) {
  Tape wide(f64), narrow(f32);
  for (Tape* tape : {&wide, &narrow}) {
    const double x0 = tape->precision() == f32 ? 89 : 710;  // e⁸⁹ is finite in double.
    const Var x = tape->variable(x0);
    const int line = __LINE__ + 1;
    const Var y = exp(x);
    expect_error<NonFiniteError>([&] { y.backward(); },
                                 {"[exp] at " + line_of(line), "inf", "variable = "});
  }
  const Var fine = exp(wide.variable(89));
  fine.backward();
  EXPECT_TRUE(std::isfinite(fine.item()));
}

TEST(NonFinite, TheFirstGateOnTheWayIsNamed) {
  Tape tape;
  const Var x = tape.variable(0);
  const Var unrelated = log(x);  // −inf, but not upstream of y.
  const Var z = tape.variable({1, -1});
  const int line = __LINE__ + 1;
  const Var bad = sum(log(z));
  const Var y = reciprocal(bad) + x;
  expect_error<NonFiniteError>([&] { y.backward(); },
                               {"[log] at " + line_of(line), "nan at element 1"});
  EXPECT_TRUE(std::isinf(unrelated.item()));
}

TEST(NonFinite, ALeafIsNamedToo) {
  Tape tape;
  const int line = __LINE__ + 1;
  const Var x = tape.variable(nan_value);
  expect_error<NonFiniteError>([&] { (x * 2).backward(); }, {"[variable] at " + line_of(line)});
  const Parameter p(array({2}, {1, inf}));
  expect_error<NonFiniteError>([&] { sum(p * 2).backward(); }, {"[parameter]", "inf at element 1"});
}

TEST(NonFinite, ASwallowedNonFiniteNumberIsNoError) {
  Tape tape;
  const Var x = tape.variable(0.5);
  const Var y = where(x > 0, x * 2, log(-x)) + reciprocal(exp(x * 10'000));
  EXPECT_EQ(y.item(), 1);
  y.backward();
  EXPECT_EQ(x.grad_item(), 2);
}

TEST(NonFinite, OutputsWithAnUpstreamGradient) {
  Tape tape;
  const Var x = tape.variable({1, 0});
  const int line = __LINE__ + 1;
  const Var y = 1 / x;
  expect_error<NonFiniteError>(
      [&] {
        y.backward({1.0, 0.0});
      },
      {"[div] at " + line_of(line), "inf at element 1"});
}

TEST(NonFinite, ParametersKeepTheGradientsTheyHad) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    Parameter w(array({2}, {1, 2}), f32), s(2.0, f64);
    const Var x = tape.variable(1);
    sum(w * s * x).backward();
    const Var y = sum(w * log(s - 3)) * x;
    expect_error<NonFiniteError>([&] { y.backward(); });
    expect_numbers(w.grad(), {2, 2});
    EXPECT_EQ(s.grad()(), 3);
    EXPECT_EQ(x.grad_item(), 6);
  }
}

TEST(NonFinite, RecordedGradientsThrowAlike) {
  Tape tape;
  const Var x = tape.variable(-1);
  const int line = __LINE__ + 1;
  const Var y = log(x);
  expect_error<NonFiniteError>([&] { grad(y, {x}); },
                               {"[log] at " + line_of(line), line_of(line + 1)});
  EXPECT_EQ(tape.size(), 2U);
}

}  // namespace
}  // namespace tapegrad::testing
