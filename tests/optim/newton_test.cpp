// Newton's method: its step beside the Hessian by hand, saddles, problems that are too large.

#include <tapegrad/optim/newton.hpp>

#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functional.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>

#include "optim/problem.hpp"

namespace tapegrad::testing {
namespace {

using optim::Newton;
using optim::NewtonOptions;
using Vector = std::vector<double>;

/// H⁻¹·g by elimination with exchange of rows.
Vector eliminate(std::vector<Vector> h, Vector g) {
  const std::size_t n = g.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t i = k; i < n; ++i) {
      if (std::abs(h[i][k]) > std::abs(h[best][k])) best = i;
    }
    std::swap(h[k], h[best]);
    std::swap(g[k], g[best]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = h[i][k] / h[k][k];
      for (std::size_t j = 0; j < n; ++j) h[i][j] -= factor * h[k][j];
      g[i] -= factor * g[k];
    }
  }
  for (std::size_t i = 0; i < n; ++i) g[i] /= h[i][i];
  return g;
}

/// log Σ eˣ + |x|²/10 of two parameters: convex, so that each step is Newton's own.
struct Bowl {
  Parameter a{array({2, 2}, {1, -2, 0.5, 3})}, b{-1.0};

  Var loss() const { return log(sum(exp(a)) + exp(b)) + 0.1 * (sum(square(a)) + square(b)); }
  Vector values() const {
    const auto first = a.value();
    Vector result(first.begin(), first.end());
    result.push_back(b.value()());
    return result;
  }
};

void naive_step(Vector& x, double damping) {
  double sum = 0;
  for (const double element : x) sum += std::exp(element);
  Vector g(5);
  std::vector<Vector> h(5, Vector(5));
  for (std::size_t i = 0; i < 5; ++i) {
    const double p = std::exp(x[i]) / sum;
    g[i] = p + 0.2 * x[i];
    for (std::size_t j = 0; j < 5; ++j) {
      h[i][j] = (i == j ? p + 0.2 + damping : 0) - p * std::exp(x[j]) / sum;
    }
  }
  const Vector move = eliminate(h, g);
  for (std::size_t i = 0; i < 5; ++i) x[i] -= move[i];
}

TEST(Newton, EqualsANaiveImplementation) {
  for (const double damping : {0.0, 2.0}) {
    Bowl bowl;
    NewtonOptions options;
    options.damping = damping;
    Newton newton({bowl.a, bowl.b}, options);
    Vector x = bowl.values();
    double before = std::numeric_limits<double>::infinity();
    for (int step = 0; step < 100; ++step) {
      const double loss = newton.step([&] { return bowl.loss(); });
      EXPECT_LE(loss, before + 1e-12);
      before = loss;
      naive_step(x, damping);
      expect_near(bowl.values(), x, 1e-12);
    }
  }
}

TEST(Newton, AParabolaTakesOneStep) {
  Parameter x(array({2}, {5, -3}), f32);
  Newton newton({x});
  const auto loss = [&] { return sum(xt::xarray<double>({1, 100}) * square(x - 1)); };
  EXPECT_EQ(newton.step(loss), 16 + 100 * 16);
  expect_numbers(x.value(), {1, 1}, 1e-6);
  EXPECT_NEAR(newton.step(loss), 0, 1e-9);
}

TEST(Newton, FindsTheMinimumFromTheEdgeOfASaddle) {
  // x⁴ − 2x² + y²: a saddle at (0, 0), minima at (±1, 0).
  for (const double x : {1e-3, -1e-3, 0.5}) {
    Parameter p(array({2}, {x, 0.7}));
    Newton newton({p});
    double before = std::numeric_limits<double>::infinity();
    for (int step = 0; step < 30; ++step) {
      const double loss = newton.step([&] {
        const Var first = slice(p, 0, 0, 1), second = slice(p, 0, 1, 2);
        return sum(square(square(first)) - 2 * square(first) + square(second));
      });
      EXPECT_LE(loss, before);
      before = loss;
    }
    expect_numbers(p.value(), {x > 0 ? 1.0 : -1.0, 0}, 1e-8);
  }
}

TEST(Newton, DescendsThroughRosenbrocksValley) {
  Parameter p(array({2}, {-1.2, 1}));
  Newton newton({p});
  double before = std::numeric_limits<double>::infinity();
  for (int step = 0; step < 30; ++step) {
    const double loss = newton.step([&] {
      const Var x = slice(p, 0, 0, 1), y = slice(p, 0, 1, 2);
      return sum(square(1 - x) + 100 * square(y - square(x)));
    });
    EXPECT_LE(loss, before);
    before = loss;
  }
  expect_numbers(p.value(), {1, 1}, 1e-10);
}

TEST(Newton, TrainsAModuleAndLeavesGradientsAlone) {
  nn::manual_seed(3);
  nn::Linear model(2, 3);
  const Array<double> x = array({4, 2}, {1, 2, -1, 0.5, 0.3, -2, 1, 1});
  const std::vector<int> labels = {0, 1, 2, 1};
  Parameter weight = model.weight();
  weight.set_grad(Array<double>(std::vector<std::size_t>{3, 2}, 7.0));
  NewtonOptions options;
  options.damping = 1e-3;
  Newton newton(model.parameters(), options);
  const auto loss = [&] { return nn::cross_entropy(model(constant(x)), labels); };
  const double first = newton.step(loss);
  double last = first;
  for (int i = 0; i < 10; ++i) last = newton.step(loss);
  EXPECT_LT(last, 0.2 * first);
  for (const double g : weight.grad()) EXPECT_EQ(g, 7);
  EXPECT_FALSE(model.parameters()[1].has_grad());
}

TEST(Newton, AnEndOfDescentIsNoError) {
  Parameter x(array({2}, {0, 0})), y(2.0);
  Newton saddle({x});
  EXPECT_EQ(saddle.step([&] { return sum(xt::xarray<double>({1, -1}) * square(x)); }), 0);
  expect_numbers(x.value(), {0, 0});
  // Linear: no curvature at all.
  Newton linear({y});
  EXPECT_EQ(linear.step([&] { return 3 * y; }), 6);
  EXPECT_LT(y.value()(), 2);
}

TEST(Newton, SaysHowLargeAHessianWouldBe) {
  const Parameter million = Parameter::zeros({1000, 1000});
  expect_error<ValueError>(
      [&] { Newton({million}); },
      {"[Newton]", "at most max_size = 4096", "got 1000000", "3725 GiB in float32", "LBFGS"});
  NewtonOptions options;
  options.max_size = 3;
  expect_error<ValueError>([&] { Newton({Parameter::zeros({4})}, options); }, {"got 4"});
  Newton({Parameter::zeros({3})}, options);
}

TEST(Newton, BadLosses) {
  Parameter x(array({2}, {1, 2}));
  const Parameter other(1.0);
  Newton newton({x});
  Tape outer(f64);
  expect_error<TapeError>([&] { newton.step([&] { return outer.variable(1.0); }); },
                          {"[Newton]", "make no tape"});
  expect_error<TapeError>([&] {
    newton.step([&] {
      Tape tape;
      return sum(x * x);
    });
  });
  expect_error<TapeError>([&] { newton.step([] { return Var(); }); }, {"[Newton]", "make no tape"});
  expect_error<TapeError>([&] { newton.step([] { return constant(1.0); }); },
                          {"[Newton]", "depends on none"});
  expect_error<ShapeError>([&] { newton.step([&] { return x * x; }); }, {"[Newton]", "(2,)"});
  expect_error<NonFiniteError>([&] { newton.step([&] { return sum(log(x - 1)); }); });
  expect_numbers(x.value(), {1, 2});

  int calls = 0;
  EXPECT_THROW(newton.step([&] {
    if (++calls > 1) throw std::runtime_error("stop");
    return sum(x * x);
  }),
               std::runtime_error);
  expect_numbers(x.value(), {1, 2});
}

TEST(Newton, BadArguments) {
  const Parameter x(1.0);
  expect_error<ValueError>([] { Newton({}); }, {"[Newton]", "got none"});
  expect_error<ValueError>([&] { Newton({x, x}); }, {"[Newton]", "twice"});
  NewtonOptions options;
  options.damping = -1;
  expect_error<ValueError>([&] { Newton({x}, options); }, {"[Newton]", "as damping"});
  options = {};
  options.max_size = 0;
  expect_error<ValueError>([&] { Newton({x}, options); }, {"[Newton]", "as max size"});
}

}  // namespace
}  // namespace tapegrad::testing
