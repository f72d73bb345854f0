// Linear: worked numbers, a plain loop, gradients, errors.

#include <tapegrad/nn/linear.hpp>

#include <gtest/gtest.h>

#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/ops/philox.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using nn::Linear;

/// A layer with the given numbers.
Linear layer(const Array<double>& weight, const Array<double>& bias) {
  Linear made(static_cast<std::int64_t>(weight.shape()[1]),
              static_cast<std::int64_t>(weight.shape()[0]));
  for (auto& [name, parameter] : made.named_parameters()) {
    parameter.set_value(name == "weight" ? weight : bias);
  }
  return made;
}

TEST(Linear, EqualsAPlainLoop) {
  const Array<double> w = array({2, 3}, {1, -2, 0.5, 3, 0.25, -1});
  const Array<double> b = array({2}, {0.1, -0.2});
  const Array<double> x = array({4, 3}, {1, 2, 3, -1, 0.5, 2, 0, 0, 0, 10, -10, 4});
  for (const Precision precision : {f32, f64}) {
    Linear linear = layer(w, b);
    Tape tape(precision);
    const Array<double> y = linear(tape.data(x)).value();
    ASSERT_EQ(y.shape(), (std::vector<std::size_t>{4, 2}));
    for (std::size_t n = 0; n < 4; ++n) {
      for (std::size_t k = 0; k < 2; ++k) {
        double sum = b(k);
        for (std::size_t j = 0; j < 3; ++j) sum += x(n, j) * w(k, j);
        EXPECT_NEAR(y(n, k), sum, precision == f32 ? 1e-5 : 1e-14);
      }
    }
  }
}

TEST(Linear, GradientsEqualAPlainLoop) {
  const Array<double> w = array({2, 3}, {1, -2, 0.5, 3, 0.25, -1});
  const Array<double> x = array({2, 3}, {1, 2, 3, -1, 0.5, 2});
  const Array<double> g = array({2, 2}, {1, -0.5, 2, 0.25});
  Linear linear = layer(w, array({2}, {0, 0}));
  Tape tape;
  const Var input = tape.variable(x);
  linear(input).backward(g);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_NEAR(linear.bias().grad()(k), g(0, k) + g(1, k), 1e-15);
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(linear.weight().grad()(k, j), g(0, k) * x(0, j) + g(1, k) * x(1, j), 1e-14);
    }
  }
  for (std::size_t n = 0; n < 2; ++n) {
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(input.grad()(n, j), g(n, 0) * w(0, j) + g(n, 1) * w(1, j), 1e-14);
    }
  }
}

// The gate `linear`, bit by bit, for products that each kernel of matrices computes. The bias's
// gradients are sums by two kernels, which add the rows one after the other.
TEST(Linear, IsTheProductPlusTheBias) {
  Generator generator(5);
  const auto numbers = [&](const Shape& shape) {
    Array<double> made(std::vector<std::size_t>(shape.begin(), shape.end()));
    for (double& number : made) number = generator.uniform(-1, 1);
    return made;
  };
  struct Case {
    Shape x;
    std::int64_t out;
  };
  const Case cases[] = {{{4, 3}, 2},    {{1, 1}, 1},     {{32, 784}, 33},
                        {{50, 40}, 19}, {{3, 5, 7}, 18}, {{2, 3, 1, 4}, 5}};
  for (const auto& [shape, out] : cases) {
    SCOPED_TRACE(to_string(shape));
    for (const Precision precision : {f32, f64}) {
      Tape tape(precision);
      const Var x = tape.variable(numbers(shape));
      const Var w = tape.variable(numbers({out, shape.back()}));
      const Var b = tape.variable(numbers({out}));
      const Var composed = matmul(x, w, {false, true}) + b;
      const Var one_gate = linear(x, w, b);
      ASSERT_EQ(one_gate.value(), composed.value());
      const Var upstream = tape.data(numbers(composed.shape()));
      const std::vector<Var> expected = grad(composed, {x, w, b}, upstream);
      const std::vector<Var> got = grad(one_gate, {x, w, b}, upstream);
      for (std::size_t i = 0; i < 3; ++i) ASSERT_EQ(got[i].value(), expected[i].value());
    }
  }
}

TEST(Linear, TheGateNeedsShapesThatFit) {
  Tape tape;
  const Array<double> x = array({2, 3}, {1, 2, 3, 4, 5, 6});
  const Array<double> w = array({1, 3}, {1, 2, 3});
  const Var rows = tape.data(x);
  const Array<double> one = array({1}, {1});
  const auto refused = [](auto call, std::vector<std::string> words) {
    words.emplace_back("[linear]");
    expect_error<ShapeError>(call, words);
  };
  refused([&] { linear(rows, w, array({2}, {1, 2})); }, {"bias", "shape (1,)", "got (2,)"});
  refused([&] { linear(rows, w, 1.0); }, {"bias", "shape (1,)", "got ()"});
  refused(
      [&] {
        linear(rows, array({1, 2}, {1, 2}), one);
      },
      {"weight (out, 3)", "(2, 3)", "got (1, 2)"});
  refused([&] { linear(rows, array({3, 1}, {1, 2, 3}), one); }, {"got (3, 1)", "transpose it"});
  refused([&] { linear(rows, array({3}, {1, 2, 3}), one); }, {"weight (out, in)", "and (3,)"});
  refused(
      [&] {
        linear(tape.data({1, 2, 3}), w, one);
      },
      {"x (…, N, in)", "(3,)", "second axis with reshape"});
}

TEST(Linear, HasWeightAndBiasByName) {
  const Linear linear(3, 2);
  const auto named = linear.named_parameters();
  ASSERT_EQ(named.size(), 2U);
  EXPECT_EQ(named[0].first, "weight");
  EXPECT_EQ(named[0].second.shape(), Shape({2, 3}));  // (out, in)
  EXPECT_EQ(named[1].first, "bias");
  EXPECT_EQ(named[1].second.value(), array({2}, {0, 0}));
  EXPECT_TRUE(same(linear.weight(), named[0].second));
  EXPECT_TRUE(same(linear.bias(), named[1].second));
}

TEST(Linear, WithoutBias) {
  Linear linear(2, 1, false);
  ASSERT_EQ(linear.named_parameters().size(), 1U);
  linear.parameters()[0].set_value(array({1, 2}, {3, 4}));
  Tape tape;
  expect_numbers(linear(tape.data(array({1, 2}, {1, 10}))).value(), {43});
  expect_error<ValueError>([&] { linear.bias(); }, {"[Linear]", "bias"});
}

TEST(Linear, TakesTheDefaultPrecision) {
  EXPECT_EQ(Linear(2, 1).weight().precision(), f64);
  set_default_precision(f32);
  const Linear narrow(2, 1);
  set_default_precision(f64);
  EXPECT_EQ(narrow.weight().precision(), f32);
  EXPECT_EQ(narrow.bias().precision(), f32);
}

TEST(Linear, NeedsSizes) {
  for (const auto& [in, out] : {std::pair(0, 3), std::pair(3, 0), std::pair(-1, 2)}) {
    expect_error<ValueError>(
        [in = in, out = out] { Linear(in, out); },
        {"[Linear]", "in " + std::to_string(in), "out " + std::to_string(out)});
  }
}

TEST(Linear, InputOfAnotherSize) {
  Linear linear(3, 2);
  Tape tape;
  const Var wrong = tape.data(array({1, 4}, {1, 2, 3, 4}));
  expect_error<ShapeError>([&] { linear(wrong); }, {"[Linear]", "3 features", "(1, 4)"});
  expect_error<ShapeError>(
      [&] {
        linear(tape.data({1, 2, 3}));
      },
      {"[Linear]", "(3,)", "unsqueeze(x, 0)"});
}

}  // namespace
}  // namespace tapegrad::testing
