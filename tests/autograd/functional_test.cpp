// Derivatives of functions as numbers, and checks of second derivatives (MISSION B4).

#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/functional.hpp>
#include <tapegrad/autograd/gradgradcheck.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>

#include "support/expect.hpp"
#include "support/wrong_tanh.hpp"

namespace tapegrad::testing {
namespace {

Var rosenbrock(const Var& p) {
  const Var x = slice(p, 0, 0, 1), y = slice(p, 0, 1, 2);
  return sum(square(1 - x) + 100 * square(y - square(x)));
}

/// A network 2-3-2 of tanh with all 17 weights in one vector, its loss on three samples.
Var tanh_net(const Var& w) {
  const auto part = [&](std::int64_t first, const Shape& shape) {
    return reshape(slice(w, 0, first, first + shape.size()), shape);
  };
  const Var x = constant(array({3, 2}, {1, -0.5, 0.2, 2, -1, 0.7}));
  const Var hidden = tanh(matmul(x, part(0, {2, 3})) + part(6, {3}));
  return nn::cross_entropy(matmul(hidden, part(9, {3, 2})) + part(15, {2}),
                           std::vector<int>{0, 1, 1});
}

Array<double> weights_of_net() {
  Array<double> w({17}, 0.0);
  for (std::size_t i = 0; i < w.size(); ++i) w(i) = std::sin(1.0 + static_cast<double>(i));
  return w;
}

Array<double> gradient_at(const VectorFunction& f, const Array<double>& x) {
  return vjp(f, x, array({}, {1})).second;
}

/// Column j of the Hessian by centred differences of the gradient.
void expect_hessian_of_differences(const VectorFunction& f, const Array<double>& x) {
  const Array<double> h = hessian(f, x);
  ASSERT_EQ(h.dimension(), 2U);
  for (std::size_t j = 0; j < x.size(); ++j) {
    const double step = 1e-5;
    Array<double> above = x, below = x;
    above(j) += step;
    below(j) -= step;
    const Array<double> right = gradient_at(f, above), left = gradient_at(f, below);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double numeric = (right(i) - left(i)) / (2 * step);
      EXPECT_NEAR(h(i, j), numeric, 1e-6 * std::max(1.0, std::abs(numeric))) << i << ", " << j;
      EXPECT_NEAR(h(i, j), h(j, i), 1e-12 * std::max(1.0, std::abs(numeric)));
    }
  }
}

TEST(Derivatives, HessianOfRosenbrock) {
  const Array<double> h = hessian(rosenbrock, array({2}, {-1.2, 1}));
  // 1200x² − 400y + 2, −400x, 200.
  expect_numbers(h, {1330, 480, 480, 200}, 1e-10);
  expect_hessian_of_differences(rosenbrock, array({2}, {-1.2, 1}));
}

TEST(Derivatives, HessianOfATanhNet) {
  expect_hessian_of_differences(tanh_net, weights_of_net());
}

TEST(Derivatives, JacobianHasTheShapesOfBoth) {
  const auto f = [](const Var& x) { return transpose(x) * constant(array({3, 1}, {1, 2, 3})); };
  const Array<double> j = jacobian(f, array({2, 3}, {1, 2, 3, 4, 5, 6}));
  ASSERT_EQ((Shape(j.shape().begin(), j.shape().end())), (Shape{3, 2, 2, 3}));
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 2; ++b) {
      for (std::size_t c = 0; c < 2; ++c) {
        for (std::size_t d = 0; d < 3; ++d) {
          EXPECT_EQ(j(a, b, c, d), a == d && b == c ? static_cast<double>(a + 1) : 0.0);
        }
      }
    }
  }
  EXPECT_EQ(jacobian([](const Var& x) { return exp(x); }, array({}, {0}))(), 1);
}

TEST(Derivatives, ProductsAgreeWithTheMatrices) {
  const auto f = [](const Var& x) {
    const Var a = constant(array({2, 3}, {1, -1, 0.5, 0.2, 2, -0.3}));
    return tanh(reshape(matmul(a, reshape(x, {3, 1})), {2})) * sum(x);
  };
  const Array<double> x = array({3}, {0.3, -0.7, 1.1});
  const Array<double> u = array({2}, {2, -1}), v = array({3}, {1, 0.5, -2});
  const Array<double> j = jacobian(f, x);
  const auto [value, left] = vjp(f, x, u);
  const auto [same, right] = jvp(f, x, v);
  EXPECT_EQ(value, same);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(left(k), 2 * j(0, k) - j(1, k), 1e-14);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_NEAR(right(k), j(k, 0) + 0.5 * j(k, 1) - 2 * j(k, 2), 1e-14);
  }

  const Array<double> w = weights_of_net();
  const Array<double> h = hessian(tanh_net, w);
  Array<double> direction({17}, 0.0);
  for (std::size_t i = 0; i < 17; ++i) direction(i) = std::cos(3.0 * static_cast<double>(i));
  const auto [loss, product] = hvp(tanh_net, w, direction);
  EXPECT_NEAR(loss(), vjp(tanh_net, w, array({}, {1})).first(), 0);
  for (std::size_t i = 0; i < 17; ++i) {
    double expected = 0;
    for (std::size_t k = 0; k < 17; ++k) expected += h(i, k) * direction(k);
    EXPECT_NEAR(product(i), expected, 1e-13);
  }
}

TEST(Derivatives, LinearAndConstantFunctions) {
  const Array<double> x = array({2}, {1, 2}), v = array({2}, {3, 4});
  const auto linear = [](const Var& p) { return sum(3 * p); };
  const auto fixed = [](const Var&) { return constant(std::vector<double>{7}); };
  expect_numbers(hessian(linear, x), {0, 0, 0, 0});
  expect_numbers(hvp(linear, x, v).second, {0, 0});
  expect_numbers(hessian(fixed, x), {0, 0, 0, 0});
  expect_numbers(jacobian(fixed, x), {0, 0});
  expect_numbers(vjp(fixed, x, array({1}, {1})).second, {0, 0});
  expect_numbers(jvp(fixed, x, v).second, {0});
  expect_numbers(jvp(linear, x, v).second, {21});
  EXPECT_EQ(jacobian([](const Var& p) { return p; }, Array<double>({0}, 0.0)).size(), 0U);
}

TEST(Derivatives, ParametersInTheFunctionAreLeftAlone) {
  Parameter p(array({2}, {2, 3}));
  const auto f = [&](const Var& x) { return sum(x * x * p); };
  expect_numbers(hessian(f, array({2}, {1, 1})), {4, 0, 0, 6});
  expect_numbers(jvp(f, array({2}, {1, 1}), array({2}, {1, 1})).second, {10});
  EXPECT_FALSE(p.has_grad());
}

TEST(Derivatives, Errors) {
  const Array<double> x = array({2}, {1, 2});
  const auto f = [](const Var& p) { return p * p; };
  expect_error<ShapeError>([&] { hessian(f, x); }, {"[hessian]", "(2,)", line_of(__LINE__)});
  expect_error<ShapeError>([&] { hvp(f, x, x); }, {"[hvp]", "jacobian"});
  expect_error<ShapeError>([&] { vjp(f, x, array({3}, {1, 2, 3})); }, {"[vjp]", "output", "(3,)"});
  expect_error<ShapeError>([&] { jvp(f, x, array({}, {1})); }, {"[jvp]", "argument"});
  Tape tape;
  const Var outside = tape.variable(2);
  expect_error<TapeError>([&] { jacobian([&](const Var&) { return outside; }, x); },
                          {"[jacobian]", "another tape"});
}

// --- Second derivatives checked -------------------------------------------------------------

/// log(cosh x) whose gradient is right, but not the gradient's own.
struct LogCosh : ops::Whole<1, 1> {
  static constexpr const char* name = "log_cosh";
  Shape shape(ops::Shapes x) const { return x[0]; }
  template <class T>
  void forward(ops::Out<T> y, ops::Operands<T> x) const {
    for (std::int64_t i = 0; i < y.shape.size(); ++i) y.put(i, std::log(std::cosh(x[0].data[i])));
  }
  template <class Executor>
  void backward(Executor& e) const {
    const auto slope = e.eval(WrongTanh{}, e.operand(0));
    e.add(0, ops::Mul{}, slope, e.upstream());
  }
};

TEST(Gradgradcheck, FindsWhatGradcheckCannot) {
  Tape tape;
  const Var x = tape.variable({0.5, -1.2});
  const Var y = sum(gate(LogCosh{}, x) * exp(x));
  EXPECT_TRUE(gradcheck(y).passed()) << to_string(gradcheck(y));
  const GradcheckReport report = gradgradcheck(y);
  EXPECT_EQ(report.count(Verdict::wrong), 2) << to_string(report);
  ASSERT_TRUE(report.wrong_rule);
  EXPECT_EQ(report.wrong_rule->name, "wrong_tanh");
}

TEST(Gradgradcheck, OfNetworksAndFunctions) {
  nn::manual_seed(3);
  nn::Linear first(3, 4), second(4, 2);
  Tape tape(f32);
  const Var x = tape.variable(array({2, 3}, {1, -0.5, 0.25, 2, 0.1, -1}));
  const Var loss = nn::cross_entropy(second(tanh(first(x))), std::vector<int>{1, 0});
  const std::uint32_t size = tape.size();
  const GradcheckReport report = gradgradcheck(loss);
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_EQ(report.coordinates.size(), 6U + 12 + 4 + 8 + 2);
  EXPECT_EQ(tape.size(), size);
  for (const Parameter& p : first.parameters()) EXPECT_FALSE(p.has_grad());

  const auto f = [](const std::vector<Var>& v) { return sum(exp(v[0]) * v[1] + v[1]); };
  const GradcheckReport function = gradgradcheck(f, {array({2}, {0.5, -1}), array({2}, {3, 4})});
  EXPECT_TRUE(function.passed()) << to_string(function);
  EXPECT_TRUE(gradgradcheck(3 * tape.variable(2)).passed());  // Linear: the second one is zero.
}

}  // namespace
}  // namespace tapegrad::testing
