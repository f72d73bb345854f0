// Arrays of every kind as leaves, and beside Vars in expressions.

#include <gtest/gtest.h>
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using Numbers = xt::xarray<double>;

/// The value of a leaf of the given kind, on tapes of both precisions.
template <class A>
void expect_leaf(A&& source, const Shape& shape, const std::vector<double>& numbers) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(source), d = tape.data(source), c = constant(source);
    for (const Var& leaf : {x, d, c}) {
      EXPECT_EQ(leaf.shape(), shape);
      expect_numbers(leaf.value(), numbers);
    }
    EXPECT_TRUE(x.requires_grad());
    EXPECT_FALSE(d.requires_grad());
    EXPECT_FALSE(c.requires_grad());
  }
}

// --- Leaves ---------------------------------------------------------------------------------

TEST(Arrays, NumbersAndLists) {
  expect_leaf(2.5, {}, {2.5});
  expect_leaf(7, {}, {7});
  expect_leaf(0.5F, {}, {0.5});
  Tape tape;
  EXPECT_EQ(tape.variable({1, 2, 3}).shape(), Shape({3}));
  for (const Var& one : {tape.variable({1.5}), tape.data({1.5}), constant({1.5})}) {
    EXPECT_EQ(one.shape(), Shape({1}));
    expect_numbers(one.value(), {1.5});
  }
  EXPECT_EQ(tape.data({}).shape(), Shape({0}));
}

TEST(Arrays, ListsOfRows) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable({{1, 2.5, 3}, {4, 5, -6}}), one = tape.data({{1, 2}});
    EXPECT_EQ(x.shape(), Shape({2, 3}));
    expect_numbers(x.value(), {1, 2.5, 3, 4, 5, -6});
    EXPECT_EQ(one.shape(), Shape({1, 2}));
    expect_numbers(one.value(), {1, 2});
    x.set_value({{0, 1, 2}, {3, 4, 5}});
    expect_numbers(x.value(), {0, 1, 2, 3, 4, 5});
    for (const Var& column : {tape.variable({{1}, {2}}), constant({{1}, {2}})}) {
      EXPECT_EQ(column.shape(), Shape({2, 1}));
      column.set_value({{3}, {4}});
      expect_numbers(column.value(), {3, 4});
    }
    EXPECT_EQ(tape.data({{1.5}}).shape(), Shape({1, 1}));
    expect_error<ShapeError>([&] { tape.data({{1, 2}, {3}}); }, {"one length", "2 and 1"});
    EXPECT_EQ(tape.size(), 5U);
  }
}

TEST(Arrays, Vectors) {
  expect_leaf(std::vector<double>{1, 2}, {2}, {1, 2});
  expect_leaf(std::vector<float>{1.5F, -2}, {2}, {1.5, -2});
  expect_leaf(std::vector<int>{3, 0, -1}, {3}, {3, 0, -1});
  expect_leaf(std::vector<unsigned char>{255, 0}, {2}, {255, 0});
  expect_leaf(std::vector<std::int64_t>{1 << 20}, {1}, {1 << 20});
  expect_leaf(std::vector<double>{}, {0}, {});
}

TEST(Arrays, PointerAndShape) {
  const float narrow[] = {1, 2, 3, 4, 5, 6};
  const double wide[] = {1, 2, 3, 4, 5, 6};
  const int whole[] = {1, 2, 3, 4, 5, 6};
  Tape tape;
  for (const Var& x :
       {tape.data({narrow, {2, 3}}), tape.data({wide, {2, 3}}), tape.variable({whole, {2, 3}})}) {
    EXPECT_EQ(x.shape(), Shape({2, 3}));
    expect_numbers(x.value(), {1, 2, 3, 4, 5, 6});
  }
}

TEST(Arrays, XtensorContainers) {
  const Numbers a = {{1, 2, 3}, {4, 5, 6}};
  expect_leaf(a, {2, 3}, {1, 2, 3, 4, 5, 6});
  expect_leaf(xt::xtensor<float, 2>{{1, 2}, {3, 4}}, {2, 2}, {1, 2, 3, 4});
  expect_leaf(xt::xarray<int>{1, -2}, {2}, {1, -2});
  expect_leaf(xt::xtensor<bool, 1>{true, false}, {2}, {1, 0});
  expect_leaf(Numbers(5.0), {}, {5});
  expect_leaf(xt::xtensor_fixed<double, xt::xshape<2>>{7, 8}, {2}, {7, 8});
}

TEST(Arrays, OtherLayouts) {
  const xt::xarray<double, xt::layout_type::column_major> columns = {{1, 2, 3}, {4, 5, 6}};
  expect_leaf(columns, {2, 3}, {1, 2, 3, 4, 5, 6});
  xt::xarray<double, xt::layout_type::dynamic> dynamic(std::vector<std::size_t>{2, 2},
                                                       xt::layout_type::column_major);
  dynamic(0, 0) = 1, dynamic(0, 1) = 2, dynamic(1, 0) = 3, dynamic(1, 1) = 4;
  expect_leaf(dynamic, {2, 2}, {1, 2, 3, 4});
  const Numbers a = {{1, 2, 3}, {4, 5, 6}};
  const auto turned = xt::transpose(a);
  expect_leaf(turned, {3, 2}, {1, 4, 2, 5, 3, 6});
}

TEST(Arrays, LazyExpressions) {
  const Numbers a = {1, 2, 3};
  expect_leaf(a * 2 + 1, {3}, {3, 5, 7});
  expect_leaf(xt::exp(a * 0.0), {3}, {1, 1, 1});
  expect_leaf(xt::ones<double>({2, 2}), {2, 2}, {1, 1, 1, 1});
  const auto lazy = a - 1;
  expect_leaf(lazy, {3}, {0, 1, 2});
  const auto wide = xt::broadcast(a, {2, 3});
  expect_leaf(wide, {2, 3}, {1, 2, 3, 1, 2, 3});
}

// --- Referenced or copied -------------------------------------------------------------------

/// What `y` becomes when `source` changes to 10 and the tape is replayed.
template <class A, class Number>
double after_change(Precision precision, A& source, Number& first, bool variable = false) {
  Tape tape(precision);
  const Var x = variable ? tape.variable(source) : tape.data(source);
  const Var y = sum(x * tape.variable(1));
  first = 10;
  tape.replay();
  return y.item();
}

TEST(Arrays, LvaluesOfTheTapesPrecisionAreReferenced) {
  Numbers a = {1, 2};
  EXPECT_EQ(after_change(f64, a, a(0)), 12);
  std::vector<double> v = {1, 2};
  EXPECT_EQ(after_change(f64, v, v[0]), 12);
  xt::xtensor<float, 1> f = {1, 2};
  EXPECT_EQ(after_change(f32, f, f(0)), 12);
}

TEST(Arrays, EverythingElseIsCopied) {
  Numbers a = {1, 2};
  EXPECT_EQ(after_change(f32, a, a(0)), 3);
  a(0) = 1;
  EXPECT_EQ(after_change(f64, a, a(0), true), 3);  // Variables are always copied.
  xt::xarray<int> i = {1, 2};
  EXPECT_EQ(after_change(f64, i, i(0)), 3);
  a(0) = 1;
  auto lazy = a * 1.0;
  EXPECT_EQ(after_change(f64, lazy, a(0)), 3);
}

TEST(Arrays, TemporariesAreCopied) {
  Tape tape;
  const Var x = tape.data(Numbers{1, 2}), y = tape.data(std::vector<double>{3, 4});
  const Var z = tape.variable({1, 1}) * Numbers{5, 6} + std::vector<double>{7, 8};
  // Under a sanitizer a dangling pointer would end here.
  tape.replay();
  expect_numbers(x.value(), {1, 2});
  expect_numbers(y.value(), {3, 4});
  expect_numbers(z.value(), {12, 14});
}

TEST(Arrays, OperandsOfExpressionsAreReferencedAlike) {
  Tape tape;
  Numbers a = {1, 2};
  const Var x = tape.variable({1, 1});
  const Var y = a * x, z = x + a;
  a(0) = 10;
  tape.replay();
  expect_numbers(y.value(), {10, 2});
  expect_numbers(z.value(), {11, 3});
}

TEST(Arrays, SetValueDoesNotWriteIntoLentMemory) {
  Tape tape;
  Numbers a = {1, 2};
  const Var d = tape.data(a);
  const Var y = d * tape.variable(2);
  d.set_value({5, 6});
  tape.replay();
  expect_numbers(y.value(), {10, 12});
  expect_numbers(a, {1, 2});
}

TEST(Arrays, ViewsFollowALentValueThatIsReplaced) {
  Tape tape;
  auto lent = std::make_unique<Numbers>(Numbers{1, 2, 3, 4});
  const Var x = tape.data(*lent);
  const Var w = tape.variable({10, 20});
  const Var middle = slice(reshape(x, {2, 2}), 0, 1, 2);
  const Var y = sum(middle * w);
  x.set_value({5, 6, 7, 8});
  lent.reset();
  expect_numbers(middle.value(), {7, 8});
  tape.replay();
  EXPECT_EQ(y.item(), 230);
  y.backward();
  expect_numbers(w.grad(), {7, 8});
}

// --- Beside Vars ----------------------------------------------------------------------------

TEST(Arrays, FourOperatorsOnEitherSide) {
  const Numbers a = {2, -4};
  Tape tape;
  const Var x = tape.variable({8, 2});
  expect_numbers((a + x).value(), {10, -2});
  expect_numbers((x + a).value(), {10, -2});
  expect_numbers((a - x).value(), {-6, -6});
  expect_numbers((x - a).value(), {6, 6});
  expect_numbers((a * x).value(), {16, -8});
  expect_numbers((x * a).value(), {16, -8});
  expect_numbers((a / x).value(), {0.25, -2});
  expect_numbers((x / a).value(), {4, -0.5});
}

TEST(Arrays, GradientsOfFourOperators) {
  const Numbers a = {2, -4};
  const auto gradient = [&](auto f) {
    Tape tape;
    const Var x = tape.variable({8, 2});
    f(x).backward({1.0, 3.0});
    return x.grad();
  };
  expect_numbers(gradient([&](Var x) { return a + x; }), {1, 3});
  expect_numbers(gradient([&](Var x) { return a - x; }), {-1, -3});
  expect_numbers(gradient([&](Var x) { return x * a; }), {2, -12});
  expect_numbers(gradient([&](Var x) { return a / x; }), {-2.0 / 64, 3 * 4.0 / 4});
  expect_numbers(gradient([&](Var x) { return x / a; }), {0.5, -0.75});
}

TEST(Arrays, Comparisons) {
  const Numbers a = {1, 2, 3};
  Tape tape;
  const Var x = tape.variable({2, 2, 2});
  expect_numbers((a > x).value(), {0, 0, 1});
  expect_numbers((x > a).value(), {1, 0, 0});
  expect_numbers((a >= x).value(), {0, 1, 1});
  expect_numbers((x >= a).value(), {1, 1, 0});
  expect_numbers((a < x).value(), {1, 0, 0});
  expect_numbers((x < a).value(), {0, 0, 1});
  expect_numbers((a <= x).value(), {1, 1, 0});
  expect_numbers((x <= a).value(), {0, 1, 1});
  expect_numbers((x == a).value(), {0, 1, 0});
  expect_numbers((x != a).value(), {1, 0, 1});
  expect_numbers(max(a, x).value(), {2, 2, 3});
}

TEST(Arrays, ShapesBroadcast) {
  const Numbers column = array({3, 1}, {1, 2, 3});
  Tape tape;
  const Var row = tape.variable({10, 20});
  const Var y = column * row;
  EXPECT_EQ(y.shape(), Shape({3, 2}));
  expect_numbers(y.value(), {10, 20, 20, 40, 30, 60});
  y.backward(array({3, 2}, {1, 0, 0, 1, 1, 1}));
  expect_numbers(row.grad(), {1 + 3, 2 + 3});
  const Var s = tape.variable(2);
  EXPECT_EQ((column - s).shape(), Shape({3, 1}));
}

TEST(Arrays, BesideParameters) {
  const Numbers a = {1, 2};
  const Parameter p(array({2}, {3, 5}));
  Tape tape;
  expect_numbers((a + p).value(), {4, 7});
  expect_numbers((p - a).value(), {2, 3});
  expect_numbers((a * p).value(), {3, 10});
  expect_numbers((p / a).value(), {3, 2.5});
  expect_numbers((p > a * 3).value(), {0, 0});
  sum(a * p).backward();
  expect_numbers(p.grad(), {1, 2});
}

TEST(Arrays, LazyExpressionsAndOtherTypesBesideVars) {
  const Numbers a = {1, 2};
  const xt::xarray<int> whole = {3, 4};
  const xt::xtensor<float, 1> narrow = {0.5, 0.25};
  Tape tape;
  const Var x = tape.variable({10, 20});
  expect_numbers((2 * a + 1 - x).value(), {-7, -15});
  expect_numbers((x - xt::sqrt(a * a)).value(), {9, 18});
  expect_numbers((whole * x).value(), {30, 80});
  expect_numbers((x * narrow).value(), {5, 5});
  expect_numbers((std::vector<int>{1, 2} * x).value(), {10, 40});
  expect_numbers((x * std::vector<float>{1, 2}).value(), {10, 40});
  Var y = x;
  y += a;
  y *= whole;
  expect_numbers(y.value(), {33, 88});
}

TEST(Arrays, LabelsComeAsIntegers) {
  Tape tape;
  const Var scores = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  const std::vector<int> labels = {2, 0};
  expect_numbers(pick(scores, labels).value(), {3, 4});
  const xt::xtensor<int, 1> others = {0, 1};
  expect_numbers(pick(scores, others).value(), {1, 5});
  sum(pick(scores, labels)).backward();
  expect_numbers(scores.grad(), {0, 0, 1, 1, 0, 0});
}

TEST(Arrays, ErrorsNameTheLine) {
  const Numbers a = {1, 2, 3};
  Tape tape;
  const int line = __LINE__ + 1;
  const Var x = tape.variable({1, 2});
  // Operators of arrays cannot know their own line: they name the Var's.
  expect_error<ShapeError>([&] { a* x; }, {"[mul]", "(3,)", "(2,)", line_of(line)});
  expect_error<ShapeError>([&] { matmul(x, a); }, {"[matmul]", line_of(__LINE__)});
  EXPECT_EQ(tape.size(), 1U);
}

TEST(Arrays, TooManyAxes) {
  Tape tape;
  const Numbers a = xt::ones<double>({1, 1, 1, 1, 1, 1, 1, 1, 1});
  expect_error<ShapeError>([&] { tape.data(a); }, {"[shape]", "8 axes"});
}

TEST(Arrays, AValueIsReadIntoAnArrayThatIsKept) {
  Tape tape;
  Array<double> target;
  const Var x = tape.variable(Numbers({{1, 2}, {3, 4}}));
  x.value_to(target);
  expect_arrays(target, x.value());
  const double* const memory = target.data();
  (x * 2.0).value_to(target);
  expect_arrays(target, Numbers({{2, 4}, {6, 8}}));
  EXPECT_EQ(target.data(), memory);
  sum(x).value_to(target);
  expect_arrays(target, Numbers(10.0));
}

TEST(Arrays, AMaskIsRecordedOnTheTapeThatIsGiven) {
  Tape outer;
  const Var x = outer.variable(Numbers({1, 2, 3}));
  const Tape innermost;
  const Var y = x * dropout_mask(outer, {{3}, 0.0, 1});
  expect_arrays(y.value(), x.value());
}

TEST(Arrays, LongSumsOfFloatsKeepTheirDigits) {
  // Added one after the other in float, a million times 0.1 is off by one percent. Of 256 numbers
  // in a row the bound is 256·2⁻²⁴.
  constexpr std::size_t n = 1'000'000;
  const Array<float> tenths(std::vector<std::size_t>{n, 2}, 0.1F);
  const double exact = static_cast<double>(0.1F) * n;
  Tape tape(f32);
  const Var x = tape.data(tenths);
  for (const double column : sum(x, 0).value()) EXPECT_NEAR(column, exact, 1.5e-5 * exact);
  EXPECT_NEAR(sum(x).item(), 2 * exact, 3e-5 * exact);
  const Var bias = tape.variable({1, 2});
  sum((x + bias) * x).backward();
  for (const double column : bias.grad()) EXPECT_NEAR(column, exact, 1.5e-5 * exact);
}

}  // namespace
}  // namespace tapegrad::testing
