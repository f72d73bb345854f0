// The circuit engine by worked numbers (MISSION C1–C9), and scalars beside tensors (B1).

#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using Numbers = xt::xarray<double>;

// --- C1, C2: a gate by itself ---------------------------------------------------------------

TEST(Circuit, C1GateKnowsItsInputsAlone) {
  // No tape anywhere: output and local gradient follow from the operands.
  EXPECT_EQ(ops::Mul{}.forward(3.0, -4.0), -12.0);
  EXPECT_EQ(ops::Mul{}.gradient(ops::At<0>{}, 1.0, 3.0, -4.0, -12.0), -4.0);
  EXPECT_EQ(ops::Mul{}.gradient(ops::At<1>{}, 1.0, 3.0, -4.0, -12.0), 3.0);
}

TEST(Circuit, C1UpstreamTimesLocal) {
  // f = q·z with q = x + y: the classic with df/d(x, y, z) = (−4, −4, 3).
  Tape tape;
  const Var x = tape.variable(-2), y = tape.variable(5), z = tape.variable(-4);
  const Var q = x + y;
  const Var f = q * z;
  f.backward();
  EXPECT_EQ(f.item(), -12);
  EXPECT_EQ(q.grad_item(), -4);
  EXPECT_EQ(x.grad_item(), q.grad_item() * local_gradient(q, 0)());
  EXPECT_EQ(y.grad_item(), -4);
  EXPECT_EQ(z.grad_item(), 3);
}

TEST(Circuit, C2PrimitiveGates) {
  const auto slope = [](double at, auto f) {
    Tape tape;
    const Var x = tape.variable(at);
    const Var y = f(x);
    y.backward();
    return std::pair(y.item(), x.grad_item());
  };
  const auto inverse = slope(1.37, [](Var x) { return 1 / x; });
  EXPECT_NEAR(inverse.first, 0.73, 0.005);
  EXPECT_NEAR(inverse.second, -0.53, 0.005);
  EXPECT_NEAR(inverse.second, -1 / (1.37 * 1.37), 1e-15);
  EXPECT_NEAR(slope(1.37, [](Var x) { return reciprocal(x); }).second, inverse.second, 1e-15);

  EXPECT_EQ(slope(0.37, [](Var x) { return 1 + x; }), std::pair(1.37, 1.0));
  EXPECT_EQ(slope(-1.0, [](Var x) { return exp(x); }), std::pair(std::exp(-1.0), std::exp(-1.0)));
  EXPECT_EQ(slope(1.0, [](Var x) { return -2.5 * x; }), std::pair(-2.5, -2.5));
}

// --- C3, C4: the neuron ---------------------------------------------------------------------

struct Neuron {
  Tape tape;
  Var w0 = tape.variable(2), w1 = tape.variable(-3), w2 = tape.variable(-3);
  Var x0 = tape.variable(-1), x1 = tape.variable(-2);
  Var score = w0 * x0 + w1 * x1 + w2;

  std::vector<double> gradients() const {
    return {w0.grad_item(), w1.grad_item(), w2.grad_item(), x0.grad_item(), x1.grad_item()};
  }
};

TEST(Circuit, C3NeuronOfSmallGates) {
  Neuron n;
  const Var negative = -n.score;
  const Var e = exp(negative);
  const Var below = 1 + e;
  const Var f = 1 / below;
  f.backward();

  EXPECT_NEAR(f.item(), 0.73, 0.005);
  const std::vector<double> printed = {-0.20, -0.39, 0.20, 0.39, -0.59};
  const double g = f.item() * (1 - f.item());
  const std::vector<double> exact = {-g, -2 * g, g, 2 * g, -3 * g};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(n.gradients()[i], printed[i], 0.005) << i;
    EXPECT_NEAR(n.gradients()[i], exact[i], 1e-15) << i;
  }
  // Backward gate by gate: 1.00, −0.53, −0.53, −0.20, 0.20.
  EXPECT_EQ(f.grad_item(), 1);
  EXPECT_NEAR(below.grad_item(), -0.53, 0.005);
  EXPECT_EQ(e.grad_item(), below.grad_item());
  EXPECT_NEAR(negative.grad_item(), -0.20, 0.005);
  EXPECT_EQ(n.score.grad_item(), -negative.grad_item());
}

TEST(Circuit, C4FusedSigmoidGate) {
  Tape tape;
  const Var x = tape.variable(1.0);
  const Var y = sigmoid(x);
  EXPECT_NEAR(y.item(), 0.73, 0.005);
  EXPECT_NEAR(local_gradient(y, 0)(), 0.2, 0.005);
  EXPECT_NEAR(local_gradient(y, 0)(), (1 - y.item()) * y.item(), 1e-16);
}

TEST(Circuit, C4FusedEqualsChain) {
  Neuron chain, fused;
  const Var f = 1 / (1 + exp(-chain.score));
  const Var g = sigmoid(fused.score);
  f.backward();
  g.backward();
  EXPECT_NEAR(f.item(), g.item(), 1e-16);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(chain.gradients()[i], fused.gradients()[i], 1e-15) << i;
  }
  EXPECT_LT(fused.tape.size(), chain.tape.size());
}

// --- C5, C6, C7 -----------------------------------------------------------------------------

TEST(Circuit, C5AddMulMax) {
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(-4), z = tape.variable(2),
            w = tape.variable(-1);
  const Var f = 2 * (x * y + max(z, w));
  f.backward();
  EXPECT_EQ(f.item(), -20);
  EXPECT_EQ(x.grad_item(), -8);
  EXPECT_EQ(y.grad_item(), 6);
  EXPECT_EQ(z.grad_item(), 2);
  EXPECT_EQ(w.grad_item(), 0);
}

TEST(Circuit, C6BackwardReadsTheForwardCache) {
  Tape tape;
  const Var x = tape.variable(1.0);
  const Var y = sigmoid(x);
  const Var f = y * y;
  const double cached = y.item();
  // The leaf moves, but nothing is computed again: sigmoid's rule needs its output alone.
  x.set_value(100);
  EXPECT_EQ(y.item(), cached);
  f.backward();
  EXPECT_NEAR(x.grad_item(), 2 * cached * (1 - cached) * cached, 1e-15);
}

TEST(Circuit, C7UsesAddUp) {
  Tape tape;
  const Var x = tape.variable(3), y = tape.variable(-4);
  const Var f = x * x + x * y + x;  // 2x + y + 1, x
  f.backward();
  EXPECT_EQ(x.grad_item(), 2 * 3 - 4 + 1);
  EXPECT_EQ(y.grad_item(), 3);
}

TEST(Circuit, C7EveryPathCounts) {
  // y doubles 40 times: 2⁴⁰ paths lead to x.
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(1);
    Var y = x;
    for (int i = 0; i < 40; ++i) y = y + y;
    y.backward();
    EXPECT_EQ(x.grad_item(), std::ldexp(1.0, 40));
  }
}

TEST(Circuit, C7TensorUsesAddUp) {
  Tape tape;
  const Var x = tape.variable({3, -1});
  const Var f = sum(x * x + x * x * x + sigmoid(x) - sigmoid(x));
  f.backward();
  expect_numbers(x.grad(), {2 * 3 + 3 * 9, -2 + 3}, 1e-15);
}

// --- C8: intuition --------------------------------------------------------------------------

TEST(Circuit, C8InputsTimesThousand) {
  const auto weight_gradient = [](double scale) {
    Tape tape;
    const Var w = tape.variable(Numbers{{0.5, -1, 2}, {1, 0, -0.25}});
    Numbers inputs = {{1, 2, -3}, {-0.5, 0.25, 4}};
    inputs *= scale;
    const Var scores = matmul(tape.data(inputs), w, {false, true});
    scores.backward(Numbers{{0.3, -0.7}, {1.1, 0.2}});
    return w.grad();
  };
  Array<double> expected = weight_gradient(1);
  for (double& number : expected) number *= 1000;
  expect_arrays(weight_gradient(1000), expected, 1e-13);
  EXPECT_NEAR(expected(0, 0), 1000 * (0.3 * 1 - 1.1 * 0.5), 1e-9);
}

TEST(Circuit, C8PositiveInputsGiveGradientsOfOneSign) {
  for (const double target : {0.0, 1.0}) {
    Tape tape;
    const Var w = tape.variable({2, -3, 0.5, -0.1});
    const Var x = tape.data({0.5, 1, 4, 0.01});
    const Var miss = sigmoid(sum(w * x)) - target;
    (miss * miss).backward();
    for (const double g : w.grad()) EXPECT_GT(g * (0.5 - target), 0);
  }
}

// --- C9: vectors, matrices, broadcasting, batches -------------------------------------------

TEST(Circuit, C9DotProduct) {
  Tape tape;
  const Var a = tape.variable({1, -2, 3}), b = tape.variable({4, 5, -6});
  const Var dot = sum(a * b);
  dot.backward();
  EXPECT_EQ(dot.item(), -24);
  expect_numbers(a.grad(), {4, 5, -6});
  expect_numbers(b.grad(), {1, -2, 3});
}

TEST(Circuit, C9Matmul) {
  Tape tape;
  const Var a = tape.variable(Numbers{{1, 2}, {3, 4}});
  const Var b = tape.variable(Numbers{{5, 6}, {7, 8}});
  const Var y = matmul(a, b);
  expect_numbers(y.value(), {19, 22, 43, 50});
  y.backward(Numbers{{1, 2}, {3, 4}});
  expect_numbers(a.grad(), {17, 23, 39, 53});  // g·bᵀ
  expect_numbers(b.grad(), {10, 14, 14, 20});  // aᵀ·g
}

TEST(Circuit, C9BroadcastGradientIsTheSumOfItsRepetitions) {
  Tape tape;
  const Var rows = tape.variable({10, 20, 30});
  const Var column = tape.variable(array({2, 1}, {1, 2}));
  const Var scale = tape.variable(2);
  const Var y = (rows + column) * scale;
  expect_numbers(y.value(), {22, 42, 62, 24, 44, 64});
  y.backward(Numbers{{1, 2, 3}, {4, 5, 6}});
  expect_numbers(rows.grad(), {2 * (1 + 4), 2 * (2 + 5), 2 * (3 + 6)});
  expect_numbers(column.grad(), {2 * (1 + 2 + 3), 2 * (4 + 5 + 6)});
  EXPECT_EQ(scale.grad_item(), 11 * 1 + 21 * 2 + 31 * 3 + 12 * 4 + 22 * 5 + 32 * 6);
}

TEST(Circuit, C9BatchesAsRows) {
  const Numbers inputs = {{1, 2}, {-3, 0.5}, {0, -1}};
  const Numbers weights = {{0.1, -0.4}, {2, 0.3}, {-1, 1}};
  Tape together, apart;
  const Var w = together.variable(weights), v = apart.variable(weights);
  const Var y = tanh(matmul(together.data(inputs), w, {false, true}));
  const Array<double> batch = y.value();
  sum(y).backward();
  for (std::size_t row = 0; row < 3; ++row) {
    const Numbers one = {{inputs(row, 0), inputs(row, 1)}};
    const Var z = tanh(matmul(apart.data(Numbers(one)), v, {false, true}));
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(z.value()(0, k), batch(row, k), 1e-15);
    sum(z).backward();
  }
  expect_arrays(w.grad(), v.grad(), 1e-14);
}

// --- B1: one tape for scalars and tensors ---------------------------------------------------

Var expression(const Var& x, const Var& y) {
  return sigmoid(x * y) + max(x, 0.3 * y) / (1 + exp(-x)) - tanh(x - y) * log(y * y + 1) +
         where(x > y, x * x, -y) + reciprocal(2 + x * x) + relu(y) * 0.5;
}

TEST(Circuit, B1ScalarsEqualElementsOfTensors) {
  const std::vector<double> xs = {0.7, -1.2, 2.5, 0.1, -0.4, 1.9, -2.2};
  const std::vector<double> ys = {-0.6, 0.8, 1.5, 0.9, -1.7, 3.0, -0.2};
  for (const Precision precision : {f32, f64}) {
    const double tolerance = precision == f32 ? 1e-5 : 1e-14;
    Tape tape(precision);
    const Var tx = tape.variable(xs), ty = tape.variable(ys);
    const Var t = expression(tx, ty);
    sum(t).backward();
    const Array<double> value = t.value(), gx = tx.grad(), gy = ty.grad();
    for (std::size_t i = 0; i < xs.size(); ++i) {
      const Var x = tape.variable(xs[i]), y = tape.variable(ys[i]);
      const Var s = expression(x, y);
      s.backward();
      EXPECT_NEAR(s.item(), value(i), tolerance);
      EXPECT_NEAR(x.grad_item(), gx(i), tolerance);
      EXPECT_NEAR(y.grad_item(), gy(i), tolerance);
    }
  }
}

TEST(Circuit, B1ScalarsAndTensorsInOneCircuit) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var s = tape.variable(3);
    const Var t = tape.variable({1, 2, 4});
    const Var first = sum(s * t);          // 7s
    const Var f = first * s + sum(t * t);  // 7s² + Σt²
    f.backward();
    EXPECT_EQ(f.item(), 63 + 21);
    EXPECT_EQ(s.grad_item(), 2 * 7 * 3);
    expect_numbers(t.grad(), {9 + 2, 9 + 4, 9 + 8});
  }
}

}  // namespace
}  // namespace tapegrad::testing
