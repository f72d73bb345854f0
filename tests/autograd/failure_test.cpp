// What an error leaves behind: a rule of a user's gate that fails half-way, a replay that meets a
// bad label, shapes that no memory could hold, a tape that ends on another thread.

#include <limits>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace users {

using tapegrad::Shape;

/// The identity, whose backward rule fails.
struct Failing : tapegrad::ops::Whole<1> {
  static constexpr const char* name = "failing";
  Shape shape(tapegrad::ops::Shapes x) const { return x[0]; }
  template <class T>
  void forward(tapegrad::ops::Out<T> y, tapegrad::ops::Operands<T> x) const {
    for (std::int64_t i = 0; i < y.shape.size(); ++i) y.put(i, x[0].data[i]);
  }
  template <class Executor>
  void backward(Executor&) const {
    throw std::runtime_error("no gradient today");
  }
};

/// y = x repeated five times, with a rule that joins five values.
struct Fivefold : tapegrad::ops::Whole<1> {
  static constexpr const char* name = "fivefold";
  Shape shape(tapegrad::ops::Shapes x) const { return {5 * x[0][0]}; }
  template <class T>
  void forward(tapegrad::ops::Out<T> y, tapegrad::ops::Operands<T> x) const {
    const std::int64_t n = x[0].shape[0];
    for (std::int64_t i = 0; i < 5 * n; ++i) y.put(i, x[0].data[i % n]);
  }
  template <class Executor>
  void backward(Executor& e) const {
    const std::int64_t n = e.operand(0).shape()[0];
    const auto g = e.upstream();
    const auto part = [&](int k) { return e.eval(tapegrad::ops::Slice{0, k * n, (k + 1) * n}, g); };
    const auto joined =
        e.eval(tapegrad::ops::Concat{0}, part(0), part(1), part(2), part(3), part(4));
    for (int k = 0; k < 5; ++k) e.add(0, tapegrad::ops::Slice{0, k * n, (k + 1) * n}, joined);
  }
};

/// The sum of all elements, with a rule that forgets to give the gradient x's shape.
struct WrongShape : tapegrad::ops::Whole<1> {
  static constexpr const char* name = "wrong_shape";
  Shape shape(tapegrad::ops::Shapes) const { return {1}; }
  template <class T>
  void forward(tapegrad::ops::Out<T> y, tapegrad::ops::Operands<T> x) const {
    T total = 0;
    for (std::int64_t i = 0; i < x[0].shape.size(); ++i) total += x[0].data[i];
    y.put(0, total);
  }
  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, tapegrad::ops::Neg{}, e.upstream());
  }
};

}  // namespace users

namespace tapegrad::testing {
namespace {

TEST(Failure, AFailedBackwardLeavesParametersAsTheyWere) {
  Parameter gathered(array({2}, {1, 2})), fresh(array({2}, {3, 4}));
  {
    Tape tape;
    sum(gathered * 1.0).backward();
  }
  for (const Mode mode : {inspect, lean}) {
    Tape tape(mode);
    const Var x = gate(users::Failing{}, tape.variable({5, 6}));
    // The gradients of both parameters arrive before the rule of [failing] is reached.
    const Var y = sum(x * gathered * fresh);
    EXPECT_THROW(y.backward(), std::runtime_error);
    expect_numbers(gathered.grad(), {1, 1});
    EXPECT_FALSE(fresh.has_grad());
  }
}

TEST(Failure, ATapeWithAHalfDoneBackwardSaysSo) {
  Tape tape;
  const Var x = tape.variable({1, 2});
  const Var bad = sum(gate(users::Failing{}, x) * x);
  const Var good = sum(x * x);
  EXPECT_THROW(bad.backward(), std::runtime_error);
  expect_error<TapeError>([&] { x.grad(); }, {"[grad]", "broke off", "zero_grad()"});
  expect_error<TapeError>([&] { good.backward(); }, {"[backward]", "broke off", "zero_grad()"});
  tape.zero_grad();
  good.backward();
  expect_numbers(x.grad(), {2, 4});
}

TEST(Failure, ALeanTapeIsUsedUpByAFailedBackward) {
  Tape tape(lean);
  const Var x = gate(users::Failing{}, tape.variable({1, 2}));
  const Var y = sum(x * x);
  EXPECT_THROW(y.backward(), std::runtime_error);
  tape.zero_grad();
  expect_error<TapeError>([&] { y.backward(); }, {"lean", "reused"});
  expect_error<TapeError>([&] { x.value(); }, {"lean", "reused"});
}

TEST(Failure, ARuleMayJoinAnyNumberOfValues) {
  Tape tape;
  const Var x = tape.variable({1, 2});
  const Var weights = tape.data({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  const Var y = sum(gate(users::Fivefold{}, x) * weights);
  expect_numbers(grad(y, {x}).front().value(), {25, 30});
  y.backward();
  expect_numbers(x.grad(), {25, 30});
}

TEST(Failure, ARuleMustGiveEachOperandItsShape) {
  Tape tape;
  const Var x = tape.variable({1, 2, 3});
  const Var y = gate(users::WrongShape{}, x);
  const std::vector<std::string> words = {"[wrong_shape]", "(3,)", "(1,)", line_of(__LINE__ - 1)};
  expect_error<ShapeError>([&] { y.backward(); }, words);
  tape.zero_grad();
  expect_error<ShapeError>([&] { grad(y, {x}); }, words);
}

TEST(Failure, AFailedGradTakesItsGatesBack) {
  Tape tape;
  const Var x = tape.variable({1, 2});
  const Var constant = tape.data({3, 4});
  const Var y = sum(x * x);
  const Var bad = sum(gate(users::Failing{}, x));
  const std::uint32_t size = tape.size();
  expect_error<TapeError>([&] { grad(y, {constant}); });
  EXPECT_THROW(grad(bad, {x}), std::runtime_error);
  EXPECT_EQ(tape.size(), size);
  expect_numbers(grad(y, {x}).front().value(), {2, 4});
}

TEST(Failure, AReplayThatBreaksOffMustBeRepeated) {
  Tape tape;
  const Var scores = tape.variable(array({1, 3}, {1, 2, 3}));
  const Var scaled = scores * 2.0;
  const Var labels = tape.data(std::vector<double>{1});
  const Var loss = sum(softmax_cross_entropy(scaled, labels));
  labels.set_value(std::vector<double>{99});
  scores.set_value(array({1, 3}, {4, 5, 6}));
  expect_error<ValueError>([&] { tape.replay(); }, {"0 to 2", "99"});
  for (const auto& action : std::vector<std::function<void()>>{
           [&] { loss.item(); }, [&] { loss.backward(); }, [&] { grad(loss, {scores}); }}) {
    expect_error<TapeError>(action, {"replay()", "broke off"});
  }
  labels.set_value(std::vector<double>{2});
  tape.replay();
  expect_numbers(scaled.value(), {8, 10, 12});
  loss.backward();
}

TEST(Failure, SizesThatNoMemoryCouldHold) {
  const double number = 1;
  constexpr std::int64_t huge = std::int64_t{1} << 32;
  Tape tape;
  const Var x = tape.variable(std::vector<double>(4, 1.0));
  const Var empty = tape.data(std::vector<double>());
  const std::uint32_t size = tape.size();
  const int line = __LINE__ + 3;
  expect_error<ShapeError>(
      [&] {
        broadcast_to(x, {-1, 4});
      },
      {"[broadcast_to]", "(-1, 4)", line_of(line)});
  expect_error<ShapeError>([&] { tape.data(ArrayRef(&number, Shape{-3})); }, {"(-3,)"});
  expect_error<ShapeError>([&] { reshape(empty, {huge, huge}); }, {"[reshape]", "4294967296"});
  expect_error<ShapeError>([&] { dropout_mask({{-3}, 0.5, 1}); }, {"[dropout_mask]", "(-3,)"});
  expect_error<ShapeError>(
      [&] {
        slice_scatter(x, {0, std::numeric_limits<std::int64_t>::max(), 5});
      },
      {"[slice_scatter]"});
  expect_error<ShapeError>([&] { Parameter::zeros({-3}); }, {"[parameter]", "(-3,)"});
  expect_error<ShapeError>(
      [&] {
        Parameter::zeros({2, std::numeric_limits<std::int64_t>::max()});
      },
      {"[parameter]"});
  EXPECT_EQ(tape.size(), size);
}

TEST(Failure, SizesBeyondBlas) {
  const Shape tall{std::int64_t{1} << 31, 1}, row{1, 1};
  const Shape* const shapes[] = {&tall, &row};
  expect_error<ShapeError>([&] { ops::Matmul().shape({shapes, 2}); }, {"[matmul]", "2^31"});
}

TEST(Failure, ATapeThatEndsOnAnotherThread) {
  auto tape = std::make_unique<Tape>();
  const Var x = tape->variable(1.0);
  std::thread([moved = std::move(*tape)]() mutable { Tape ends_here = std::move(moved); }).join();
  EXPECT_FALSE(x.valid());
  // Neither the thread's stack of tapes nor the pool holds on to it.
  expect_error<TapeError>([] { constant(1.0); }, {"Tape tape;"});
  Tape next;
  const NoGrad no_grad;
  EXPECT_FALSE((next.variable(2.0) * 3.0).requires_grad());
}

}  // namespace
}  // namespace tapegrad::testing
