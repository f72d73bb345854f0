// Inspection (MISSION C10): what is known of a gate, local gradients, branches, tables, text.

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"
#include "support/text.hpp"

namespace tapegrad::testing {
namespace {

using Branches = std::vector<std::int64_t>;

// --- GateInfo -------------------------------------------------------------------------------

TEST(Inspect, EveryField) {
  Tape tape;
  const Var x = tape.variable({1, 2}).name("input");
  const Parameter p(array({2}, {3, 4}));
  const int line = __LINE__ + 1;
  const Var y = x * p;
  sum(y).backward();

  const GateInfo info = inspect_gate(y);
  EXPECT_EQ(info.index, y.index());
  EXPECT_EQ(info.gate, "mul");
  EXPECT_EQ(info.name, "");
  ASSERT_EQ(info.operands.size(), 2U);
  EXPECT_EQ(info.operands[0].index(), x.index());
  expect_numbers(info.operands[1].value(), {3, 4});
  EXPECT_EQ(info.shape, Shape({2}));
  expect_numbers(info.value, {3, 8});
  expect_numbers(info.grad, {1, 1});
  EXPECT_TRUE(info.requires_grad);
  EXPECT_EQ(to_string(info.place), line_of(line));
}

TEST(Inspect, Leaves) {
  Tape tape;
  const Parameter p(2.0);
  const Var x = tape.variable(1).name("x"), d = tape.data({1, 2}), w = tape.parameter(p);
  const Var y = x + 5;
  EXPECT_EQ(inspect_gate(x).gate, "variable");
  EXPECT_EQ(inspect_gate(x).name, "x");
  EXPECT_TRUE(inspect_gate(x).operands.empty());
  EXPECT_EQ(inspect_gate(d).gate, "data");
  EXPECT_FALSE(inspect_gate(d).requires_grad);
  EXPECT_EQ(inspect_gate(w).gate, "parameter");
  EXPECT_EQ(inspect_gate(inspect_gate(y).operands[1]).gate, "data");  // The number.
}

TEST(Inspect, TheLastNameCounts) {
  Tape tape;
  const Var x = tape.variable(1).name("first").name("second");
  EXPECT_EQ(inspect_gate(x).name, "second");
}

TEST(Inspect, ManyOperands) {
  Tape tape;
  std::vector<Operand> parts;
  for (int i = 0; i < 6; ++i) parts.emplace_back(tape.variable(array({1}, {1.0 * i})));
  const GateInfo info = inspect_gate(concat(parts, {0}));
  EXPECT_EQ(info.gate, "concat");
  ASSERT_EQ(info.operands.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(info.operands[i].index(), i);
}

// --- Local gradients ------------------------------------------------------------------------

TEST(Inspect, LocalGradientsOfScalars) {
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(-4);
  const Var product = x * y, quotient = x / y, larger = max(x, y), condition = x > y;
  (product * 100).backward();
  EXPECT_EQ(local_gradient(product, 0)(), -4);  // Whatever arrives from above.
  EXPECT_EQ(local_gradient(product, 1)(), 3);
  EXPECT_EQ(local_gradient(quotient, 1)(), -3.0 / 16);
  EXPECT_EQ(local_gradient(larger, 0)(), 1);
  EXPECT_EQ(local_gradient(larger, 1)(), 0);
  EXPECT_EQ(local_gradient(condition, 0)(), 0);
  EXPECT_EQ(local_gradient(where(condition, x, y), 0)(), 0);
  EXPECT_EQ(local_gradient(where(condition, x, y), 1)(), 1);
  EXPECT_EQ(product.grad_item(), 100);
  EXPECT_EQ(x.grad_item(), -400);
}

TEST(Inspect, LocalGradientsOfABroadcastGateHaveItsShape) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var row = tape.variable({1, 2, 3}), column = tape.variable(array({2, 1}, {10, 20}));
    const Var y = row * column;
    EXPECT_EQ(local_gradient(y, 0), array({2, 3}, {10, 10, 10, 20, 20, 20}));
    EXPECT_EQ(local_gradient(y, 1), array({2, 3}, {1, 2, 3, 1, 2, 3}));
  }
}

TEST(Inspect, WholeTensorGatesGiveTheVectorJacobianProduct) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var a = tape.variable(array({1, 2}, {1, 2}));
    const Var b = tape.variable(array({2, 2}, {3, 4, 5, 6}));
    const Var y = matmul(a, b);
    EXPECT_EQ(local_gradient(y, 0), array({1, 2}, {0, 0}));  // No gradient has arrived yet.
    y.backward(array({1, 2}, {1, 10}));
    EXPECT_EQ(local_gradient(y, 0), array({1, 2}, {43, 65}));
    EXPECT_EQ(local_gradient(y, 1), array({2, 2}, {1, 10, 2, 20}));
    expect_numbers(a.grad(), {43, 65});  // And nothing was added to it.
  }
}

TEST(Inspect, LocalGradientsOfOneValueTwice) {
  Tape tape;
  const Var m = tape.variable(array({2, 2}, {1, 2, 3, 4}));
  const Var y = matmul(m, m);
  y.backward(array({2, 2}, {1, 0, 0, 0}));
  const Array<double> left = local_gradient(y, 0), right = local_gradient(y, 1);
  EXPECT_EQ(left, array({2, 2}, {1, 3, 0, 0}));
  EXPECT_EQ(right, array({2, 2}, {1, 0, 2, 0}));
  expect_numbers(m.grad(), {2, 3, 2, 0});
}

TEST(Inspect, LocalGradientErrors) {
  Tape tape;
  const Var x = tape.variable(1);
  const Var y = x * x;
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { local_gradient(y, 2); },
                          {"[local_gradient]", "[mul]", "0 to 1", "got 2", line_of(line)});
  expect_error<TapeError>([&] { local_gradient(y, -1); }, {"got -1"});
  expect_error<TapeError>([&] { local_gradient(x, 0); }, {"[local_gradient]", "[variable]"});
}

// --- Branches -------------------------------------------------------------------------------

TEST(Inspect, BranchesAroundTheKinkOfRelu) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  Tape tape;
  EXPECT_EQ(branches(relu(tape.variable({-1, -tiny, 0, tiny, 1}))), (Branches{-1, -1, 0, 1, 1}));
  EXPECT_EQ(branches(relu(tape.variable(2))), (Branches{1}));
}

TEST(Inspect, BranchesOfMax) {
  Tape tape;
  const Var a = tape.variable({1, 2, 3});
  EXPECT_EQ(branches(max(a, 2)), (Branches{-1, 0, 1}));
  EXPECT_EQ(branches(max(a, tape.variable(array({2, 1}, {1, 3})))), (Branches{0, 1, 1, -1, -1, 0}));
}

TEST(Inspect, BranchesOfWhere) {
  Tape tape;
  const Var x = tape.variable({-1, 0, 1});
  EXPECT_EQ(branches(where(x >= 0, x, -x)), (Branches{-1, 1, 1}));
}

TEST(Inspect, BranchesOfAmaxAreTheWinnersPositions) {
  Tape tape;
  const Var x = tape.variable(array({2, 3}, {1, 5, 5, 9, 2, 3}));
  EXPECT_EQ(branches(amax(x)), (Branches{3}));
  EXPECT_EQ(branches(amax(x, 1)), (Branches{1, 3}));  // The first of two fives.
  EXPECT_EQ(branches(amax(x, 0)), (Branches{3, 1, 2}));
}

TEST(Inspect, SmoothGatesAndLeavesHaveNoBranches) {
  Tape tape;
  const Var x = tape.variable({1, 2});
  EXPECT_TRUE(branches(x).empty());
  EXPECT_TRUE(branches(tanh(x)).empty());
  EXPECT_TRUE(branches(sum(x)).empty());
}

// --- Text -----------------------------------------------------------------------------------

TEST(Inspect, TableShowsValuesBesideGradients) {
  Tape tape;
  const int line = __LINE__ + 1;
  const Var x = tape.variable(3).name("x");
  const Var y = tape.variable(-4);
  const Var t = tape.variable({1, 2, 3, 4, 5});
  const Var f = sum(t) * (x * y);
  f.backward();
  const std::string text = to_table(tape);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_EQ(lines.size(), tape.size() + 1);
  for (const char* head : {"index", "name", "gate", "operands", "value", "gradient", "line"}) {
    EXPECT_NE(lines[0].find(head), std::string::npos) << head;
  }
  const auto expect_words = [&](std::size_t gate, const std::vector<std::string>& words) {
    std::size_t at = 0;
    for (const std::string& word : words) {
      const std::size_t found = lines[gate + 1].find(word, at);
      ASSERT_NE(found, std::string::npos) << word << " in: " << lines[gate + 1];
      at = found + word.size();
    }
  };
  expect_words(0, {"%0", "x", "variable", "3.0000", "-60.0000", line_of(line)});
  expect_words(1, {"%1", "variable", "-4.0000", "45.0000", line_of(line + 1)});
  expect_words(2, {"%2", "(5,) [1.0000 2.0000 3.0000 4.0000 …]", "[-12.0000", "…]"});
  const std::string product = std::to_string(inspect_gate(f).operands[1].index());
  expect_words(f.index(), {"mul", "%" + product, "-180.0000", "1.0000", line_of(line + 3)});
}

TEST(Inspect, TableShowsSmallNumbersAndMissingGradients) {
  Tape tape;
  const Var x = tape.variable(1e-7);
  const Var y = x * 3e8 * tape.variable({0.5, 0});
  const auto shown = [&](const char* part) { return count_of(to_table(tape), part); };
  EXPECT_EQ(shown("1e-07"), 1U);
  EXPECT_EQ(shown("3e+08"), 1U);
  EXPECT_EQ(shown("30.0000"), 1U);
  EXPECT_EQ(shown("[15.0000 0.0000]"), 1U);
  EXPECT_EQ(shown("1.0000"), 0U);  // No gradient yet.
  sum(y).backward();
  EXPECT_EQ(shown("[1.0000 1.0000]"), 1U);
  EXPECT_EQ(shown("1.5e+08"), 1U);
  tape.zero_grad();
  EXPECT_EQ(shown("1.5e+08"), 0U);
}

TEST(Inspect, TableOfAnEmptyTape) {
  const Tape tape;
  EXPECT_EQ(to_table(tape).find('\n'), to_table(tape).size() - 1);
}

TEST(Inspect, FormatsNumbersAndTensors) {
  Tape tape;
  const Var x = tape.variable(2.0 / 3), t = tape.variable(array({2, 2}, {1, 2.5, 3, 4}));
  EXPECT_EQ(fmt::format("{:.3f}", x), "0.667");
  EXPECT_EQ(fmt::format("{:8.1f}|", x), "     0.7|");
  EXPECT_EQ(fmt::format("{}", tape.variable(0.5)), "0.5");
  EXPECT_EQ(fmt::format("{}", t), "(2, 2) [1 2.5 3 4]");
  EXPECT_EQ(fmt::format("{}", tape.variable({1, 2, 3, 4, 5})), "(5,) [1 2 3 4 …]");
  EXPECT_EQ(fmt::format("{}", tape.variable(array({1}, {7}))), "(1,) [7]");
  EXPECT_EQ(fmt::format("{} {}", t.shape(), Shape{}), "(2, 2) ()");
  EXPECT_EQ(to_string(tape.variable(1e-7)), "1e-07");
}

TEST(Inspect, PlacesNameTheFileWithoutItsFolders) {
  EXPECT_EQ(to_string(Place::here()), line_of(__LINE__));
  EXPECT_EQ(to_string(Place::here()).rfind("inspect_test.cpp:", 0), 0U);
  EXPECT_EQ(to_string(Place{}), "an unknown line");
}

}  // namespace
}  // namespace tapegrad::testing
