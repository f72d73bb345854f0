// Handles whose tape is gone: every use throws and says where the tape began and ended.

#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include <tapegrad/autograd/detail/block.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

/// Everything one can do with a handle.
const std::vector<std::pair<std::string, std::function<void(Var)>>>& uses() {
  static const std::vector<std::pair<std::string, std::function<void(Var)>>> all = {
      {"item", [](Var x) { x.item(); }},
      {"value", [](Var x) { x.value(); }},
      {"grad_item", [](Var x) { x.grad_item(); }},
      {"grad", [](Var x) { x.grad(); }},
      {"shape", [](Var x) { x.shape(); }},
      {"precision", [](Var x) { x.precision(); }},
      {"requires_grad", [](Var x) { x.requires_grad(); }},
      {"set_value", [](Var x) { x.set_value(1); }},
      {"name", [](Var x) { x.name("x"); }},
      {"backward", [](Var x) { x.backward(); }},
      {"backward", [](Var x) { x.backward(1.0); }},
      {"grad", [](Var x) { grad(x, {x}); }},
      {"inspect_gate", [](Var x) { inspect_gate(x); }},
      {"local_gradient", [](Var x) { local_gradient(x, 0); }},
      {"branches", [](Var x) { branches(x); }},
      {"add", [](Var x) { x + 1; }},
      {"mul", [](Var x) { 2 * x; }},
      {"sub", [](Var x) { x - x; }},
      {"exp", [](Var x) { exp(x); }},
      {"sum", [](Var x) { sum(x); }},
      {"where", [](Var x) { where(1.0, 2.0, x); }},
      {"add", [](Var x) { x += 1; }},
      {"value", [](Var x) { to_string(x); }},
  };
  return all;
}

void expect_every_use_throws(const Var& x, const std::vector<std::string>& words) {
  EXPECT_FALSE(x.valid());
  for (const auto& [who, use] : uses()) {
    SCOPED_TRACE(who);
    std::vector<std::string> all = words;
    all.push_back("[" + who + "]");
    expect_error<TapeError>([&, &action = use] { action(x); }, all);
  }
}

TEST(Handles, WorkWhileTheTapeLives) {
  Tape tape;
  const Var x = tape.variable(1);
  EXPECT_TRUE(x.valid());
  const Var copy = x;
  EXPECT_EQ(copy.item(), 1);
}

TEST(Handles, EmptyVar) {
  const Var x;
  expect_every_use_throws(x, {"empty"});
  Tape tape;
  const Var y = tape.variable(1);
  expect_error<TapeError>([&] { y* x; }, {"[mul]", "empty", line_of(__LINE__)});
  expect_error<TapeError>([&] { x / y; }, {"[div]", "empty", line_of(__LINE__)});
  EXPECT_EQ(tape.size(), 1U);
}

TEST(Handles, AfterDestruction) {
  Var x;
  int made = 0;
  {
    made = __LINE__ + 1;
    Tape tape;
    x = tape.variable(1);
  }
  expect_every_use_throws(x, {line_of(made), "destroyed"});
  expect_error<TapeError>([&] { x.item(); }, {line_of(__LINE__)});
  expect_error<TapeError>([&] { x + 1; }, {line_of(__LINE__)});
}

TEST(Handles, AfterReset) {
  Tape tape;
  const Var x = tape.variable(1);
  const int reset = __LINE__ + 1;
  tape.reset();
  expect_every_use_throws(x, {line_of(reset), "reset"});
  const Var y = tape.variable(2);
  expect_error<TapeError>([&] { y* x; }, {"[mul]", line_of(reset), line_of(__LINE__)});
  EXPECT_EQ((y * y).item(), 4);
}

TEST(Handles, StaleTensors) {
  Var x;
  {
    Tape tape;
    x = tape.variable({1, 2, 3});
  }
  Tape tape;
  const Var y = tape.variable({1, 2, 3});
  EXPECT_EQ(x.index(), y.index());
  expect_error<TapeError>([&] { x + y; }, {"[add]", "destroyed"});
  expect_error<TapeError>([&] { y + x; }, {"[add]", "destroyed"});
  const Array<double> a = array({3}, {1, 2, 3});
  expect_error<TapeError>([&] { a* x; }, {"destroyed"});
  expect_error<TapeError>([&] { x* a; }, {"destroyed"});
}

TEST(Handles, AReusedBlockNeverTakesAnOldHandle) {
  Var first;
  {
    Tape tape;
    first = tape.variable(1);
  }
  const detail::Block* block = nullptr;
  int reused = 0;
  for (int life = 0; life < 1'000; ++life) {
    Tape tape;
    reused += block == &tape.block();
    block = &tape.block();
    const Var x = tape.variable(life);  // The same index as `first`.
    ASSERT_TRUE(x.valid());
    ASSERT_FALSE(first.valid());
    ASSERT_THROW(first + x, TapeError);
    ASSERT_THROW(first.item(), TapeError);
    ASSERT_EQ(tape.size(), 1U);
  }
  EXPECT_GT(reused, 900);  // Or else this test shows nothing.
  expect_error<TapeError>([&] { first.item(); }, {"long ago"});
}

TEST(Handles, TheLastEpochsOfABlock) {
  constexpr std::uint32_t last = detail::Block::last_epoch;
  std::uint32_t lowest = last;
  const detail::Block* used_up = nullptr;
  {
    Tape tape;
    used_up = &tape.block();
    tape.block().epoch = last - 1;  // Two thousand million tapes later.
  }
  Var old;
  for (int life = 0; life < 5; ++life) {
    Tape tape;
    if (&tape.block() == used_up) lowest = std::min(lowest, tape.block().epoch);
    old = tape.variable(1);
    ASSERT_EQ((old * old).item(), 1);
    tape.reset();
    if (&tape.block() == used_up) lowest = std::min(lowest, tape.block().epoch);
    ASSERT_FALSE(old.valid());
    const Var y = tape.variable(2);
    ASSERT_TRUE(y.valid());
    ASSERT_THROW(y * old, TapeError);
  }
  // Epochs of one block never start over.
  EXPECT_GE(lowest, last - 1);
}

TEST(Handles, AssignmentOperatorsRecordNewGates) {
  Tape tape;
  const Var x = tape.variable(3);
  Var y = x;
  y += 2;
  y *= x;
  y -= 1;
  y /= 2;
  EXPECT_EQ(y.item(), 7);
  EXPECT_EQ(x.item(), 3);
  y.backward();
  EXPECT_EQ(x.grad_item(), (2 * 3 + 2) / 2.0);
  const int line = __LINE__ + 1;
  expect_error<TapeError>([] { Var().item(); }, {line_of(line)});
  Var z;
  expect_error<TapeError>([&] { z += x; }, {line_of(__LINE__)});
}

}  // namespace
}  // namespace tapegrad::testing
