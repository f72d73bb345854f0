// Functions composed of gates: shapes, outer products, argmin.

#include <tapegrad/autograd/composed.hpp>

#include <gtest/gtest.h>

#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/nn/functional.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

/// 0, 1, 2, … of a shape.
Var counting(Tape& tape, const Shape& shape) {
  const std::vector<std::size_t> sizes(shape.begin(), shape.end());
  Array<double> numbers = Array<double>::from_shape(sizes);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers.data()[i] = static_cast<double>(i);
  return tape.variable(numbers);
}

/// Every gradient of Σ cᵢ·yᵢ, with all cᵢ different, against differences.
void expect_gradients(Tape& tape, const Var& y) {
  Var weighted = tape.data(0.0);
  const Var flat = reshape(y, {-1});
  for (std::int64_t i = 0; i < flat.size(); ++i) {
    weighted += sum(slice(flat, 0, i, i + 1)) * (0.7 + 0.3 * static_cast<double>(i));
  }
  const GradcheckReport report = gradcheck(weighted);
  EXPECT_TRUE(report.passed()) << to_string(report);
}

TEST(Composed, Permute) {
  Tape tape;
  const Var x = counting(tape, {2, 3, 1});
  const Var y = permute(x, {1, 2, 0});
  EXPECT_EQ(y.shape(), (Shape{3, 1, 2}));
  expect_numbers(y.value(), {0, 3, 1, 4, 2, 5}, 0);
  expect_gradients(tape, y);
  expect_error<ShapeError>([&] { permute(x, {0, 1}); }, {"[transpose]", "every axis"});
  expect_error<ShapeError>([&] { permute(x, {}); }, {"[permute]", "every axis"});
}

TEST(Composed, SqueezeAndUnsqueeze) {
  Tape tape;
  const Var x = counting(tape, {1, 2, 1, 3});
  EXPECT_EQ(squeeze(x).shape(), (Shape{2, 3}));
  EXPECT_EQ(squeeze(x, -2).shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(squeeze(x, 1).shape(), x.shape());
  EXPECT_EQ(unsqueeze(x, 0).shape(), (Shape{1, 1, 2, 1, 3}));
  EXPECT_EQ(unsqueeze(x, -1).shape(), (Shape{1, 2, 1, 3, 1}));
  EXPECT_EQ(unsqueeze(4, 0).shape(), Shape{1});
  expect_gradients(tape, unsqueeze(squeeze(x), 1));
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { squeeze(x, 4); }, {"[squeeze]", "-4 to 3", line_of(line)});
  expect_error<ShapeError>([&] { unsqueeze(x, 5); }, {"[unsqueeze]", "-5 to 4"});
}

TEST(Composed, Expand) {
  Tape tape;
  const Var x = counting(tape, {2, 1});
  const Var y = expand(x, {3, -1, 2});
  EXPECT_EQ(y.shape(), (Shape{3, 2, 2}));
  expect_numbers(y.value(), {0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1}, 0);
  expect_gradients(tape, y);
  expect_error<ShapeError>([&] { expand(x, {-1, 2, 2}); }, {"[expand]", "new axis"});
  expect_error<ShapeError>([&] { expand(x, {3, 2}); }, {"[broadcast_to]"});
}

TEST(Composed, Stack) {
  Tape tape;
  const Var x = counting(tape, {2});
  const Var y = x + 10;
  expect_arrays(stack({x, y}).value(), array({2, 2}, {0, 1, 10, 11}));
  expect_arrays(stack({x, y}, -1).value(), array({2, 2}, {0, 10, 1, 11}));
  expect_arrays(stack({1, tape.variable(2), 3}).value(), array({3}, {1, 2, 3}));
  expect_gradients(tape, stack({x, y, x}, 1));
  const std::vector<Operand> none;
  expect_error<ShapeError>([&] { stack(none); }, {"[stack]", "at least one"});
  expect_error<ShapeError>([&] { stack({x, 1}); }, {"[stack]", "(2,)", "()"});
}

TEST(Composed, Split) {
  Tape tape;
  const Var x = counting(tape, {2, 5});
  const std::vector<Var> parts = split(x, 2, 1);
  ASSERT_EQ(parts.size(), 3U);
  expect_arrays(parts[1].value(), array({2, 2}, {2, 3, 7, 8}));
  EXPECT_EQ(parts[2].shape(), (Shape{2, 1}));
  const std::vector<Var> uneven = split(x, {1, 0, 4}, -1);
  EXPECT_EQ(uneven[1].shape(), (Shape{2, 0}));
  expect_arrays(uneven[0].value(), array({2, 1}, {0, 5}));
  expect_gradients(tape, concat({parts[2], parts[0]}, 1));
  expect_error<ShapeError>([&] { split(x, {3}); }, {"[split]", "add up to 2", "got 3"});
  expect_error<ShapeError>([&] { split(x, 0); }, {"[split]", "1 entry or more"});
  expect_error<ShapeError>([&] { split(x, {2, 2}, 1); }, {"[split]", "add up to 5", "2, 2"});
  expect_error<ShapeError>([&] { split(x, {-1, 6}, 1); }, {"[split]", "-1, 6"});
}

TEST(Composed, Pad) {
  Tape tape;
  const Var x = counting(tape, {2, 2});
  expect_arrays(pad(x, {{1, 0}, {0, 2}}).value(),
                array({3, 4}, {0, 0, 0, 0, 0, 1, 0, 0, 2, 3, 0, 0}));
  expect_arrays(pad(x, {{0, 1}, {1, 0}}, 7).value(), array({3, 3}, {7, 0, 1, 7, 2, 3, 7, 7, 7}));
  expect_gradients(tape, pad(x, {{1, 1}, {2, 0}}) + pad(x, {{1, 1}, {0, 2}}, -3));
  expect_error<ShapeError>([&] { pad(x, {{1, 1}}); }, {"[pad]", "each axis", "got (1, 1)"});
  expect_error<ShapeError>([&] { pad(x, {{0, 0}, {-1, 1}}); }, {"[pad]", "0 or more"});
}

TEST(Composed, Repeat) {
  Tape tape;
  const Var x = counting(tape, {2, 2});
  expect_arrays(repeat(x, {2, 3}).value(), array({4, 6}, {0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3,  //
                                                          0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3}));
  EXPECT_EQ(repeat(x, {3, 1, 2}).shape(), (Shape{3, 2, 4}));
  EXPECT_EQ(repeat(x, {0, 1}).shape(), (Shape{0, 2}));
  expect_gradients(tape, repeat(x, {2, 1, 2}));
  expect_error<ShapeError>([&] { repeat(x, {2}); }, {"[repeat]", "each axis"});
}

TEST(Composed, ValuesOfTheLargestRank) {
  Tape tape;
  const Var x = counting(tape, {2, 1, 1, 1, 1, 1, 1, 2});
  EXPECT_EQ(repeat(x, {1, 1, 1, 3, 1, 1, 1, 2}).shape(), (Shape{2, 1, 1, 3, 1, 1, 1, 4}));
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { unsqueeze(x, 0); }, {"[unsqueeze]", "8 axes", line_of(line)});
  expect_error<ShapeError>([&] { stack({x, x}); }, {"[stack]", "8 axes"});
}

TEST(Composed, DerivativesOfAProductEndClearly) {
  Tape tape;
  Var y = tape.variable(std::vector<double>(12, 0.5));
  const Var x = y;
  y = prod(y);
  for (int order = 1; order <= 9; ++order) y = sum(grad(y, {x})[0]);
  // Σ over ordered choices of 9 of 12 elements, times the product of the other three.
  EXPECT_NEAR(y.item(), 12 * 11 * 10 * 9 * 8 * 7 * 6 * 5 * 4 / 8.0, 1e-3);
  expect_error<ShapeError>([&] { y.backward(); }, {"[prod_grad]", "at most 8 directions"});
}

TEST(Composed, ErrorsOfAttributesNameTheLine) {
  Tape tape;
  const Var x = counting(tape, {2, 2});
  const int line = __LINE__ + 1;
  const auto action = [&] { clamp(x, 1e-7, 0); };
  expect_error<ValueError>(action, {"[clamp]", "got 1e-07 and 0", line_of(line)});
  expect_error<ShapeError>([&] { nn::variance(x, {2}); }, {"[variance]", "composed_test.cpp"});
  ops::Argmax over_two_axes;
  over_two_axes.axes = {0, 1};
  expect_error<ShapeError>([&] { argmax(x, over_two_axes); }, {"[argmax]", "one axis"});
}

TEST(Composed, EveryGateKnowsTheUsersLine) {
  Tape tape;
  const Var x = counting(tape, {2, 3}) + 1;
  permute(x, {1, 0});
  repeat(unsqueeze(squeeze(x), 0), {2, 2, 2});
  stack({x, x});
  split(x, {1, 2}, 1);
  pad(x, {{1, 1}, {0, 2}}, 3);
  outer(reshape(x, {-1}), reshape(x, {-1}));
  argmin(x);
  nn::log_softmax(x);
  nn::standard_deviation(x);
  nn::vector_norm(x, 3);
  nn::cosine_similarity(x, x);
  nn::cdist(x, x);
  for (std::uint32_t i = 0; i < tape.size(); ++i) {
    const GateInfo info = inspect_gate(tape.gate(i));
    EXPECT_NE(to_string(info.place).find("composed_test.cpp"), std::string::npos)
        << info.gate << " " << i << " " << to_string(info.place);
  }
}

TEST(Composed, OuterAndArgmin) {
  Tape tape;
  const Var a = tape.variable({1, 2});
  const Var b = tape.variable({3, 4, 5});
  expect_arrays(outer(a, b).value(), array({2, 3}, {3, 4, 5, 6, 8, 10}));
  expect_gradients(tape, outer(a, b));
  expect_error<ShapeError>([&] { outer(a, 3); }, {"[outer]", "two vectors"});
  const Var x = tape.variable(array({2, 3}, {4, 1, 1, 0, 5, 2}));
  EXPECT_EQ(argmin(x).item(), 3);
  EXPECT_EQ(argmin(x, -1).shape(), (Shape{2}));
  expect_numbers(argmin(x, {1}).value(), {1, 0}, 0);
  EXPECT_FALSE(argmin(x).requires_grad());
}

TEST(Composed, ParametersAndArraysAreOperands) {
  Tape tape;
  Parameter p(array({2}, {1, 2}));
  const Array<double> a = {3, 4};
  stack({p, a}).backward(array({2, 2}, {1, 2, 3, 4}));
  expect_numbers(p.grad(), {1, 2}, 0);
  EXPECT_EQ(repeat(p, {2}).shape(), Shape{4});
  EXPECT_EQ(unsqueeze(a, 0).shape(), (Shape{1, 2}));
}

}  // namespace
}  // namespace tapegrad::testing
