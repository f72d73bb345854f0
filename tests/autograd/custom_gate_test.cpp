// Gates of a user, written outside the library.

#include <cmath>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/testing/check_gate.hpp>

#include "support/expect.hpp"

namespace users {

using tapegrad::ops::At;
using tapegrad::ops::exp;
using tapegrad::ops::log;
using tapegrad::ops::where;

/// y = log(1 + e^(βx))/β; ∂y/∂x = σ(βx) = 1 − e^(−βy).
struct Softplus : tapegrad::ops::Pointwise<1> {
  static constexpr const char* name = "softplus";
  double beta = 1;

  template <class T>
  T forward(T x) const {
    return static_cast<T>(log(1 + exp(x * beta)) / beta);
  }
  template <class T>
  T gradient(At<0>, T g, T, T y) const {
    return static_cast<T>(g * (1 - exp(-beta * y)));
  }
};

/// The same with a constructor that must be given β.
struct StrictSoftplus : tapegrad::ops::Pointwise<1> {
  static constexpr const char* name = "strict_softplus";
  explicit StrictSoftplus(double b) : inner{{}, b} {}
  Softplus inner;

  template <class T>
  T forward(T x) const {
    return inner.forward(x);
  }
  template <class T>
  T gradient(At<0> at, T g, T x, T y) const {
    return inner.gradient(at, g, x, y);
  }
};

/// y = |a − b|, with a kink where they meet.
struct Distance : tapegrad::ops::Pointwise<2> {
  static constexpr const char* name = "distance";

  template <class T>
  T forward(T a, T b) const {
    return where(a > b, a - b, b - a);
  }
  template <class T>
  T gradient(At<0>, T g, T a, T b, T) const {
    return where(a > b, g, -g);
  }
  template <class T>
  T gradient(At<1>, T g, T a, T b, T) const {
    return where(a > b, -g, g);
  }
  int branch(double a, double b) const { return (a > b) - (a < b); }
};

/// A whole-tensor gate: y[n] = Σⱼ x[n, j]·w[j]², for x (N, D) and w (D).
struct WeightedRows : tapegrad::ops::Whole<2> {
  static constexpr const char* name = "weighted_rows";
  double scale = 1;

  tapegrad::Shape shape(tapegrad::ops::Shapes x) const {
    if (x[0].rank() != 2 || x[1].rank() != 1 || x[0][1] != x[1][0]) {
      throw tapegrad::ShapeError("[weighted_rows] needs (N, D) and (D), got " + to_string(x[0]) +
                                 " and " + to_string(x[1]));
    }
    return {x[0][0]};
  }

  template <class T>
  void forward(tapegrad::ops::Out<T> y, tapegrad::ops::Operands<T> x) const {
    const std::int64_t width = x[0].shape[1];
    for (std::int64_t n = 0; n < y.shape[0]; ++n) {
      double sum = 0;
      for (std::int64_t j = 0; j < width; ++j) {
        const double w = x[1].data[j];
        sum += x[0].data[n * width + j] * w * w;
      }
      y.put(n, static_cast<T>(scale * sum));
    }
  }

  template <class Executor>
  void backward(Executor& e) const {
    namespace ops = tapegrad::ops;
    const tapegrad::Shape column{e.upstream().shape()[0], 1};
    const auto g = e.eval(ops::Reshape{column}, e.eval(ScaleBy{{}, scale}, e.upstream()));
    const auto w = e.operand(1);
    e.add(0, ops::Mul{}, e.eval(ops::BroadcastTo{e.operand(0).shape()}, g),
          e.eval(ops::Mul{}, w, w));
    const auto rows = e.eval(ops::Sum{{0}}, e.eval(ops::Mul{}, e.operand(0), g));
    e.add(1, ScaleBy{{}, 2}, e.eval(ops::Mul{}, rows, w));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(WeightedRows{}, {{2, 3}, {3}});
    s.add(WeightedRows{{}, 0.5}, {{1, 1}, {1}});
    s.add(WeightedRows{}, {{4, 0}, {0}});
  }

 private:
  /// A gate used by this one's rule alone.
  struct ScaleBy : tapegrad::ops::Pointwise<1> {
    static constexpr const char* name = "scale_by";
    double factor = 1;
    template <class T>
    T forward(T x) const {
      return static_cast<T>(x * factor);
    }
    template <class T>
    T gradient(At<0>, T g, T, T) const {
      return static_cast<T>(g * factor);
    }
  };
};

/// y = x² with a slip in its gradient: 3x.
struct WrongSquare : tapegrad::ops::Pointwise<1> {
  static constexpr const char* name = "wrong_square";
  template <class T>
  T forward(T x) const {
    return x * x;
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return static_cast<T>(3 * (g * x));
  }
};

/// y = ab, whose gradient in b was forgotten.
struct HalfMul : tapegrad::ops::Pointwise<2> {
  static constexpr const char* name = "half_mul";
  template <class T>
  T forward(T a, T b) const {
    return a * b;
  }
  template <class T>
  T gradient(At<0>, T g, T, T b, T) const {
    return g * b;
  }
};

/// y = factor · x²; the gradient is `slip` times what it should be.
struct ScaledSquare : tapegrad::ops::Pointwise<1> {
  static constexpr const char* name = "scaled_square";
  double factor = 1;
  double slip = 1;
  template <class T>
  T forward(T x) const {
    return static_cast<T>(factor * (x * x));
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return static_cast<T>(2 * slip * factor * (g * x));
  }
};

/// A gate that checks cannot say anything about: no case.
struct WithoutSamples : tapegrad::ops::Whole<1> {
  static constexpr const char* name = "without_samples";
  tapegrad::Shape shape(tapegrad::ops::Shapes x) const { return x[0]; }
  template <class T>
  void forward(tapegrad::ops::Out<T> y, tapegrad::ops::Operands<T> x) const {
    for (std::int64_t i = 0; i < y.shape.size(); ++i) y.put(i, x[0].data[i]);
  }
  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, tapegrad::ops::Neg{}, e.upstream());
  }
  template <class Sampler>
  static void samples(Sampler&) {}
};

/// As many numbers as its operand has, from `first` on: too many but from 0.
struct WrongView : WithoutSamples {
  static constexpr const char* name = "wrong_view";
  std::int64_t first = 1;
  std::int64_t view_offset(const tapegrad::Shape&) const { return first; }
  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(WrongView{{}, 0}, {{3}});
  }
};

/// Says that it is its operand, which its forward rule reverses.
struct ReversedView : WithoutSamples {
  static constexpr const char* name = "reversed_view";
  template <class T>
  void forward(tapegrad::ops::Out<T> y, tapegrad::ops::Operands<T> x) const {
    const std::int64_t n = y.shape.size();
    for (std::int64_t i = 0; i < n; ++i) y.put(i, x[0].data[n - 1 - i]);
  }
  std::int64_t view_offset(const tapegrad::Shape&) const { return 0; }
  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(ReversedView{}, {{3}});
  }
};

/// Assigns what it should add.
struct Assigned : WithoutSamples {
  static constexpr const char* name = "assigned";
  template <class T>
  void forward(tapegrad::ops::Out<T> y, tapegrad::ops::Operands<T> x) const {
    for (std::int64_t i = 0; i < y.shape.size(); ++i) y.data[i] = x[0].data[i];
  }
  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Assigned{}, {{3}});
  }
};

/// y = a·b, whose gradient comes from a tape of its own.
struct Inner : tapegrad::ops::Pointwise<2> {
  static constexpr const char* name = "inner";

  template <class T>
  T forward(T a, T b) const {
    return a * b;
  }
  template <class T>
  T gradient(At<0>, T g, T, T b, T) const {
    return g * factor(b);
  }
  template <class T>
  T gradient(At<1>, T g, T a, T, T) const {
    return g * factor(a);
  }

 private:
  /// x, as the gradient of a mean in a row of two, by a chain of gates and by long sums.
  template <class T>
  static T factor(T x) {
    if constexpr (std::is_arithmetic_v<T>) {
      tapegrad::Tape tape(tapegrad::f64, tapegrad::lean);
      const tapegrad::Var row = tape.variable({1, 1});
      const tapegrad::Var halves = tape.data(tapegrad::Array<double>({300, 2}, 0.5));
      mean(halves * row * 0.5 * x * 4.0).backward();
      return static_cast<T>(row.grad()(0) + row.grad()(1));
    } else {
      return x;
    }
  }
};

}  // namespace users

TAPEGRAD_CHECK_GATE(CheckedSoftplus, users::Softplus{{}, 2});
TAPEGRAD_CHECK_GATE(CheckedStrictSoftplus, users::StrictSoftplus(0.5));
TAPEGRAD_CHECK_GATE(CheckedDistance, users::Distance{});
TAPEGRAD_CHECK_GATE(CheckedWeightedRows, users::WeightedRows{});

namespace tapegrad::testing {
namespace {

using users::Distance;
using users::Inner;
using users::Softplus;
using users::WeightedRows;

double softplus(double x, double beta) {
  return std::log1p(std::exp(beta * x)) / beta;
}
double slope(double x, double beta) {
  return 1 / (1 + std::exp(-beta * x));
}

template <class G>
GateCase case_of() {
  return cases_of(G{}).back();
}

TEST(CheckGate, AWrongGradientFails) {
  EXPECT_FATAL_FAILURE(gradients_equal_centred_differences(case_of<users::WrongSquare>()),
                       "operand 0");
}

TEST(CheckGate, AForgottenGradientFails) {
  EXPECT_FATAL_FAILURE(operands_without_gradient_do_not_matter(case_of<users::HalfMul>()),
                       "[half_mul] has no gradient in operand 1");
}

TEST(CheckGate, TheSizeOfValuesDoesNotMatter) {
  for (const double factor : {1e-8, 1.0, 1e6}) {
    for (const GateCase& right : cases_of(users::ScaledSquare{{}, factor})) {
      gradients_equal_centred_differences(right);
    }
    static GateCase wrong;
    wrong = cases_of(users::ScaledSquare{{}, factor, 1.0001}).back();
    EXPECT_FATAL_FAILURE(gradients_equal_centred_differences(wrong), "the rule gives");
  }
}

TEST(CheckGate, NothingToTryFails) {
  EXPECT_NONFATAL_FAILURE(wrong_gradient_rules_are_noticed(users::WithoutSamples{}),
                          "no wrong rule could be tried");
}

TEST(CheckGate, AssigningWhereItShouldAddFails) {
  EXPECT_FATAL_FAILURE(forward_writes_or_adds(case_of<users::Assigned>()), "asks it to add");
}

TEST(CheckGate, AViewOfOtherNumbersFails) {
  EXPECT_FATAL_FAILURE(forward_writes_or_adds(case_of<users::ReversedView>()),
                       "computed by itself");
}

TEST(CustomGate, AViewStaysInsideItsOperand) {
  Tape tape;
  const Var x = tape.variable({1, 2, 3});
  expect_numbers(gate(users::WrongView{{}, 0}, x).value(), {1, 2, 3});
  expect_error<ShapeError>(
      [&] {
        gate(users::WrongView{{}, 1}, x);
      },
      {"[wrong_view]", "3 elements of the output", "got 1"});
}

TEST(CustomGate, PointwiseOnScalars) {
  for (const Precision precision : {f32, f64}) {
    const double tolerance = precision == f32 ? 1e-6 : 1e-14;
    Tape tape(precision);
    const Var x = tape.variable(0.4);
    const Var y = gate(Softplus{{}, 3}, x);
    EXPECT_NEAR(y.item(), softplus(0.4, 3), tolerance);
    (y * 2).backward();
    EXPECT_NEAR(x.grad_item(), 2 * slope(0.4, 3), tolerance);
  }
}

TEST(CustomGate, PointwiseOnTensors) {
  for (const Precision precision : {f32, f64}) {
    const double tolerance = precision == f32 ? 1e-6 : 1e-14;
    Tape tape(precision);
    std::vector<double> numbers(37);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 0.1 * static_cast<double>(i) - 2;
    const Var x = tape.variable(numbers);
    const Var y = gate(Softplus{{}, 0.5}, x);
    y.backward(numbers);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      EXPECT_NEAR(y.value()(i), softplus(numbers[i], 0.5), tolerance);
      EXPECT_NEAR(x.grad()(i), numbers[i] * slope(numbers[i], 0.5), tolerance);
    }
  }
}

TEST(CustomGate, Broadcasts) {
  Tape tape;
  const Var a = tape.variable(array({2, 1}, {1, 5})), b = tape.variable({2, 3, 4});
  const Var y = gate(Distance{}, a, b);
  expect_numbers(y.value(), {1, 2, 3, 3, 2, 1});
  y.backward(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  expect_numbers(a.grad(), {-6, 15});
  expect_numbers(b.grad(), {1 - 4, 2 - 5, 3 - 6});
  expect_numbers(gate(Distance{}, a, 3).value(), {2, 2});
}

TEST(CustomGate, NeedsNoDefaultConstructor) {
  Tape tape;
  const Var x = tape.variable(0.4);
  const Var y = gate(users::StrictSoftplus(3), x);
  EXPECT_NEAR(y.item(), softplus(0.4, 3), 1e-14);
  EXPECT_TRUE(y.requires_grad());
  ASSERT_NO_THROW(y.backward());
  EXPECT_NEAR(x.grad_item(), slope(0.4, 3), 1e-14);
}

TEST(CustomGate, SecondOrder) {
  Tape tape;
  const Var x = tape.variable(0.4);
  const Var first = grad(gate(Softplus{{}, 3}, x), {x})[0];
  const double s = slope(0.4, 3);
  EXPECT_NEAR(first.item(), s, 1e-14);
  EXPECT_NEAR(grad(first, {x})[0].item(), 3 * s * (1 - s), 1e-13);
}

TEST(CustomGate, WholeTensor) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
    const Var w = tape.variable({1, -2, 0.5});
    const Var y = gate(WeightedRows{{}, 2}, x, w);
    expect_numbers(y.value(), {2 * (1 + 8 + 0.75), 2 * (4 + 20 + 1.5)});
    y.backward({1, -1});
    expect_numbers(x.grad(), {2, 8, 0.5, -2, -8, -0.5});
    expect_numbers(w.grad(), {4 * (1 - 4), 4 * -2 * (2 - 5), 4 * 0.5 * (3 - 6)});
  }
}

TEST(CustomGate, WholeTensorSecondOrder) {
  const auto record = [](Tape& tape) {
    const Var x = tape.variable(array({2, 3}, {1, 0.2, -0.3, 0.4, 1.5, 0.6}));
    const Var w = tape.variable({1, -2, 0.5});
    const Var y = sum(tanh(gate(WeightedRows{{}, 0.1}, x, w)));
    return std::vector<Var>{y, x, w};
  };
  Tape tape, plain;
  const auto v = record(tape), u = record(plain);
  const std::vector<Var> g = grad(v[0], {v[1], v[2]});
  u[0].backward();
  expect_arrays(g[0].value(), u[1].grad(), 1e-14);
  expect_arrays(g[1].value(), u[2].grad(), 1e-14);
  // The gradient of the gradient's norm, checked by differences.
  const Var norm = sum(g[0] * g[0]) + sum(g[1] * g[1]);
  EXPECT_TRUE(gradcheck(norm).passed());
}

TEST(CustomGate, ChecksGood) {
  Tape tape(f32);
  const Var x = tape.variable(array({2, 3}, {1, 0.2, -0.3, 0.4, 1.5, 0.6}));
  const Var w = tape.variable({1, -2, 0.5});
  const Var rows = gate(WeightedRows{{}, 0.3}, gate(Softplus{{}, 2}, x), w);
  EXPECT_TRUE(gradcheck(sum(tanh(rows))).passed());
}

TEST(CustomGate, ReplaysWithItsAttributes) {
  Tape tape(f32);
  const Var x = tape.variable({0.4, -1}), w = tape.variable({2, 3});
  const Var y = gate(Softplus{{}, 3}, x);
  const Var z = gate(WeightedRows{{}, 2}, reshape(y, {1, 2}), w);
  const Tape copy = tape.replay(f64);
  EXPECT_NEAR(copy.gate(y.index()).value()(1), softplus(-1, 3), 1e-14);
  EXPECT_NEAR(copy.gate(z.index()).value()(0),
              2 * (softplus(static_cast<double>(0.4F), 3) * 4 + softplus(-1, 3) * 9), 1e-13);
  EXPECT_EQ(inspect_gate(copy.gate(z.index())).gate, "weighted_rows");
  x.set_value({0, 0});
  tape.replay();
  EXPECT_NEAR(y.value()(0), std::log(2) / 3, 1e-6);
}

TEST(CustomGate, LeanGivesTheSameGradients) {
  const auto run = [](Mode mode) {
    Tape tape(f64, mode);
    const Var x = tape.variable(array({2, 3}, {1, 0.2, -0.3, 0.4, 1.5, 0.6}));
    const Var w = tape.variable({1, -2, 0.5});
    const Var soft = gate(Softplus{{}, 2}, x * w);
    sum(gate(WeightedRows{{}, 2}, soft, w) * tanh(sum(soft))).backward();
    return std::pair(x.grad(), w.grad());
  };
  EXPECT_EQ(run(lean), run(inspect));
}

TEST(CustomGate, ARuleMayRunATapeOfItsOwn) {
  const Array<double> left({1000, 3}, 0.25);
  for (const Mode mode : {inspect, lean}) {
    Tape tape(f64, mode);
    const Var a = tape.variable(left), b = tape.variable({1, 2, 3}), c = tape.variable(left);
    // Broadcast, and in the middle of gates of one shape.
    sum(gate(Inner{}, gate(Inner{}, a, b) * 3.0, c) * 2.0).backward();
    for (std::size_t i : {0, 500, 999}) {
      for (std::size_t j : {0, 1, 2}) {
        EXPECT_NEAR(a.grad()(i, j), 1.5 * static_cast<double>(j + 1), 1e-12);
        EXPECT_NEAR(c.grad()(i, j), 1.5 * static_cast<double>(j + 1), 1e-12);
      }
    }
    expect_numbers(b.grad(), {375, 375, 375}, 1e-9);
  }
}

TEST(CustomGate, ReportsItsBranches) {
  Tape tape;
  const Var a = tape.variable({1, 2, 3});
  EXPECT_EQ(branches(gate(Distance{}, a, 2)), (std::vector<std::int64_t>{-1, 0, 1}));
  EXPECT_EQ(branches(gate(Distance{}, 5, tape.variable(4))), (std::vector<std::int64_t>{1}));
  EXPECT_TRUE(branches(gate(Softplus{}, a)).empty());
}

TEST(CustomGate, IsInspectedAndNamedLikeAnyOther) {
  Tape tape;
  const Var x = tape.variable({-1, 1});
  const int line = __LINE__ + 1;
  const Var y = gate(Softplus{{}, 2}, x);
  EXPECT_EQ(inspect_gate(y).gate, "softplus");
  EXPECT_EQ(to_string(inspect_gate(y).place), line_of(line));
  EXPECT_NEAR(local_gradient(y, 0)(1), slope(1, 2), 1e-14);
  expect_error<ShapeError>([&] { gate(WeightedRows{}, x, x); },
                           {"[weighted_rows]", "(2,)", line_of(__LINE__ - 1)});
  const Var bad = gate(Softplus{{}, 1}, x * 1'000);
  expect_error<NonFiniteError>([&] { sum(bad).backward(); }, {"[softplus]", "inf at element 1"});
}

TEST(CustomGate, ListedGatesGoThroughTheSameDoor) {
  Tape tape;
  const Var x = tape.variable({1, 2, 3});
  EXPECT_EQ(gate(ops::Sum{}, x).item(), 6);
  expect_numbers(gate(ops::Add{}, x, 1).value(), {2, 3, 4});
  expect_numbers(gate(ops::Where{}, x > 1, x, 0).value(), {0, 2, 3});
  EXPECT_EQ(inspect_gate(gate(ops::Sum{}, x)).gate, "sum");
}

}  // namespace
}  // namespace tapegrad::testing
