// backward(): from what, how often, to whom.

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

// --- From what ------------------------------------------------------------------------------

TEST(Backward, FromAScalar) {
  Tape tape;
  const Var x = tape.variable(3);
  (x * x).backward();
  EXPECT_EQ(x.grad_item(), 6);
}

TEST(Backward, FromASingleElementOfAnyRank) {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{1, 1, 1}}) {
    Tape tape;
    const Var x = tape.variable(3);
    reshape(x * x, shape).backward();
    EXPECT_EQ(x.grad_item(), 6) << to_string(shape);
  }
}

TEST(Backward, WithTheUpstreamGradientOfATensor) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(array({2, 2}, {1, 2, 3, 4}));
    const Var y = x * x;
    y.backward(array({2, 2}, {1, -1, 0.5, 10}));
    expect_numbers(x.grad(), {2, -4, 3, 80});
    expect_numbers(y.grad(), {1, -1, 0.5, 10});
  }
}

TEST(Backward, WithTheUpstreamGradientOfAScalar) {
  Tape tape;
  const Var x = tape.variable(3);
  const Var y = x * x;
  y.backward(-2.0);
  EXPECT_EQ(x.grad_item(), -12);
  EXPECT_EQ(y.grad_item(), -2);
}

TEST(Backward, FromALeaf) {
  Tape tape;
  const Parameter p(array({2}, {5, 6}));
  const Var x = tape.variable(1), w = tape.parameter(p);
  x.backward();
  w.backward({2.0, 3.0});
  EXPECT_EQ(x.grad_item(), 1);
  expect_numbers(p.grad(), {2, 3});
}

TEST(Backward, WrongUpstreamShape) {
  Tape tape;
  const Var x = tape.variable({1, 2, 3});
  const Var y = x * x;
  const auto short_one = array({2}, {1, 2});
  const int line = __LINE__ + 1;
  const auto backward = [&] { y.backward(short_one); };
  expect_error<ShapeError>(backward, {"[backward]", "(3,)", "(2,)", line_of(line)});
  expect_error<ShapeError>([&] { y.backward(1.0); }, {"(3,)", "()"});
  expect_error<ShapeError>([&] { sum(y).backward(array({1}, {1})); }, {"()", "(1,)"});
  expect_numbers(x.grad(), {0, 0, 0});
}

TEST(Backward, NonScalarNeedsAnUpstreamGradient) {
  Tape tape;
  const Var x = tape.variable({1, 2, 3});
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { (x * x).backward(); },
                           {"[backward]", "one element", "(3,)", line_of(line)});
  expect_error<ShapeError>([&] { tape.variable(array({0}, {})).backward(); }, {"(0,)"});
}

TEST(Backward, FromAConstant) {
  Tape tape;
  const Var c = tape.data(2.0), t = tape.data({1, 2});
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { c.backward(); }, {"[backward]", "data", line_of(line)});
  expect_error<TapeError>([&] { exp(c).backward(); }, {"[backward]", "exp", line_of(__LINE__)});
  expect_error<TapeError>([&] { sum(t * t).backward(); }, {"[backward]", "sum"});
  // A condition depends on x, but has no gradient.
  const Var x = tape.variable(1);
  expect_error<TapeError>([&] { (x > 0).backward(); }, {"[backward]", "greater"});
  expect_error<TapeError>([&] { detach(x).backward(); }, {"[backward]", "detach"});
}

// --- NoGrad, detach -------------------------------------------------------------------------

TEST(Backward, NothingGoesThroughNoGrad) {
  Tape tape;
  const Parameter p(array({2}, {1, 2}));
  const Var x = tape.variable(3);
  Var y, z, v;
  {
    const NoGrad no_grad;
    y = x * x;
    z = sum(p * p);
    v = tape.variable(1);
  }
  for (const Var& constant : {y, z, v}) {
    EXPECT_FALSE(constant.requires_grad());
    expect_error<TapeError>([&] { constant.backward(); }, {"[backward]", "NoGrad"});
  }
  EXPECT_TRUE((x * x).requires_grad());
  EXPECT_TRUE(sum(p * p).requires_grad());
}

TEST(Backward, NoGradScalarIsAConstantFactor) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(3);
    Var c;
    {
      const NoGrad no_grad;
      c = x * 2;
    }
    (c * x).backward();
    EXPECT_EQ(x.grad_item(), 6);  // c alone; not 12, as if c were 2x.
    EXPECT_EQ(c.grad_item(), 0);
  }
}

TEST(Backward, NoGradTensorIsAConstantFactor) {
  Tape tape;
  const Var x = tape.variable({3, 4});
  Var c;
  {
    const NoGrad no_grad;
    c = x * 2;
  }
  sum(c * x).backward();
  expect_numbers(x.grad(), {6, 8});
}

TEST(Backward, NoGradCoversTapesMadeWithinAndNests) {
  {
    const NoGrad outer;
    { const NoGrad inner; }
    Tape tape;
    EXPECT_FALSE((tape.variable(1) * 2).requires_grad());
  }
  Tape tape;
  EXPECT_TRUE((tape.variable(1) * 2).requires_grad());
}

TEST(Backward, OfAnEarlierGateWorksUnderNoGrad) {
  Tape tape;
  const Var x = tape.variable(3);
  const Var y = x * x;
  const NoGrad no_grad;
  y.backward();
  EXPECT_EQ(x.grad_item(), 6);
}

TEST(Backward, ConstantsGetNoGradient) {
  Tape tape;
  const Var x = tape.variable(3), s = tape.data(2.0);
  const Var t = tape.data({1, 2});
  const Var c = exp(s);
  sum(t * (c * x * s)).backward();
  EXPECT_FALSE(s.requires_grad());
  EXPECT_EQ(s.grad_item(), 0);
  EXPECT_EQ(c.grad_item(), 0);
  expect_numbers(t.grad(), {0, 0});
  EXPECT_NEAR(x.grad_item(), 3 * std::exp(2.0) * 2, 1e-12);
}

TEST(Backward, DetachStopsTheGradient) {
  Tape tape;
  const Var x = tape.variable(3);
  const Var t = tape.variable({1, 2});
  const Var y = x * detach(x) + sum(detach(t) * t);
  EXPECT_EQ(y.item(), 14);
  y.backward();
  EXPECT_EQ(x.grad_item(), 3);
  expect_numbers(t.grad(), {1, 2});
}

// --- Again ----------------------------------------------------------------------------------

TEST(Backward, TwiceLeavesAccumulateAndGatesStartFromZero) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Parameter p(array({2}, {1, 2}), precision), q(4.0, precision);
    const Var x = tape.variable(3), t = tape.variable({1, -1});
    const Var product = x * q;
    const Var tensor = t * p;
    const Var y = sum(tensor * tensor) * product;  // Σ t²p² · xq = 5 · 12
    for (int pass = 1; pass <= 3; ++pass) {
      y.backward();
      EXPECT_EQ(x.grad_item(), pass * 20);
      EXPECT_EQ(q.grad()(), pass * 15);
      expect_numbers(t.grad(), {pass * 24.0, pass * -96.0});
      expect_numbers(p.grad(), {pass * 24.0, pass * 48.0});
      EXPECT_EQ(y.grad_item(), 1);
      EXPECT_EQ(product.grad_item(), 5);
      expect_numbers(tensor.grad(), {2 * 12, -4 * 12});
    }
  }
}

TEST(Backward, FromAnotherOutput) {
  Tape tape;
  const Var x = tape.variable(2);
  const Var t = tape.variable({1, 2});
  const Var a = x * x, b = t * t;
  const Var first = a * sum(b);
  const Var second = x * 3;
  first.backward();
  second.backward();
  EXPECT_EQ(x.grad_item(), 2 * 2 * 5 + 3);
  expect_numbers(t.grad(), {8, 16});
  // The gates of the first pass are not on the way to the second output.
  EXPECT_EQ(a.grad_item(), 0);
  EXPECT_EQ(first.grad_item(), 0);
  expect_numbers(b.grad(), {0, 0});
}

TEST(Backward, OnlyGatesOnThePathGetGradients) {
  Tape tape;
  const Parameter used(array({2}, {1, 2})), unused(array({2}, {1, 2}));
  const Var x = tape.variable(2), off = tape.variable(5);
  const Var aside = sum(unused * unused) * off;
  const Var y = sum(used * x);
  const Var later = y * off;
  y.backward();
  EXPECT_EQ(aside.grad_item(), 0);
  EXPECT_EQ(off.grad_item(), 0);
  EXPECT_EQ(later.grad_item(), 0);
  EXPECT_FALSE(unused.has_grad());
  EXPECT_TRUE(used.has_grad());
  expect_numbers(unused.grad(), {0, 0});
}

TEST(Backward, TapeZeroGrad) {
  Tape tape;
  const Parameter p(array({2}, {1, 2})), q(2.0);
  const Var x = tape.variable(3), t = tape.variable({1, 2});
  const Var y = sum(t * p) * x * q;
  y.backward();
  tape.zero_grad();
  EXPECT_EQ(x.grad_item(), 0);
  expect_numbers(t.grad(), {0, 0});
  EXPECT_EQ(y.grad_item(), 0);
  y.backward();
  EXPECT_EQ(x.grad_item(), 10);
  expect_numbers(t.grad(), {6, 12});
  // Parameters keep theirs: two passes.
  expect_numbers(p.grad(), {12, 24});
  EXPECT_EQ(q.grad()(), 30);
}

TEST(Backward, AScalarZeroGradientStops) {
  // 0·inf: the branch that was not chosen has an infinite slope and must not turn into NaN.
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(0);
    const Var y = where(x > 0, log(x), x * 2);
    EXPECT_EQ(y.item(), 0);
    y.backward();
    EXPECT_EQ(x.grad_item(), 2);
  }
}

// --- Parameters that change -----------------------------------------------------------------

TEST(Backward, AParameterChangedSinceForwardIsRefused) {
  for (const Precision precision : {f32, f64}) {
    for (const bool scalar : {true, false}) {
      Parameter p(scalar ? array({}, {3}) : array({2}, {3, 3}), f64);
      Tape tape(precision);
      const Var x = tape.variable(2);
      const int read = __LINE__ + 1;
      const Var y = sum(p * p) * x;
      p.set_value(scalar ? array({}, {5}) : array({2}, {5, 5}));
      expect_error<TapeError>([&] { y.backward(); },
                              {"[backward]", "changed since", line_of(read), "replay"});
      EXPECT_FALSE(p.has_grad());
      EXPECT_EQ(x.grad_item(), 0);
      tape.replay();
      y.backward();
      const double n = scalar ? 1 : 2;
      EXPECT_EQ(y.item(), n * 25 * 2);
      EXPECT_EQ(p.grad().data()[0], 2 * 5 * 2);
    }
  }
}

TEST(Backward, AParameterThatChangesIsReadAgainByANewExpression) {
  Parameter p(3.0), q(array({1}, {3}));
  Tape tape;
  const Var before = p * 2;
  p.set_value(5.0);
  q.set_value({7.0});
  const Var after = p * 2 + sum(q);
  EXPECT_EQ(after.item(), 17);
  after.backward();
  EXPECT_EQ(p.grad()(), 2);
  // What does not depend on the changed value goes backward as ever.
  expect_error<TapeError>([&] { before.backward(); }, {"changed since"});
}

TEST(Backward, AnUnusedParameterMayChange) {
  Parameter p(3.0), other(array({2}, {1, 1}));
  Tape tape;
  const Var aside = sum(other * 2);
  const Var y = p * p;
  other.set_value({2.0, 2.0});
  y.backward();
  EXPECT_EQ(p.grad()(), 6);
  EXPECT_EQ(aside.item(), 4);
}

}  // namespace
}  // namespace tapegrad::testing
