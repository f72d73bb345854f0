// Replay: the same circuit with new leaf values, and in the other precision.

#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

// --- On the same tape -----------------------------------------------------------------------

TEST(Replay, AfterSetValue) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(2), t = tape.variable({1, 2}), d = tape.data({10, 20});
    const Var y = sum(t * t * d) + x * x * x;
    y.backward();
    x.set_value(3);
    t.set_value({3, 4});
    d.set_value({1, -1});
    EXPECT_EQ(y.item(), 98);  // Nothing is computed before replay.
    tape.zero_grad();
    tape.replay();
    EXPECT_EQ(y.item(), 9 - 16 + 27);
    y.backward();
    EXPECT_EQ(x.grad_item(), 27);
    expect_numbers(t.grad(), {6, -8});
  }
}

/// Every gate kind with a memory of its own, a view among them.
Var circuit(const Var& x, const Var& s) {
  const Var flat = reshape(x, {6});
  const Var joined = concat({flat, transpose(flat), slice(flat, 0, 1, 3)}, {0});
  const Var kept = where(x > s, x, s) + max(x, 0.25) + amax(x, {1}, true);
  return sum(joined * 2) + sum(tanh(kept) * sigmoid(x), {0, 1}) / (1 + exp(-s)) +
         sum(matmul(x, transpose(x)));
}

TEST(Replay, EqualsANewRecording) {
  const Array<double> first = array({2, 3}, {1, 2, -1, 0.5, -0.25, 3});
  const Array<double> second = array({2, 3}, {-0.3, 0.2, 0.1, 2.5, 1, -4});
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision), fresh(precision);
    const Var x = tape.variable(first), s = tape.variable(0.7);
    const Var y = circuit(x, s);
    x.set_value(second);
    s.set_value(-0.4);
    tape.replay();
    y.backward();
    const Var u = fresh.variable(second), v = fresh.variable(-0.4);
    const Var z = circuit(u, v);
    z.backward();
    // Float scalars are recorded by a SIMD loop and replayed one by one: exp may differ in its last
    // bit.
    const double tolerance = precision == f32 ? 1e-6 : 0;
    EXPECT_NEAR(y.item(), z.item(), 10 * tolerance);
    expect_arrays(x.grad(), u.grad(), tolerance);
    EXPECT_NEAR(s.grad_item(), v.grad_item(), tolerance);
  }
}

TEST(Replay, ReadsChangedParameters) {
  for (const Precision precision : {f32, f64}) {
    Parameter w(array({2}, {1, 2}), f64), s(3.0, f64), narrow(array({2}, {1, 1}), f32);
    Tape tape(precision);
    const Var y = sum(w * narrow) * s;
    EXPECT_EQ(y.item(), 9);
    w.set_value({10.0, 20.0});
    s.mutable_view<double>()() = 2;
    narrow.set_value({1.0, 3.0});
    tape.replay();
    EXPECT_EQ(y.item(), 140);
    y.backward();
    expect_numbers(w.grad(), {2, 6});
    EXPECT_EQ(s.grad()(), 70);
    expect_numbers(narrow.grad(), {20, 40});
  }
}

TEST(Replay, NumbersAndListsSetScalarsAndVectors) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(1), c = tape.data(array({}, {2})), one = tape.variable({1.0});
    const Var y = x * c + sum(one);
    x.set_value(3);
    c.set_value(-0.5);
    one.set_value({4.0});
    tape.replay();
    EXPECT_EQ(y.item(), 2.5);
    expect_error<ShapeError>([&] { one.set_value(4.0); }, {"(1,)", "()"});
    expect_error<TapeError>([&] { y.set_value(4.0); }, {"add"});
    tape.reset();
    expect_error<TapeError>([&] { x.set_value(4.0); }, {"reset"});
  }
}

TEST(Replay, OfAnEmptyTape) {
  Tape tape;
  tape.replay();
  EXPECT_EQ(tape.replay(f32).size(), 0U);
}

TEST(Replay, SetValueErrors) {
  Tape tape;
  const Parameter p(array({2}, {1, 2}));
  const Var x = tape.variable({1, 2}), w = tape.parameter(p);
  const Var y = x * w;
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { y.set_value({1, 2}); }, {"[set_value]", "mul", line_of(line)});
  expect_error<TapeError>([&] { w.set_value({1, 2}); }, {"[set_value]", "parameter"});
  const auto wrong = array({3}, {1, 2, 3});
  const int later = __LINE__ + 1;
  expect_error<ShapeError>([&] { x.set_value(wrong); },
                           {"[set_value]", "(2,)", "(3,)", line_of(later)});
  expect_error<ShapeError>([&] { x.set_value(1); }, {"(2,)", "()"});
  expect_numbers(x.value(), {1, 2});
  EXPECT_EQ(p.version(), 0U);
}

TEST(Replay, ABadLabelIsReportedWithItsLine) {
  Tape tape;
  const Var scores = tape.variable(array({2, 2}, {1, 2, 3, 4}));
  const Var labels = tape.data(std::vector<int>{0, 1});
  const int recorded = __LINE__ + 1;
  const Var losses = softmax_cross_entropy(scores, labels);
  labels.set_value(std::vector<int>{0, 7});
  expect_error<ValueError>([&] { tape.replay(); },
                           {"[softmax_cross_entropy]", "got 7", line_of(recorded)});
  labels.set_value(std::vector<int>{1, 0});
  tape.replay();
  EXPECT_GT(losses.value()(1), 1);
}

// --- In the other precision -----------------------------------------------------------------

class ReplayPrecision : public ::testing::TestWithParam<std::pair<Precision, Precision>> {};
INSTANTIATE_TEST_SUITE_P(All, ReplayPrecision,
                         ::testing::Values(std::pair(f32, f64), std::pair(f64, f32),
                                           std::pair(f64, f64), std::pair(f32, f32)));

TEST_P(ReplayPrecision, KeepsIndicesValuesPlacesNamesAttributes) {
  Tape tape(GetParam().first);
  const Parameter p(array({2, 3}, {1, 2, 3, 4, 5, 6}), f32);
  const Var x = tape.variable(array({2, 3}, {1, 0.5, -1, 0.25, -0.25, 3})).name("input");
  const Var y = sum(x * p, {1}, true).name("rows");
  const Var z = amax(slice(x, 1, -2, 3), {0});
  const Var f = circuit(x + y, amax(z)).name("f");
  const Tape copy = tape.replay(GetParam().second);
  ASSERT_EQ(copy.size(), tape.size());
  EXPECT_EQ(copy.precision(), GetParam().second);
  EXPECT_EQ(copy.mode(), inspect);
  for (std::uint32_t i = 0; i < tape.size(); ++i) {
    SCOPED_TRACE(i);
    const GateInfo a = inspect_gate(tape.gate(i)), b = inspect_gate(copy.gate(i));
    EXPECT_EQ(a.gate, b.gate);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.shape, b.shape);
    EXPECT_EQ(a.requires_grad, b.requires_grad);
    EXPECT_EQ(to_string(a.place), to_string(b.place));
    ASSERT_EQ(a.operands.size(), b.operands.size());
    for (std::size_t k = 0; k < a.operands.size(); ++k) {
      EXPECT_EQ(a.operands[k].index(), b.operands[k].index());
    }
    expect_arrays(b.value, a.value, 1e-5);
  }
  EXPECT_EQ(inspect_gate(copy.gate(f.index())).name, "f");
}

TEST_P(ReplayPrecision, ComputesInTheNewPrecision) {
  Tape tape(GetParam().first);
  const Var x = tape.variable(0.5);
  const Var y = exp(x);
  const Tape copy = tape.replay(GetParam().second);
  EXPECT_NEAR(copy.gate(y.index()).item(), std::exp(0.5), GetParam().second == f32 ? 2e-7 : 1e-15);
  EXPECT_EQ(copy.gate(y.index()).precision(), GetParam().second);
}

TEST_P(ReplayPrecision, GradientsOfTheCopyAreItsOwn) {
  Tape tape(GetParam().first);
  Parameter p(array({2}, {1, 2}), f32), s(3.0, f64);
  const Var x = tape.variable(2);
  const Var w = tape.parameter(p), v = tape.parameter(s);
  const Var y = sum(p * p) * s * x;
  y.backward();
  const Tape copy = tape.replay(GetParam().second);
  EXPECT_EQ(copy.gate(x.index()).grad_item(), 0);  // Gradients do not come along.
  for (int pass = 1; pass <= 2; ++pass) {
    copy.gate(y.index()).backward();
    expect_numbers(copy.gate(w.index()).grad(), {12.0 * pass, 24.0 * pass});
    EXPECT_EQ(copy.gate(v.index()).grad_item(), 10 * pass);
    EXPECT_EQ(copy.gate(x.index()).grad_item(), 15 * pass);
  }
  expect_numbers(p.grad(), {12, 24});
  EXPECT_EQ(s.grad()(), 10);
  EXPECT_EQ(x.grad_item(), 15);
}

TEST_P(ReplayPrecision, LeavesOfTheCopyAreItsOwn) {
  Tape tape(GetParam().first);
  xt::xarray<double> lent = {1, 2};
  Parameter p(array({2}, {1, 1}));
  const Var d = tape.data(lent), x = tape.variable({3, 4});
  const Var y = sum(d * x * p);
  Tape copy = tape.replay(GetParam().second);
  copy.gate(x.index()).set_value({0, 1});
  copy.gate(d.index()).set_value({5, 6});
  lent(0) = 100;
  p.set_value({50.0, 50.0});
  copy.replay();
  EXPECT_EQ(copy.gate(y.index()).item(), 6);
  expect_numbers(x.value(), {3, 4});
  EXPECT_EQ(lent(1), 2);
}

TEST_P(ReplayPrecision, TheCopyDoesNotMindAStepOfTheOriginal) {
  Tape tape(GetParam().first);
  Parameter p(array({2}, {1, 2})), s(3.0);
  const Var y = sum(p * p) * s;
  const Tape copy = tape.replay(GetParam().second);
  p.set_value({10.0, 20.0});
  s.set_value(30.0);
  const Var z = copy.gate(y.index());
  ASSERT_NO_THROW(z.backward());
  EXPECT_EQ(z.item(), 15);
  expect_numbers(copy.gate(0).grad(), {6, 12});
  EXPECT_FALSE(p.has_grad());
}

TEST_P(ReplayPrecision, ChangedParametersEnterTheCopyTogether) {
  for (const Precision own : {f32, f64}) {
    Tape tape(GetParam().first);
    Parameter p(array({2}, {1, 2}), own), s(3.0, own);
    const Var y = sum(p * p), z = s * 2;
    p.set_value({10.0, 20.0});
    s.set_value(30.0);
    const Tape copy = tape.replay(GetParam().second);
    EXPECT_EQ(copy.gate(y.index()).item(), 500);
    EXPECT_EQ(copy.gate(z.index()).item(), 60);
    EXPECT_NO_THROW(copy.gate(y.index()).backward());
    EXPECT_NO_THROW(copy.gate(z.index()).backward());
  }
}

TEST_P(ReplayPrecision, DropoutDrawsTheSameNumbers) {
  Tape tape(GetParam().first);
  const Var x = tape.variable(std::vector<double>(101, 2.0));
  const Var mask = dropout_mask({{101}, 0.4, 7});
  const Var y = x * mask;
  const Array<double> drawn = mask.value();
  std::size_t dropped = 0;
  for (const double m : drawn) dropped += m == 0;
  EXPECT_GT(dropped, 20U);
  EXPECT_LT(dropped, 61U);
  tape.replay();
  EXPECT_EQ(mask.value(), drawn);
  const Tape copy = tape.replay(GetParam().second);
  expect_arrays(copy.gate(mask.index()).value(), drawn, 1e-6);
  expect_arrays(copy.gate(y.index()).value(), y.value(), 1e-6);
}

TEST_P(ReplayPrecision, TheOriginalMayDie) {
  Tape copy;
  std::uint32_t index = 0;
  {
    Tape tape(GetParam().first);
    const Parameter p(array({2}, {1, 2}));
    const xt::xarray<double> lent = {3, 4};
    const Var y = sum(tape.data(lent) * p * dropout_mask({{2}, 0.0, 1}));
    index = y.index();
    copy = tape.replay(GetParam().second);
  }
  copy.replay();
  EXPECT_EQ(copy.gate(index).item(), 11);
  copy.gate(index).backward();
}

TEST_P(ReplayPrecision, NoGradStaysNoGrad) {
  Tape tape(GetParam().first);
  const Var x = tape.variable({1, 2});
  Var c;
  {
    const NoGrad no_grad;
    c = sum(x * x);
  }
  const Var y = sum(x) * c;
  const Tape copy = tape.replay(GetParam().second);
  EXPECT_FALSE(copy.gate(c.index()).requires_grad());
  copy.gate(y.index()).backward();
  expect_numbers(copy.gate(x.index()).grad(), {5, 5});
}

}  // namespace
}  // namespace tapegrad::testing
