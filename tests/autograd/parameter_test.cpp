// Parameters: value, gradient, version, sharing, precision, and their nodes on tapes.

#include <optional>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/optim/sgd.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

// --- By itself ------------------------------------------------------------------------------

TEST(Parameter, HoldsAValueAndNoGradient) {
  const Parameter p(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(p.shape(), Shape({2, 3}));
  EXPECT_EQ(p.size(), 6);
  EXPECT_EQ(p.precision(), f64);
  EXPECT_EQ(p.value(), array({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_FALSE(p.has_grad());
  EXPECT_EQ(p.grad(), array({2, 3}, {0, 0, 0, 0, 0, 0}));
}

TEST(Parameter, KeepsNumbersInItsPrecision) {
  const Parameter narrow(0.1, f32), wide(0.1, f64);
  EXPECT_EQ(narrow.value()(), static_cast<double>(0.1F));
  EXPECT_EQ(wide.value()(), 0.1);
  EXPECT_EQ(Parameter::zeros({2, 2}, f32).value(), array({2, 2}, {0, 0, 0, 0}));
}

TEST(Parameter, CopiesWhatItIsMadeFrom) {
  xt::xarray<double> source = {1, 2, 3};
  const Parameter p(source);
  source(0) = 100;
  expect_numbers(p.value(), {1, 2, 3});
}

TEST(Parameter, VersionCountsChanges) {
  Parameter p(array({2}, {1, 2}));
  const auto start = p.version();
  p.value();
  p.grad();
  p.view<double>();
  p.zero_grad();
  p.set_grad({1.0, 1.0});
  EXPECT_EQ(p.version(), start);
  p.set_value({3.0, 4.0});
  EXPECT_EQ(p.version(), start + 1);
  p.mutable_view<double>()(0) = 7;
  EXPECT_EQ(p.version(), start + 2);
  optim::SGD({p}, 0.5).step();
  EXPECT_EQ(p.version(), start + 3);
  expect_numbers(p.value(), {6.5, 3.5});
}

TEST(Parameter, SetValueMayReadWhatItOverwrites) {
  Parameter p(array({2, 2}, {1, 2, 3, 4}));
  p.set_value(xt::transpose(p.view<double>()));
  expect_numbers(p.value(), {1, 3, 2, 4});
}

TEST(Parameter, AParameterBehindDetachGetsNoGradient) {
  Parameter p(array({2}, {1, 2}));
  Parameter scalar(3.0);
  Tape tape;
  const Var x = tape.variable({5, 6});
  sum(detach(tape.parameter(p) * tape.parameter(scalar)) * x).backward();
  EXPECT_FALSE(p.has_grad());
  EXPECT_FALSE(scalar.has_grad());
  // Its value was used all the same: the gradient of x needs the old one.
  const Var y = sum(detach(tape.parameter(p)) * x);
  p.set_value({7.0, 8.0});
  expect_error<TapeError>([&] { y.backward(); }, {"has changed since"});
}

TEST(Parameter, OfTheOtherPrecisionShowsItsOwnGradientOnTheTape) {
  Parameter p(array({2}, {1, 2}), f32);
  Tape tape(f64);
  const Var x = tape.parameter(p);
  for (int pass = 0; pass < 2; ++pass) sum(x * 3.0).backward();
  expect_numbers(p.grad(), {6, 6});
  expect_numbers(x.grad(), {6, 6});
  p.zero_grad();
  expect_numbers(x.grad(), {0, 0});
}

TEST(Parameter, SetValueAndSetGradCheckTheShape) {
  Parameter p(array({2}, {1, 2}));
  const auto version = p.version();
  const int line = __LINE__ + 3;
  expect_error<ShapeError>(
      [&] {
        p.set_value({1.0, 2.0, 3.0});
      },
      {"[set_value]", "(2,)", "(3,)", line_of(line)});
  expect_error<ShapeError>([&] { p.set_value(1.0); }, {"(2,)", "()"});
  expect_error<ShapeError>([&] { p.set_grad(1.0); }, {"(2,)", "()"});
  EXPECT_EQ(p.version(), version);
  EXPECT_FALSE(p.has_grad());
  expect_numbers(p.value(), {1, 2});
}

TEST(Parameter, GradientIsSetAndForgotten) {
  Parameter p(array({2}, {1, 2}), f32);
  p.set_grad({0.1, -3.0});
  EXPECT_TRUE(p.has_grad());
  expect_numbers(p.grad(), {static_cast<double>(0.1F), -3});
  p.zero_grad();
  EXPECT_FALSE(p.has_grad());
  expect_numbers(p.grad(), {0, 0});
}

TEST(Parameter, ViewsBorrowTheNumbersThemselves) {
  Parameter p(array({2, 2}, {1, 2, 3, 4}), f32);
  const auto view = p.view<float>();
  EXPECT_EQ(view.shape()[1], 2U);
  EXPECT_EQ(view(1, 0), 3.0F);
  p.mutable_view<float>()(1, 0) = 30;
  EXPECT_EQ(view(1, 0), 30.0F);
  EXPECT_EQ(p.value()(1, 0), 30);
}

TEST(Parameter, ViewOfAnotherTypeIsRefused) {
  Parameter narrow(1.0, f32), wide(1.0, f64);
  expect_error<TapeError>([&] { narrow.view<double>(); }, {"view<float>", "<double>"});
  expect_error<TapeError>([&] { narrow.mutable_view<double>(); }, {"view<float>"});
  expect_error<TapeError>([&] { wide.view<float>(); }, {"view<double>", "<float>"});
  EXPECT_EQ(narrow.version(), 0U);
}

TEST(Parameter, CopiesAreHandlesAndCloneIsNew) {
  Parameter p(2.0, f32);
  Parameter handle = p;
  Parameter copy = p.clone();
  handle.set_value(5.0);
  EXPECT_EQ(p.value()(), 5);
  EXPECT_TRUE(same(p, handle));
  EXPECT_EQ(copy.value()(), 2);
  EXPECT_EQ(copy.precision(), f32);
  EXPECT_FALSE(same(p, copy));
  handle.set_grad(1.0);
  EXPECT_TRUE(p.has_grad());
  EXPECT_FALSE(copy.has_grad());
  EXPECT_FALSE(p.clone().has_grad());
}

// --- On a tape ------------------------------------------------------------------------------

TEST(Parameter, HasOneNodePerTape) {
  const Parameter p(array({2}, {1, 2})), handle = p;
  Tape tape;
  const Var a = tape.parameter(p);
  const Var y = sum(p * handle) + sum(p);
  EXPECT_EQ(tape.parameter(handle).index(), a.index());
  EXPECT_EQ(tape.size(), 5U);  // p, mul, sum, sum, add
  EXPECT_EQ(y.item(), 8);
  Tape other;
  EXPECT_EQ(other.parameter(p).index(), 0U);
}

TEST(Parameter, NodeMadeUnderNoGradDoesNotServeTraining) {
  const Parameter p(array({2}, {1, 2}));
  Tape tape;
  {
    const NoGrad no_grad;
    EXPECT_EQ(sum(p).item(), 3);
  }
  sum(p * p).backward();
  expect_numbers(p.grad(), {2, 4});
}

/// Precision of the parameter and of the tape.
class ParameterPrecision : public ::testing::TestWithParam<std::pair<Precision, Precision>> {
 protected:
  Precision own() const { return GetParam().first; }
  Precision tape() const { return GetParam().second; }
};
INSTANTIATE_TEST_SUITE_P(All, ParameterPrecision,
                         ::testing::Values(std::pair(f32, f32), std::pair(f32, f64),
                                           std::pair(f64, f32), std::pair(f64, f64)),
                         [](const auto& pair) {
                           const auto text = [](Precision p) { return p == f32 ? "f32" : "f64"; };
                           return std::string(text(pair.param.first)) + "_on_" +
                                  text(pair.param.second);
                         });

TEST_P(ParameterPrecision, ValuesAndGradientsAreConverted) {
  const Parameter p(array({2}, {0.1, 0.2}), own());
  Tape t(tape());
  const Var y = sum(p * p * 3);
  y.backward();
  const double rounding = own() == f32 || tape() == f32 ? 1e-6 : 1e-15;
  expect_numbers(p.grad(), {0.6, 1.2}, rounding);
  if (own() == f32) {
    // The tape sees exactly the float numbers.
    EXPECT_EQ(t.parameter(p).value()(0), static_cast<double>(0.1F));
  }
}

TEST_P(ParameterPrecision, ScalarsAccumulateOverPassesAndTapes) {
  const Parameter s(3.0, own());
  for (int step = 1; step <= 3; ++step) {
    Tape t(tape());
    const Var x = t.variable(2);
    const Var y = s * s * x + s;  // 2sx + 1 = 13
    y.backward();
    y.backward();
    EXPECT_EQ(s.grad()(), 13.0 * 2 * step);
  }
}

TEST_P(ParameterPrecision, TensorsAccumulateOverPassesAndTapes) {
  const Parameter p(array({3}, {1, 2, -3}), own());
  for (int step = 1; step <= 3; ++step) {
    Tape t(tape());
    const Var y = sum(p * p + p);
    y.backward();
    y.backward();
    expect_numbers(p.grad(), {6.0 * step, 10.0 * step, -10.0 * step});
  }
}

TEST_P(ParameterPrecision, TwoTapesAliveShareTheGradient) {
  const Parameter p(array({2}, {1, 2}), own()), s(2.0, own());
  Tape a(tape());
  const Var x = sum(p * 1) * s;
  Tape b(tape());
  const Var y = sum(p * 10) * s;
  x.backward();
  y.backward();
  expect_numbers(p.grad(), {22, 22});
  EXPECT_EQ(s.grad()(), 33);
}

TEST_P(ParameterPrecision, ZeroGradStartsAnew) {
  Parameter p(array({2}, {1, 2}), own()), s(2.0, own());
  Tape t(tape());
  const Var y = sum(p * s);
  y.backward();
  p.zero_grad();
  s.zero_grad();
  y.backward();
  expect_numbers(p.grad(), {2, 2});
  EXPECT_EQ(s.grad()(), 3);
}

TEST_P(ParameterPrecision, ItsNodeShowsTheGradient) {
  const Parameter p(array({2}, {1, 2}), own()), s(2.0, own());
  Tape t(tape());
  const Var w = t.parameter(p), v = t.parameter(s);
  sum(w * w * v).backward();
  expect_numbers(w.grad(), {4, 8});
  EXPECT_EQ(v.grad_item(), 5);
}

TEST_P(ParameterPrecision, AnExactlyZeroGradientIsAGradient) {
  // A satisfied hinge sends zeros. That is a step that stays, not a forgotten backward().
  const Parameter p(array({2}, {3, 4}), own()), s(3.0, own());
  Tape t(tape());
  const Var loss = relu(1 - s) + relu(1 - sum(p));
  EXPECT_EQ(loss.item(), 0);
  loss.backward();
  EXPECT_TRUE(s.has_grad());
  EXPECT_TRUE(p.has_grad());
  optim::SGD sgd({p, s}, 0.1);
  EXPECT_NO_THROW(sgd.step());
  expect_numbers(p.value(), {3, 4});
  EXPECT_EQ(s.value()(), 3);
}

// --- Lifetimes ------------------------------------------------------------------------------

TEST(Parameter, MayDieBeforeTheTape) {
  Tape tape;
  const Var x = tape.variable(2);
  Var y;
  {
    const Parameter p(array({2}, {1, 2})), s(5.0);
    y = sum(p * x) * s;
  }
  // Memory of a dead parameter would be overwritten by these.
  std::vector<Parameter> others;
  for (int i = 0; i < 20; ++i) others.emplace_back(array({2}, {-1, -1}));
  y.backward();
  EXPECT_EQ(y.item(), 30);
  EXPECT_EQ(x.grad_item(), 15);
  tape.replay();
  EXPECT_EQ(y.item(), 30);
}

TEST(Parameter, ANewOneInAnOldSlotIsNotConfused) {
  Tape tape;
  std::optional<Parameter> p(Parameter(array({2}, {1, 2})));
  const std::uint32_t slot = p->state()->slot;
  const Var x = tape.parameter(*p);
  const Var before = sum(*p * *p);
  before.backward();
  tape.reset();  // The tape lets go of it; so does the next line: the slot is free.
  p.reset();
  p.emplace(array({2}, {10, 20}));
  ASSERT_EQ(p->state()->slot, slot);
  const Var y = sum(*p * 2);
  EXPECT_EQ(y.item(), 60);
  y.backward();
  expect_numbers(p->grad(), {2, 2});
  EXPECT_FALSE(x.valid());
}

TEST(Parameter, ANewOneOnTheSameEpochIsNotConfused) {
  Tape tape;
  const Parameter kept(array({1}, {1}));
  std::uint32_t slot = 0;
  {
    const Parameter p(array({2, 2}, {1, 2, 3, 4}));
    slot = p.state()->slot;
    // The gate fails, and takes p's node back with it: nothing holds p any longer.
    EXPECT_THROW(matmul(p, kept), ShapeError);
  }
  const Parameter q(array({2}, {5, 6}));
  ASSERT_EQ(q.state()->slot, slot);
  const Var leaf = tape.variable({1, 1});  // Takes the index that p's node had.
  const Var y = sum(q * leaf);
  EXPECT_EQ(y.item(), 11);
  y.backward();
  expect_numbers(q.grad(), {1, 1});
}

}  // namespace
}  // namespace tapegrad::testing
