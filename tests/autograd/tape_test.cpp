// Tapes: several at once, moved, reset, and a million gates long.

#include <chrono>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

// --- Several tapes --------------------------------------------------------------------------

TEST(Tape, ExpressionGoesToTheTapeOfItsVars) {
  Tape outer;
  const Var x = outer.variable(2);
  Tape inner;
  const Var y = inner.variable(5);
  const Var z = x * x + 1;  // Not on `inner`, although that is the innermost.
  EXPECT_EQ(outer.size(), 4U);
  EXPECT_EQ(inner.size(), 1U);
  const Var w = y * y;
  w.backward();
  z.backward();
  EXPECT_EQ(x.grad_item(), 4);
  EXPECT_EQ(y.grad_item(), 10);
}

TEST(Tape, ParametersAndNumbersGoToTheInnermost) {
  const Parameter p(3.0);
  const Parameter m(array({2, 2}, {1, 2, 3, 4}));
  Tape outer;
  {
    Tape inner;
    const Var penalty = 0.5 * p * p;
    EXPECT_EQ(penalty.item(), 4.5);
    const Var c = constant({1, 2});
    const Var product = matmul(m, m);
    EXPECT_EQ(product.value()(0, 0), 7);
    EXPECT_EQ(sum(m * m).item(), 30);
    EXPECT_EQ(c.index(), 4U);
    EXPECT_EQ(outer.size(), 0U);
  }
  const Var again = p * 2;
  EXPECT_EQ(again.item(), 6);
  EXPECT_EQ(outer.size(), 3U);
}

TEST(Tape, InnermostIsTheYoungestAlive) {
  const Parameter p(1.0);
  auto first = std::make_unique<Tape>();
  auto second = std::make_unique<Tape>();
  auto third = std::make_unique<Tape>();
  second.reset();
  EXPECT_EQ((p + 1).item(), 2);
  EXPECT_EQ(third->size(), 3U);
  third.reset();
  EXPECT_EQ((p + 1).item(), 2);
  EXPECT_EQ(first->size(), 3U);
}

TEST(Tape, NoTapeIsAnErrorThatSaysWhatToWrite) {
  const Parameter p(1.0);
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { return p * 2; }, {"[mul]", "`Tape tape;`", line_of(line)});
  expect_error<TapeError>([&] { constant(1); }, {"[constant]", line_of(__LINE__)});
}

TEST(Tape, OperandsOfTwoTapesAreRefused) {
  const int made = __LINE__ + 1;
  Tape a;
  Tape b;
  const Var x = a.variable(2), y = b.variable(3);
  const Var s = a.variable({1, 2}), t = b.variable({1, 2});
  const auto sizes = [&] { return std::pair(a.size(), b.size()); };
  const auto before = sizes();
  const std::vector<std::string> words = {line_of(made), line_of(made + 1), "tape.data(x.value())"};
  const auto refused = [&](const char* gate, int line, auto action) {
    std::vector<std::string> all = words;
    all.push_back(std::string("[") + gate + "]");
    all.push_back(line_of(line));
    expect_error<TapeError>(action, all);
    EXPECT_EQ(sizes(), before) << gate;
  };
  refused("add", __LINE__, [&] { x + y; });
  refused("mul", __LINE__, [&] { s* t; });
  refused("sub", __LINE__, [&] { x - t; });
  refused("where", __LINE__, [&] { where(1.0, x, y); });
  refused("concat", __LINE__, [&] { concat({s, t}, {0}); });
  // What the message advises works.
  EXPECT_EQ((x + a.data(y.value())).item(), 5);
}

// --- Move, reset ----------------------------------------------------------------------------

Tape tape_of_function(Var& x) {
  Tape tape(f32);
  x = tape.variable(7);
  return tape;
}

TEST(Tape, MovesWithItsGates) {
  Var x;
  Tape tape = tape_of_function(x);
  EXPECT_EQ(tape.precision(), f32);
  Tape moved(std::move(tape));
  Var y = x * x;
  EXPECT_EQ(moved.size(), 2U);
  Tape target(f64, lean);
  target = std::move(moved);
  EXPECT_EQ(target.precision(), f32);
  EXPECT_EQ(target.mode(), inspect);
  y.backward();
  EXPECT_EQ(x.grad_item(), 14);
}

TEST(Tape, DiesWithItsNewOwner) {
  Var x;
  {
    Tape inner;
    x = inner.variable(1);
    Tape owner(std::move(inner));
    EXPECT_TRUE(x.valid());
  }
  EXPECT_FALSE(x.valid());
}

TEST(Tape, ResetForgetsGatesAndKeepsMemory) {
  Tape tape(f32, lean);
  const auto record = [&] {
    const Var x = tape.variable(std::vector<double>(10'000, 0.5)).name("x");
    sum(tanh(x * x)).backward();
  };
  record();
  tape.reset();
  record();
  const auto full = tape.memory();
  EXPECT_GE(full.reserved, full.used);
  EXPECT_GE(full.used, 10'000 * 4);
  tape.reset();
  EXPECT_EQ(tape.size(), 0U);
  EXPECT_EQ(tape.memory().used, 0);
  EXPECT_EQ(tape.memory().reserved, full.reserved);
  EXPECT_EQ(tape.precision(), f32);
  EXPECT_EQ(tape.mode(), lean);
  record();
  EXPECT_EQ(tape.memory().reserved, full.reserved);
  EXPECT_EQ(tape.memory().used, full.used);
}

TEST(Tape, RowsOfAValueAreNotCopied) {
  std::vector<float> numbers(1000 * 100);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 0.001F * static_cast<float>(i);
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.data(ArrayRef(numbers.data(), {1000, 100}));
    const auto before = tape.memory().used;
    const Var rows = slice(x, 0, 200, 300);
    const Var fewer = slice(rows, 0, 40, 60);
    const Var one = slice(reshape(fewer, {1, 20, 100}), 1, -1, 20);
    EXPECT_LT(tape.memory().used - before, 1000);
    EXPECT_EQ(fewer.shape(), (Shape{20, 100}));
    EXPECT_NEAR(rows.value()(0, 0), 20, 1e-5);
    EXPECT_NEAR(fewer.value()(19, 99), 25.999, 1e-5);
    EXPECT_NEAR(one.value()(0, 0, 99), 25.999, 1e-5);
    EXPECT_NEAR(sum(slice(fewer, 1, 99, 100)).item(), 20 * (24.099 + 25.999) / 2, 1e-3);
    // Every second row, and columns, do not lie together.
    EXPECT_NEAR(slice(x, 0, 1, 1000, 2).value()(499, 99), 99.999, 1e-5);
    EXPECT_GT(tape.memory().used - before, 500 * 100 * bytes_per_number(precision));
  }
}

TEST(Tape, GateByIndex) {
  Tape tape;
  const Var x = tape.variable(2);
  const Var y = exp(x);
  EXPECT_EQ(tape.gate(y.index()).item(), y.item());
  tape.gate(1).backward();
  EXPECT_EQ(tape.gate(0).grad_item(), x.grad_item());
  expect_error<TapeError>([&] { tape.gate(2); }, {"[gate]", "size 2", "got 2", line_of(__LINE__)});
}

TEST(Tape, LinesThatDoNotFitReadAsTheLast) {
  Tape tape;
  for (const int line : {0, 1, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, -1}) {
    const Var x = tape.variable(2, Place{"f.cpp", line});
    const Var y = mul(Operand(x, "f.cpp", line), Operand(x, "f.cpp", line));
    const int kept = line >= 0 && line < 0xFFFF ? line : 0xFFFF;
    for (const Var& gate : {x, y}) {
      EXPECT_EQ(inspect_gate(gate).place.line, kept) << line;
      EXPECT_TRUE(tape.gate(gate.index()).requires_grad());
      EXPECT_TRUE(tape.gate(gate.index()).shape().empty());
    }
    EXPECT_EQ(inspect_gate(y).gate, std::string("mul"));
  }
}

TEST(Tape, PrecisionDecidesHowNumbersAreKept) {
  Tape narrow(f32), wide(f64);
  EXPECT_EQ(narrow.variable(0.1).item(), static_cast<double>(0.1F));
  EXPECT_EQ(wide.variable(0.1).item(), 0.1);
  const Var x = narrow.variable(0.1), y = narrow.variable(0.7);
  EXPECT_EQ((x * y).item(), static_cast<double>(0.1F * 0.7F));
  EXPECT_EQ(Tape().precision(), f64);
  set_default_precision(f32);
  EXPECT_EQ(Tape().precision(), f32);
  EXPECT_EQ(Parameter(1.0).precision(), f32);
  set_default_precision(f64);
}

TEST(Tape, AFailedGateLeavesNothingBehind) {
  Tape tape;
  const Var a = tape.variable({1, 2, 3});
  const Parameter p(array({2, 2}, {1, 2, 3, 4}));
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { a* p; }, {"[mul]", "(3,)", "(2, 2)", line_of(line)});
  expect_error<ShapeError>([&] { matmul(p, a); }, {"[matmul]", "(2, 2)", "(3,)"});
  expect_error<ShapeError>([&] { sum(a, 1); }, {"[sum]", "axis", "got 1", line_of(__LINE__)});
  expect_error<ValueError>([&] { pick(p, std::vector<int>{0, 2}); }, {"[pick]", "got 2"});
  EXPECT_EQ(tape.size(), 1U);
  const Var y = sum(p * p);  // The node of p that failed with the gate is not taken for a real one.
  y.backward();
  expect_numbers(p.grad(), {2, 4, 6, 8});
}

TEST(Tape, AFailedGateKeepsNoMemoryBeyondReset) {
  const Parameter p(array({2, 2}, {1, 2, 3, 4}), f32);
  Tape tape;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THROW(pick(p, std::vector<int>{0, 2}), ValueError);
    tape.reset();
    EXPECT_EQ(tape.memory().used, 0);
  }
}

// --- A million gates ------------------------------------------------------------------------

/// y = x + x + …: its gradient counts the gates.
Var chain(const Var& x, int gates) {
  Var y = x;
  for (int i = 1; i < gates; ++i) y = y + x;
  return y;
}

TEST(Tape, MillionGates) {
  for (const Precision precision : {f64, f32}) {
    Tape tape(precision);
    const Var x = tape.variable(1);
    const Var y = chain(x, 1'000'000);
    EXPECT_EQ(tape.size(), 1'000'000U);
    EXPECT_EQ(y.item(), 1e6);
    y.backward();
    EXPECT_EQ(x.grad_item(), 1e6);
    EXPECT_LE(tape.memory().reserved, 3 * tape.memory().used);
  }
}

TEST(Tape, LongChainOfTensors) {
  for (const Mode mode : {inspect, lean}) {
    Tape tape(f64, mode);
    const Var x = tape.variable({1, -2});
    const Var y = chain(x, 50'000);
    y.backward({1.0, 2.0});
    expect_numbers(x.grad(), {5e4, 1e5});
  }
}

TEST(Tape, MemoryPerGateDoesNotGrow) {
  const auto per_gate = [](int gates) {
    Tape tape;
    chain(tape.variable(1), gates).backward();
    return static_cast<double>(tape.memory().used) / gates;
  };
  const double few = per_gate(1'000);
  EXPECT_EQ(per_gate(1'000'000), few);
  EXPECT_LE(few, 40);  // A 16-byte node, value, gradient, place.
}

TEST(Tape, TimePerGateDoesNotGrow) {
  using Clock = std::chrono::steady_clock;
  // The best of several rounds, with a wide margin: this is about n² against n.
  const auto seconds = [](int gates, int times) {
    double best = 1e9;
    for (int round = 0; round < 5; ++round) {
      const auto start = Clock::now();
      for (int i = 0; i < times; ++i) {
        Tape tape;
        chain(tape.variable(1), gates).backward();
      }
      best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return best;
  };
  EXPECT_LT(seconds(300'000, 1), 10 * seconds(1'000, 300));
}

}  // namespace
}  // namespace tapegrad::testing
