// Lean tapes: the same gradients from less memory, and a clear error for what is gone.

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/nn/losses.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

struct Gradients {
  Array<double> w, b, x, s;
  double loss;
};

bool operator==(const Gradients& a, const Gradients& b) {
  return a.w == b.w && a.b == b.b && a.x == b.x && a.s == b.s && a.loss == b.loss;
}

/// Gates whose gradients may stay in place, and some whose may not: an operand that comes twice,
/// that has a gradient already, that is of another shape.
Var in_place(const Var& x, const Var& s) {
  const Var twice = tanh(x), used = exp(x * 0.3), row = sum(x, {{0}, true});
  const Var product = twice * twice, quotient = used / (product + 2.0);
  return where(quotient > 0.4, quotient * used, sin(s - quotient)) + exp(row * s) * quotient;
}

/// A circuit with every kind of gate: views, broadcasts, reductions, products, scalars.
Gradients run(Precision precision, Mode mode) {
  Tape tape(precision, mode);
  Parameter w(array({4, 3}, {0.1, -0.2, 0.3, 0.7, 0.5, -0.6, 1.1, 0.2, -0.3, 0.4, -0.9, 0.8}),
              precision);
  Parameter b(array({4}, {0.1, 0.2, -0.3, 0.4}), precision);
  const Var x = tape.variable(array({2, 3}, {1, 2, -1, 0.5, -0.25, 3}));
  const Var s = tape.variable(0.7);
  const Var hidden = relu(matmul(x, w, {false, true}) + b);
  const Var flat = reshape(hidden, {8});
  const Var both = concat({flat, flat * s, transpose(reshape(flat, {8}))}, {0});
  const Var masked = hidden * dropout_mask({{2, 4}, 0.25, 5});
  const Var loss = nn::cross_entropy(hidden + masked * tanh(s), std::vector<int>{1, 3}) +
                   sum(both * both) * s + amax(hidden) * 0.5 + sum(slice(hidden, 1, 1, 3)) +
                   sum(square(slice(slice(flat, 0, 1, 7), 0, 2, 5))) + sum(in_place(hidden, s));
  loss.backward();
  return {w.grad(), b.grad(), x.grad(), s.grad(), loss.item()};
}

TEST(Lean, GradientsAreThoseOfInspectBitForBit) {
  for (const Precision precision : {f32, f64}) {
    const Gradients expected = run(precision, inspect);
    EXPECT_GT(std::abs(expected.w(0, 0)), 1e-3);
    for (int round = 0; round < 3; ++round) EXPECT_TRUE(run(precision, lean) == expected);
  }
}

TEST(Lean, OneElementInAnyShape) {
  const double y = std::tanh(2.0);
  for (const std::vector<std::size_t>& of_s : {std::vector<std::size_t>{}, {1}, {1, 1}}) {
    for (const std::vector<std::size_t>& of_x : {std::vector<std::size_t>{1}, {1, 1}}) {
      Tape tape(f64, lean);
      const Var x = tape.variable(array(of_x, {2})), s = tape.variable(array(of_s, {3}));
      sum(tanh(x) * s + s).backward();
      expect_numbers(x.grad(), {3 * (1 - y * y)}, 1e-15);
      expect_numbers(s.grad(), {y + 1}, 1e-15);
    }
  }
}

TEST(Lean, UsesLessMemory) {
  const auto used = [](Mode mode) {
    Tape tape(f32, mode);
    Var y = tape.variable(std::vector<double>(100'000, 0.5));
    for (int i = 0; i < 20; ++i) y = tanh(y);
    sum(y).backward();
    return tape.memory().used;
  };
  EXPECT_GT(used(inspect), 40 * 400'000);
  EXPECT_LT(used(lean), 4 * 400'000);
}

class LeanAfterBackward : public ::testing::Test {
 protected:
  LeanAfterBackward() { loss_.backward(); }

  Tape tape_{f64, lean};
  Var x_ = tape_.variable({1, 2, 3});
  Var y_ = tanh(x_);
  double y0_ = y_.value()(0);  // Readable as long as nothing went backward.
  Var loss_ = sum(y_ * y_);
};

TEST_F(LeanAfterBackward, LeavesAndScalarsStayReadable) {
  EXPECT_NEAR(y0_, std::tanh(1.0), 1e-15);
  EXPECT_NEAR(x_.grad()(0), 2 * y0_ * (1 - y0_ * y0_), 1e-15);
  expect_numbers(x_.value(), {1, 2, 3});
  EXPECT_GT(loss_.item(), 0);
}

TEST_F(LeanAfterBackward, ReadingWhatIsGoneThrows) {
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { y_.value(); }, {"[value]", "lean", line_of(line)});
  expect_error<TapeError>([&] { y_.grad(); }, {"[grad]", "lean", line_of(__LINE__)});
  expect_error<TapeError>([&] { inspect_gate(y_); }, {"lean", line_of(__LINE__)});
  expect_error<TapeError>([&] { local_gradient(y_, 0); }, {"lean", line_of(__LINE__)});
  expect_error<TapeError>([&] { branches(relu(y_)); }, {"lean"});
  expect_error<TapeError>([&] { to_table(tape_); }, {"lean"});
}

TEST_F(LeanAfterBackward, SecondBackwardThrows) {
  const Array<double> before = x_.grad();
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { loss_.backward(); }, {"[backward]", "lean", line_of(line)});
  expect_error<TapeError>([&] { grad(loss_, {x_}); }, {"[grad]", "lean", line_of(__LINE__)});
  EXPECT_EQ(x_.grad(), before);
}

TEST_F(LeanAfterBackward, ReplayThrows) {
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { tape_.replay(); }, {"[replay]", "lean", line_of(line)});
  expect_error<TapeError>([&] { tape_.replay(f64); }, {"[replay]", "lean", line_of(__LINE__)});
  expect_error<TapeError>([&] { gradcheck(loss_); }, {"lean", line_of(__LINE__)});
}

TEST_F(LeanAfterBackward, RecordingThrows) {
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { y_ * 2; }, {"[mul]", "lean", line_of(line)});
  expect_error<TapeError>([&] { x_ + x_; }, {"[add]", "lean", line_of(__LINE__)});
}

TEST(Lean, RecordingScalarsAfterBackwardThrowsInBothPrecisions) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision, lean);
    const Var x = tape.variable(2);
    const Var y = x * x;
    y.backward();
    EXPECT_EQ(x.grad_item(), 4);
    expect_error<TapeError>([&] { y * 2; }, {"[mul]", "lean", line_of(__LINE__)});
    expect_error<TapeError>([&] { exp(x); }, {"[exp]", "lean", line_of(__LINE__)});
  }
}

TEST_F(LeanAfterBackward, ResetBeginsAnew) {
  tape_.reset();
  const Var x = tape_.variable({1, 2});
  const Var y = x * x;
  expect_numbers(y.value(), {1, 4});
  sum(y).backward();
  expect_numbers(x.grad(), {2, 4});
}

TEST(Lean, AFailedBackwardConsumesNothing) {
  Tape tape(f64, lean);
  const Var x = tape.variable({1, 2});
  const Var y = x * x;
  EXPECT_THROW(y.backward(), ShapeError);
  expect_numbers(y.value(), {1, 4});
  y.backward({1.0, 1.0});
  expect_numbers(x.grad(), {2, 4});
}

TEST(Lean, CanBeReplayedAndCheckedBeforeBackward) {
  Tape tape(f32, lean);
  const Var x = tape.variable({1, 2});
  const Var y = sum(x * x);
  EXPECT_EQ(gradcheck(y).coordinates.size(), 2U);
  const Tape copy = tape.replay(f64);
  EXPECT_EQ(copy.mode(), inspect);
  y.backward();
  expect_numbers(x.grad(), {2, 4});
}

TEST(Lean, ModeAndPrecisionComeInEitherOrder) {
  const Tape one(lean, f32), other(f32, lean);
  for (const Tape* tape : {&one, &other}) {
    EXPECT_EQ(tape->mode(), lean);
    EXPECT_EQ(tape->precision(), f32);
  }
}

TEST(Lean, WhatNeedsReusedOperandsThrowsEvenForAScalar) {
  Tape tape(lean);
  const Var x = tape.variable({1, 2});
  const Var y = amax(x * x);
  y.backward();
  EXPECT_EQ(y.item(), 4);
  expect_error<TapeError>([&] { branches(y); }, {"[branches]", "lean"});
  expect_error<TapeError>([&] { local_gradient(y, 0); }, {"[local_gradient]", "lean"});
}

}  // namespace
}  // namespace tapegrad::testing
