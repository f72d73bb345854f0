// Recorded gradients: equal to computed ones, and differentiable again.

#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/nn/losses.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

// --- First order ----------------------------------------------------------------------------

TEST(Grad, EqualsBackward) {
  for (const Precision precision : {f32, f64}) {
    const double tolerance = precision == f32 ? 1e-6 : 1e-14;
    Tape tape(precision);
    const Var x = tape.variable(array({2, 3}, {1, 2, -1, 0.5, -0.25, 3}));
    const Var w = tape.variable(array({3, 2}, {0.1, -0.2, 0.3, 0.7, 0.5, -0.6}));
    const Var s = tape.variable(0.7);
    const Var hidden = tanh(matmul(x, w) + s);
    const Var y = nn::cross_entropy(hidden * s, std::vector<int>{1, 0}) +
                  sum(concat({relu(hidden), slice(x, 1, 0, 2)}, {0})) / (1 + exp(s));
    const std::vector<Var> recorded = grad(y, {x, w, s, hidden});
    y.backward();
    const std::vector<Var> xs = {x, w, s, hidden};
    for (std::size_t i = 0; i < xs.size(); ++i) {
      expect_arrays(recorded[i].value(), xs[i].grad(), tolerance);
    }
  }
}

TEST(Grad, WithRespectToParametersAndGates) {
  Tape tape;
  const Parameter p(array({2}, {1, 2}));
  const Var w = tape.parameter(p);
  const Var squares = p * p;
  const Var y = sum(squares * squares);
  const std::vector<Var> g = grad(y, {w, squares, y});
  expect_numbers(g[0].value(), {4, 32});  // 4p³
  expect_numbers(g[1].value(), {2, 8});   // 2p²
  EXPECT_EQ(g[2].item(), 1);
}

TEST(Grad, WithAnUpstreamGradient) {
  Tape tape;
  const Var x = tape.variable({1, 2, 3});
  const Var u = tape.variable({1, 10, -1});
  const Var g = grad(x * x, {x}, u)[0];
  expect_numbers(g.value(), {2, 40, -6});
  // The gradient depends on the upstream gradient too.
  sum(g * g).backward();
  expect_numbers(u.grad(), {2 * 2 * 2, 2 * 40 * 4, 2 * -6 * 6});
}

TEST(Grad, UnusedGivesZeros) {
  Tape tape;
  const Var x = tape.variable(2), scalar = tape.variable(5);
  const Var before = tape.variable(array({2, 2}, {1, 2, 3, 4}));
  const Var y = x * x;
  const Var after = y * scalar;
  const std::vector<Var> g = grad(y, {x, scalar, before, after});
  EXPECT_EQ(g[0].item(), 4);
  EXPECT_EQ(g[1].item(), 0);
  EXPECT_EQ(g[2].shape(), Shape({2, 2}));
  expect_numbers(g[2].value(), {0, 0, 0, 0});
  EXPECT_EQ(g[3].item(), 0);
}

TEST(Grad, ZerosForManyUnusedTensors) {
  // Thousands of new leaves: the tape's tables grow while shapes of older leaves are in use.
  Tape tape;
  std::vector<Var> xs;
  for (int i = 0; i < 5'000; ++i) xs.push_back(tape.variable({1, 2, 3}));
  const std::vector<Var> g = grad(sum(xs[0] * xs[0]), xs);
  for (std::size_t i = 1; i < g.size(); ++i) ASSERT_EQ(g[i].shape(), Shape({3})) << i;
  expect_numbers(g[0].value(), {2, 4, 6});
}

TEST(Grad, TouchesNoGradient) {
  Tape tape;
  Parameter p(array({2}, {1, 2})), s(3.0);
  const Var x = tape.variable(2);
  const Var y = sum(p * p) * s * x;
  y.backward();
  const Array<double> before = p.grad();
  grad(y, {x, tape.parameter(p), tape.parameter(s)});
  EXPECT_EQ(p.grad(), before);
  EXPECT_EQ(s.grad()(), 10);
  EXPECT_EQ(x.grad_item(), 15);
  EXPECT_EQ(y.grad_item(), 1);
}

TEST(Grad, GoesThroughNeitherDetachNorConstants) {
  Tape tape;
  const Var x = tape.variable(3);
  Var c;
  {
    const NoGrad no_grad;
    c = x * 2;
  }
  EXPECT_EQ(grad(x * detach(x) + c * x, {x})[0].item(), 3 + 6);
}

// --- Higher orders --------------------------------------------------------------------------

/// The derivatives of f at `at`, orders 1, 2, 3.
template <class F>
std::vector<double> derivatives(double at, F f, Precision precision = f64) {
  Tape tape(precision);
  const Var x = tape.variable(at);
  Var y = f(x);
  std::vector<double> orders;
  for (int order = 1; order <= 3; ++order) {
    y = grad(y, {x})[0];
    orders.push_back(y.item());
  }
  return orders;
}

void expect_orders(const std::vector<double>& got, const std::vector<double>& expected,
                   double tolerance = 1e-13, Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_orders");
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << i + 1;
}

TEST(Grad, PowerByMultiplication) {
  const auto fourth = [](Var x) { return x * x * x * x; };
  expect_orders(derivatives(1.5, fourth), {4 * 3.375, 12 * 2.25, 24 * 1.5});
  expect_orders(derivatives(1.5, fourth, f32), {4 * 3.375, 12 * 2.25, 24 * 1.5}, 1e-4);
}

TEST(Grad, Exponential) {
  const double e = std::exp(0.7);
  expect_orders(derivatives(0.7, [](Var x) { return exp(x); }), {e, e, e});
  expect_orders(derivatives(0.7, [](Var x) { return exp(-2 * x); }),
                {-2 * std::exp(-1.4), 4 * std::exp(-1.4), -8 * std::exp(-1.4)});
}

TEST(Grad, Tanh) {
  const double t = std::tanh(0.4), d = 1 - t * t;
  expect_orders(derivatives(0.4, [](Var x) { return tanh(x); }),
                {d, -2 * t * d, -2 * d * d + 4 * t * t * d});
}

TEST(Grad, Sigmoid) {
  const double s = 1 / (1 + std::exp(-0.4)), d = s * (1 - s);
  expect_orders(derivatives(0.4, [](Var x) { return sigmoid(x); }),
                {d, d * (1 - 2 * s), d * (1 - 6 * s + 6 * s * s)});
}

TEST(Grad, LogReciprocalDivision) {
  const std::vector<double> expected = {1 / 1.3, -1 / (1.3 * 1.3), 2 / (1.3 * 1.3 * 1.3)};
  expect_orders(derivatives(1.3, [](Var x) { return log(x); }), expected);
  const std::vector<double> inverse = {-std::pow(1.3, -2), 2 * std::pow(1.3, -3),
                                       -6 * std::pow(1.3, -4)};
  expect_orders(derivatives(1.3, [](Var x) { return reciprocal(x); }), inverse);
  expect_orders(derivatives(1.3, [](Var x) { return 1 / x; }), inverse);
  expect_orders(derivatives(1.3, [](Var x) { return x / (x * x); }), inverse);
}

TEST(Grad, KinksHaveNoSecondDerivative) {
  Tape tape;
  const Var x = tape.variable(2);
  const Var first = grad(relu(x) * x, {x})[0];
  const Var second = grad(first, {x})[0];
  EXPECT_EQ(first.item(), 4);
  EXPECT_EQ(second.item(), 2);
  // A slope of 1 is a constant, and is not taken for something that depends on x.
  expect_error<TapeError>([&] { grad(second, {x}); }, {"[grad]", "constant"});
}

TEST(Grad, BackwardThroughRecordedGradients) {
  // A gradient penalty: ∂/∂x of |∂y/∂x|².
  Tape tape;
  const Var x = tape.variable({1, 2});
  const Var y = sum(x * x * x);
  const Var g = grad(y, {x})[0];
  sum(g * g).backward();  // Σ 9x⁴, 36x³
  expect_numbers(x.grad(), {36, 288}, 1e-12);
}

TEST(Grad, MixedDerivatives) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(3);
  const Var f = x * x * y * y * y;
  const Var fx = grad(f, {x})[0], fy = grad(f, {y})[0];
  EXPECT_EQ(grad(fx, {y})[0].item(), 2 * 2 * 3 * 9);
  EXPECT_EQ(grad(fx, {y})[0].item(), grad(fy, {x})[0].item());
}

// --- Hessian-vector products ----------------------------------------------------------------

/// The gradient of a softmax cross-entropy on a small network, at w.
Array<double> network_gradient(const Array<double>& w0, const Array<double>* direction) {
  Tape tape;
  const Var w = tape.variable(w0);
  const Array<double> x = array({3, 2}, {1, 2, -1, 0.5, 0.25, -3});
  const Var loss =
      nn::cross_entropy(matmul(tanh(matmul(x, w)), array({3, 3}, {1, 2, -1,  //
                                                                  0, 1, 0.5, -2, 1, 1})),
                        std::vector<int>{2, 0, 1});
  const Var g = grad(loss, {w})[0];
  return direction == nullptr ? g.value() : grad(sum(g * *direction), {w})[0].value();
}

TEST(Grad, HessianVectorProductEqualsDifferencesOfGradients) {
  const Array<double> w = array({2, 3}, {0.3, -0.5, 0.8, 0.1, 0.9, -0.7});
  const Array<double> v = array({2, 3}, {1, -2, 0.5, 0.25, 3, -1});
  const Array<double> product = network_gradient(w, &v);
  const double h = 1e-5;
  Array<double> above = w, below = w, expected = w;
  for (std::size_t i = 0; i < w.size(); ++i) {
    above.data()[i] += h * v.data()[i];
    below.data()[i] -= h * v.data()[i];
  }
  above = network_gradient(above, nullptr);
  below = network_gradient(below, nullptr);
  for (std::size_t i = 0; i < w.size(); ++i) {
    expected.data()[i] = (above.data()[i] - below.data()[i]) / (2 * h);
  }
  EXPECT_GT(std::abs(expected(0, 0)), 1e-3);
  expect_arrays(product, expected, 1e-9);
}

// --- Errors ---------------------------------------------------------------------------------

TEST(Grad, ErrorsNameWhatIsWrong) {
  Tape tape, other;
  const Var x = tape.variable({1, 2}), z = other.variable(1);
  const Var y = x * x;
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { grad(y, {x}); }, {"[grad]", "(2,)", line_of(line)});
  expect_error<ShapeError>([&] { grad(y, {x}, sum(x)); }, {"[grad]", "(2,)", "()"});
  expect_error<TapeError>([&] { grad(y, {z}, x); }, {"[grad]", "two tapes", line_of(__LINE__)});
  expect_error<TapeError>([&] { grad(sum(y), {x}, z); }, {"[grad]", "two tapes"});
  expect_error<TapeError>([&] { grad(sum(y), {Var()}); }, {"[grad]", "empty"});
  expect_error<TapeError>([&] { grad(tape.data(1.0), {x}); },
                          {"[grad]", "constant", line_of(__LINE__ - 1)});
}

TEST(Grad, AConstantHasNoSilentZeroGradient) {
  // y does depend on c: zeros would be wrong. What is right is the derivative, or an error.
  Tape tape;
  const Var c = tape.data(2.0), x = tape.variable(3);
  const Var y = relu(c) * x;
  try {
    EXPECT_EQ(grad(y, {c})[0].item(), 3);
  } catch (const TapeError& error) {
    EXPECT_NE(std::string(error.what()).find(line_of(__LINE__ - 2)), std::string::npos);
  }
}

TEST(Grad, AParameterChangedSinceForwardIsRefused) {
  Tape tape;
  Parameter p(array({2}, {1, 2})), s(2.0);
  const Var w = tape.parameter(p);
  const Var y = sum(p * p) * s;
  p.set_value({5.0, 5.0});
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { grad(y, {w}); }, {"[grad]", "changed since", line_of(line)});
  tape.replay();
  expect_numbers(grad(y, {w})[0].value(), {20, 20});
}

TEST(Grad, GatesCarryTheUsersLine) {
  Tape tape;
  const Var x = tape.variable({1, 2});
  const Var s = tape.variable(3);
  const int first = __LINE__ + 1;
  const Var y = sum(sigmoid(x) * s * x);
  const std::uint32_t size = tape.size();
  grad(y, {x, s});
  ASSERT_GT(tape.size(), size + 3);
  for (std::uint32_t i = size; i < tape.size(); ++i) {
    const GateInfo info = inspect_gate(tape.gate(i));
    const std::string place = to_string(info.place);
    EXPECT_TRUE(place == line_of(first) || place == line_of(first + 2))
        << info.gate << " at " << place;
  }
}

}  // namespace
}  // namespace tapegrad::testing
