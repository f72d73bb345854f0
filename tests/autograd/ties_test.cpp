// Who gets the gradient at ties and kinks, where the derivative does not exist.

#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

Array<double> empty_array(const Shape& shape) {
  return Array<double>::from_shape(std::vector<std::size_t>(shape.begin(), shape.end()));
}

Array<double> filled(const Shape& shape, double number) {
  Array<double> result = empty_array(shape);
  std::fill(result.begin(), result.end(), number);
  return result;
}

/// Upstream gradients that are all different, and exact in float.
Array<double> upstream_of(const Var& y) {
  Array<double> upstream = empty_array(y.shape());
  for (std::size_t i = 0; i < upstream.size(); ++i) {
    upstream.data()[i] = 1.5 + 0.25 * static_cast<double>(i);
  }
  return upstream;
}

/// backward() and grad() both give exactly `expected` when upstream_of(y) arrives at y.
void expect_gradients(Tape& tape, const Var& y, const std::vector<Var>& xs,
                      const std::vector<Array<double>>& expected) {
  const Array<double> upstream = upstream_of(y);
  const std::vector<Var> recorded = grad(y, xs, tape.data(upstream));
  y.backward(upstream);
  for (std::size_t k = 0; k < xs.size(); ++k) {
    SCOPED_TRACE("variable " + std::to_string(k));
    expect_arrays(xs[k].grad(), expected[k]);
    expect_arrays(recorded[k].value(), expected[k]);
  }
}

/// For float and double, for scalars and for arrays shorter and longer than a SIMD register: of
/// variables filled with `numbers`, number k gets shares[k] times the upstream gradient.
void expect_shares(const std::function<Var(const std::vector<Var>&)>& build,
                   const std::vector<double>& numbers, const std::vector<double>& shares,
                   Place place = Place::here()) {
  for (const Precision precision : {f32, f64}) {
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{3, 5}, Shape{37}}) {
      const ::testing::ScopedTrace trace(place.file, place.line,
                                         (precision == f32 ? "f32 " : "f64 ") + to_string(shape));
      Tape tape(precision);
      std::vector<Var> xs;
      for (const double number : numbers) xs.push_back(tape.variable(filled(shape, number)));
      const Var y = build(xs);
      std::vector<Array<double>> expected;
      for (const double share : shares) expected.push_back(upstream_of(y) * share);
      expect_gradients(tape, y, xs, expected);
    }
  }
}

// --- Kinks of one value -----------------------------------------------------------------------

TEST(Ties, ReluHasDerivativeZeroAtZero) {
  const auto f = [](const std::vector<Var>& x) { return relu(x[0]); };
  expect_shares(f, {0.0}, {0});
  expect_shares(f, {-0.0}, {0});
  expect_shares(f, {1e-30}, {1});
}

TEST(Ties, LeakyReluHasTheSlopeAtZero) {
  const auto f = [](const std::vector<Var>& x) { return leaky_relu(x[0], 0.25); };
  expect_shares(f, {0.0}, {0.25});
  expect_shares(f, {-1.0}, {0.25});
  expect_shares(f, {1e-30}, {1});
}

TEST(Ties, ClampHasDerivativeZeroAtItsBounds) {
  const auto f = [](const std::vector<Var>& x) { return clamp(x[0], 0.1, 0.3); };
  expect_shares(f, {0.1}, {0});
  expect_shares(f, {0.2}, {1});
  expect_shares(f, {0.3}, {0});
  // As the two gates it stands for.
  const auto composed = [](const std::vector<Var>& x) { return min(max(x[0], 0.1), 0.3); };
  expect_shares(composed, {0.1}, {0});
  expect_shares(composed, {0.3}, {0});
}

TEST(Ties, PowersOfZero) {
  const auto square = [](const std::vector<Var>& x) { return pow(x[0], 2); };
  expect_shares(square, {0.0}, {0});
  expect_shares(square, {-3.0}, {-6});
  const auto constant = [](const std::vector<Var>& x) { return pow(x[0], 0); };
  expect_shares(constant, {0.0}, {0});
  const auto both = [](const std::vector<Var>& x) { return pow(x[0], x[1]); };
  expect_shares(both, {0.0, 2.0}, {0, 0});
}

TEST(Ties, AbsHasDerivativeZeroAtZero) {
  const auto f = [](const std::vector<Var>& x) { return abs(x[0]); };
  expect_shares(f, {0.0}, {0});
  expect_shares(f, {-0.0}, {0});
  expect_shares(f, {1e-30}, {1});
  expect_shares(f, {-1e-30}, {-1});
}

TEST(Ties, MaxWithAConstantZeroHasDerivativeZeroAtZero) {
  const auto right = [](const std::vector<Var>& x) { return max(x[0], 0); };
  const auto left = [](const std::vector<Var>& x) { return max(0, x[0]); };
  for (const double zero : {0.0, -0.0}) {
    expect_shares(right, {zero}, {0});
    expect_shares(left, {zero}, {0});
  }
  expect_shares(right, {1e-30}, {1});
  expect_shares(left, {1e-30}, {1});
}

TEST(Ties, MinWithAConstantZeroHasDerivativeZeroAtZero) {
  const auto right = [](const std::vector<Var>& x) { return min(x[0], 0); };
  const auto left = [](const std::vector<Var>& x) { return min(0, x[0]); };
  for (const double zero : {0.0, -0.0}) {
    expect_shares(right, {zero}, {0});
    expect_shares(left, {zero}, {0});
  }
  expect_shares(right, {-1e-30}, {1});
  expect_shares(left, {-1e-30}, {1});
}

TEST(Ties, NothingGoesToAVariableThatTiesWithAConstant) {
  const auto like = [](const Var& x) { return constant(filled(x.shape(), 2)); };
  const auto untracked = [](const Var& x) {
    const NoGrad no_grad;
    return x * 1;
  };
  expect_shares([&](const auto& x) { return max(x[0], like(x[0])); }, {2}, {0});
  expect_shares([&](const auto& x) { return max(like(x[0]), x[0]); }, {2}, {0});
  expect_shares([](const auto& x) { return max(x[0], detach(x[0])); }, {2}, {0});
  expect_shares([](const auto& x) { return max(detach(x[0]), x[0]); }, {2}, {0});
  expect_shares([&](const auto& x) { return max(x[0], untracked(x[0])); }, {2}, {0});
  expect_shares([&](const auto& x) { return max(untracked(x[0]), x[0]); }, {2}, {0});
}

TEST(Ties, AHingeAtItsMarginSendsNothing) {
  // The margin 2 − 3 + 1 is exactly 0.
  const auto margin = [](const std::vector<Var>& x) { return x[0] - x[1] + 1; };
  const std::vector<double> scores = {2, 3};
  expect_shares([&](const auto& x) { return relu(margin(x)); }, scores, {0, 0});
  expect_shares([&](const auto& x) { return max(margin(x), 0); }, scores, {0, 0});
  expect_shares([&](const auto& x) { return max(0, margin(x)); }, scores, {0, 0});
  expect_shares(
      [&](const auto& x) {
        const Var m = margin(x);
        return where(m > 0, m, 0);
      },
      scores, {0, 0});
}

// --- Max of two variables ---------------------------------------------------------------------

TEST(Ties, MaxOfTwoVariablesSendsToTheSecond) {
  const auto f = [](const std::vector<Var>& x) { return max(x[0], x[1]); };
  expect_shares(f, {2, 2}, {0, 1});
  expect_shares(f, {0.0, -0.0}, {0, 1});
  expect_shares(f, {-0.0, 0.0}, {0, 1});
  // Off the tie the order of the operands does not matter.
  expect_shares(f, {2, 1}, {1, 0});
  expect_shares(f, {1, 2}, {0, 1});
}

TEST(Ties, MinOfTwoVariablesSendsToTheSecond) {
  const auto f = [](const std::vector<Var>& x) { return min(x[0], x[1]); };
  expect_shares(f, {2, 2}, {0, 1});
  expect_shares(f, {0.0, -0.0}, {0, 1});
  expect_shares(f, {1, 2}, {1, 0});
  expect_shares(f, {2, 1}, {0, 1});
}

TEST(Ties, MaxOfAValueWithItselfSendsOnce) {
  expect_shares([](const std::vector<Var>& x) { return max(x[0], x[0]); }, {2}, {1});
}

TEST(Ties, MaxOfABroadcastTieSendsToTheSecond) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var a = tape.variable(2), b = tape.variable({2, 1, 2});
    expect_gradients(tape, max(a, b), {a, b}, {filled({}, 1.75), array({3}, {1.5, 0, 2})});
    tape.zero_grad();
    expect_gradients(tape, max(b, a), {a, b}, {filled({}, 5.25), array({3}, {0, 0, 0})});
  }
}

// --- The largest of many ----------------------------------------------------------------------

/// amax over `axes` (all when empty) of x, whose gradient must be `expected`.
void expect_winners(const Axes& axes, const Array<double>& x, const Array<double>& expected,
                    Place place = Place::here()) {
  for (const Precision precision : {f32, f64}) {
    for (const bool keepdims : {false, true}) {
      const ::testing::ScopedTrace trace(place.file, place.line,
                                         precision == f32 ? "in float" : "in double");
      Tape tape(precision);
      const Var v = tape.variable(x);
      expect_gradients(tape, amax(v, axes, keepdims), {v}, {expected});
    }
  }
}

TEST(Ties, AmaxOverOneAxisSendsToTheFirstWinner) {
  expect_winners({1}, array({3, 4}, {3, 1, 3, 3, 5, 5, 5, 5, 0, 2, -1, 2}),
                 array({3, 4}, {1.5, 0, 0, 0, 1.75, 0, 0, 0, 0, 2, 0, 0}));
  expect_winners({0}, array({3, 4}, {3, 1, 3, 3, 3, 5, 0, 3, 0, 5, 3, 3}),
                 array({3, 4}, {1.5, 0, 2, 2.25, 0, 1.75, 0, 0, 0, 0, 0, 0}));
}

TEST(Ties, AmaxOverTwoAxesSendsToTheFirstWinner) {
  expect_winners({0, 2}, array({2, 2, 2}, {1, 4, 7, 7, 4, 4, 7, 7}),
                 array({2, 2, 2}, {0, 1.5, 1.75, 0, 0, 0, 0, 0}));
}

TEST(Ties, AmaxOverAllAxesSendsToTheFirstWinner) {
  expect_winners({}, array({2, 3}, {1, 2, 7, 7, 0, 7}), array({2, 3}, {0, 0, 1.5, 0, 0, 0}));
  expect_winners({}, array({2}, {-0.0, 0.0}), array({2}, {1.5, 0}));
  // Longer than a SIMD register.
  Array<double> first = filled({37}, 0);
  first(0) = 1.5;
  expect_winners({}, filled({37}, -3), first);
  Array<double> x = filled({37}, -3), later = filled({37}, 0);
  x(20) = x(21) = x(36) = 4;
  later(20) = 1.5;
  expect_winners({}, x, later);
}

// --- Replay -----------------------------------------------------------------------------------

TEST(Ties, ATieThatComesWithAReplayIsDecidedAnew) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable({1, 2, 3});
    const Var y = sum(max(x, 1.5)) + amax(x);
    y.backward();
    expect_numbers(x.grad(), {0, 1, 2});
    x.set_value({1.5, 1.5, 1.5});
    tape.replay();
    tape.zero_grad();
    y.backward();
    expect_numbers(x.grad(), {1, 0, 0});
  }
}

}  // namespace
}  // namespace tapegrad::testing
