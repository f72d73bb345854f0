// L-BFGS beside the same method with its matrix written out.

#include <tapegrad/optim/lbfgs.hpp>

#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/safetensors.hpp>
#include <tapegrad/optim/detail/line_search.hpp>

#include "optim/problem.hpp"
#include "support/files.hpp"
#include "support/parameter_sets.hpp"

namespace tapegrad::testing {
namespace {

using optim::LBFGS;
using optim::LBFGSOptions;
using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

/// A valley that bends through eight dimensions: Σ 2·(x₂ᵢ₊₁ − x₂ᵢ²)² + (1 − x₂ᵢ)² + 0.1·xᵢ·xᵢ₊₁.
struct Valley {
  static double value(const Vector& x) {
    double sum = 0;
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
      if (i % 2 == 0) {
        sum += 2 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
      }
      sum += 0.1 * x[i] * x[i + 1];
    }
    return sum;
  }
  static Vector gradient(const Vector& x) {
    Vector g(x.size());
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
      if (i % 2 == 0) {
        const double away = x[i + 1] - x[i] * x[i];
        g[i] += -8 * x[i] * away - 2 * (1 - x[i]);
        g[i + 1] += 4 * away;
      }
      g[i] += 0.1 * x[i + 1];
      g[i + 1] += 0.1 * x[i];
    }
    return g;
  }
  static const Vector& start() {
    static const Vector numbers = {-1.2, 1, 0.5, -2, 3, 0.1, -0.7, 1.5};
    return numbers;
  }

  explicit Valley(Precision precision = f64)
      : p(Vector(start().begin(), start().begin() + 3), precision),
        q(Vector(start().begin() + 3, start().end()), precision) {}
  double operator()() {
    ++calls;
    Tape tape;
    const Var x = concat({p, q}, 0);
    const Var even = slice(x, 0, 0, 8, 2), odd = slice(x, 0, 1, 8, 2);
    const Var loss = sum(2 * square(odd - square(even)) + square(1 - even)) +
                     0.1 * sum(slice(x, 0, 0, 7) * slice(x, 0, 1, 8));
    loss.backward();
    return loss.item();
  }
  Vector values() const {
    const auto first = p.value(), second = q.value();
    Vector result(first.begin(), first.end());
    result.insert(result.end(), second.begin(), second.end());
    return result;
  }

  Parameter p, q;
  int calls = 0;
};

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double largest(const Vector& a) {
  double most = 0;
  for (const double x : a) most = std::max(most, std::abs(x));
  return most;
}

/// The inverse Hessian's estimate, written out: H ← VᵀHV + ρ·ssᵀ, V = I − ρ·ysᵀ, over the last
/// pairs, from γI. Source: Nocedal and Wright, "Numerical Optimization", 2006, equation 7.16.
Matrix estimate(const std::vector<std::pair<Vector, Vector>>& pairs, std::size_t n) {
  Matrix h(n, Vector(n));
  const auto& [s0, y0] = pairs.back();
  for (std::size_t i = 0; i < n; ++i) h[i][i] = dot(s0, y0) / dot(y0, y0);
  for (const auto& [s, y] : pairs) {
    const double rho = 1 / dot(s, y);
    Matrix v(n, Vector(n)), hv(n, Vector(n)), next(n, Vector(n));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) v[i][j] = (i == j ? 1 : 0) - rho * y[i] * s[j];
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t k = 0; k < n; ++k) hv[i][j] += h[i][k] * v[k][j];
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        next[i][j] = rho * s[i] * s[j];
        for (std::size_t k = 0; k < n; ++k) next[i][j] += v[k][i] * hv[k][j];
      }
    }
    h = next;
  }
  return h;
}

struct NaiveLBFGS {
  Vector x = Valley::start();
  std::vector<std::pair<Vector, Vector>> pairs;
  std::size_t history;

  explicit NaiveLBFGS(std::size_t history_) : history(history_) {}

  void iterate() {
    const std::size_t n = x.size();
    const Vector g = Valley::gradient(x);
    Vector d(n);
    double first = 1, size = 0;
    for (const double element : g) size += std::abs(element);
    if (pairs.empty()) {
      for (std::size_t i = 0; i < n; ++i) d[i] = -g[i];
      first = std::min(1.0, 1 / size);
    } else {
      const Matrix h = estimate(pairs, n);
      for (std::size_t i = 0; i < n; ++i) d[i] = -dot(h[i], g);
    }
    const auto at = [&](double t) {
      Vector moved = x;
      for (std::size_t i = 0; i < n; ++i) moved[i] += t * d[i];
      return optim::detail::LinePoint{t, Valley::value(moved), dot(Valley::gradient(moved), d)};
    };
    const double t = optim::detail::strong_wolfe(at, at(0), first, 25).t;
    Vector s(n), y(n);
    for (std::size_t i = 0; i < n; ++i) {
      s[i] = t * d[i];
      x[i] += s[i];
    }
    const Vector after = Valley::gradient(x);
    for (std::size_t i = 0; i < n; ++i) y[i] = after[i] - g[i];
    pairs.emplace_back(s, y);
    if (pairs.size() > history) pairs.erase(pairs.begin());
  }
};

LBFGSOptions exact(int max_iter, int history = 10) {
  LBFGSOptions options;
  options.max_iter = max_iter;
  options.max_eval = 1000;
  options.history_size = history;
  options.tolerance_grad = 0;
  options.tolerance_change = 0;
  return options;
}

TEST(LBFGS, EqualsTheMatrixWrittenOut) {
  for (const int history : {1, 3, 10}) {
    Valley valley;
    LBFGSOptions options = exact(1, history);
    // Closer to the minimum the line search reads rounding in differences of losses.
    options.tolerance_grad = 1e-3;
    LBFGS lbfgs({valley.p, valley.q}, options);
    NaiveLBFGS naive(static_cast<std::size_t>(history));
    int steps = 0;
    for (int step = 0; step < 100; ++step) {
      lbfgs.step(std::ref(valley));
      if (largest(Valley::gradient(naive.x)) > 1e-3) {
        naive.iterate();
        ++steps;
      }
      expect_near(valley.values(), naive.x, 1e-12);
    }
    EXPECT_GT(steps, 10);
    EXPECT_LE(largest(Valley::gradient(naive.x)), 1e-3) << history;
  }
}

TEST(LBFGS, ConvergesInOneStepWithPyTorchsDefaults) {
  Valley valley;
  LBFGSOptions options;
  options.max_iter = 100;
  options.max_eval = 200;
  const double first = Valley::value(Valley::start());
  EXPECT_NEAR(LBFGS({valley.p, valley.q}, options).step(std::ref(valley)), first, 1e-12);
  for (const double g : Valley::gradient(valley.values())) EXPECT_LT(std::abs(g), 1e-4);
  EXPECT_LT(valley.calls, 60);
}

TEST(LBFGS, FloatsComeNear) {
  Valley narrow(f32), wide;
  LBFGS one({narrow.p, narrow.q}), other({wide.p, wide.q});
  for (int i = 0; i < 5; ++i) {
    one.step(std::ref(narrow));
    other.step(std::ref(wide));
  }
  expect_near(narrow.values(), wide.values(), 1e-3);
}

TEST(LBFGS, StepsDoNotDependOnHowIterationsAreCounted) {
  Valley once, often;
  LBFGS first({once.p, once.q}, exact(12)), second({often.p, often.q}, exact(1));
  first.step(std::ref(once));
  for (int i = 0; i < 12; ++i) second.step(std::ref(often));
  expect_near(once.values(), often.values(), 0);
}

TEST(LBFGS, ContinuesBitByBitFromAFile) {
  const TempFolder folder;
  Valley straight, interrupted;
  LBFGS whole({straight.p, straight.q}, exact(1, 3)),
      first({interrupted.p, interrupted.q}, exact(1, 3));
  for (int i = 0; i < 5; ++i) {
    whole.step(std::ref(straight));
    first.step(std::ref(interrupted));
  }
  data::save_safetensors(folder.path("state"), first.state_dict());
  LBFGS second({interrupted.p, interrupted.q}, exact(1, 3));
  second.load_state_dict(data::load_safetensors(folder.path("state")));
  for (int i = 0; i < 5; ++i) {
    whole.step(std::ref(straight));
    second.step(std::ref(interrupted));
  }
  expect_near(interrupted.values(), straight.values(), 0);
  expect_same_bits(second.state_dict(), whole.state_dict());

  LBFGS longer({interrupted.p, interrupted.q}, exact(1, 4));
  expect_error<ValueError>([&] { longer.load_state_dict(whole.state_dict()); },
                           {"[LBFGS]", "'s' has shape (3, 8) where (4, 8) is needed"});
}

TEST(LBFGS, GoesBackFromLossesThatAreNotFinite) {
  // −log x + x, of which the first trial leaves the domain.
  Parameter x(0.01);
  LBFGS lbfgs({x}, LBFGSOptions(10.0));
  const auto closure = [&] {
    Tape tape;
    const Var loss = log(reciprocal(x)) + x;
    loss.backward();
    return loss.item();
  };
  for (int i = 0; i < 3; ++i) lbfgs.step(closure);
  EXPECT_NEAR(x.value()(), 1, 1e-5);
}

TEST(LBFGS, WhatTheClosureThrows) {
  Valley valley;
  LBFGS lbfgs({valley.p, valley.q});
  expect_error<TapeError>([&] { lbfgs.step([] { return 1.0; }); }, {"[LBFGS]", "needs gradients"});
  expect_near(valley.values(), Valley::start(), 0);
  EXPECT_THROW(lbfgs.step([&] {
    if (valley.calls > 0) throw std::runtime_error("stop");
    return valley();
  }),
               std::runtime_error);
  expect_near(valley.values(), Valley::start(), 0);
  expect_error<NonFiniteError>(
      [&] {
        lbfgs.step([&] {
          valley();
          return std::numeric_limits<double>::quiet_NaN();
        });
      },
      {"[LBFGS]", "finite loss"});
  expect_near(valley.values(), Valley::start(), 0);
}

TEST(LBFGS, EndsAtTheMinimum) {
  Parameter x(array({2}, {3, -1}));
  int calls = 0;
  LBFGS lbfgs({x});
  const auto closure = [&] {
    ++calls;
    Tape tape;
    const Var loss = sum(x * x);
    loss.backward();
    return loss.item();
  };
  lbfgs.step(closure);
  expect_numbers(x.value(), {0, 0}, 1e-7);
  calls = 0;
  lbfgs.step(closure);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(x.has_grad());
  lbfgs.zero_grad();
  EXPECT_FALSE(x.has_grad());
}

TEST(LBFGS, BadArguments) {
  const Parameter x(1.0);
  expect_error<ValueError>([] { LBFGS({}); }, {"[LBFGS]", "got none"});
  expect_error<ValueError>([&] { LBFGS({x, x}); }, {"[LBFGS]", "twice"});
  expect_error<ValueError>([&] { LBFGS({x}, -1.0); }, {"[LBFGS]", "learning rate"});
  const auto refused = [&](auto LBFGSOptions::*option, const std::string& name) {
    LBFGSOptions options;
    options.*option = -1;
    expect_error<ValueError>([&] { LBFGS({x}, options); }, {"[LBFGS]", "as " + name + ", got -1"});
  };
  refused(&LBFGSOptions::max_iter, "max iter");
  refused(&LBFGSOptions::max_eval, "max eval");
  refused(&LBFGSOptions::history_size, "history size");
  refused(&LBFGSOptions::tolerance_grad, "tolerance grad");
  refused(&LBFGSOptions::tolerance_change, "tolerance change");
}

}  // namespace
}  // namespace tapegrad::testing
