// xtensor's views as leaves and operands, and functions whose names xtensor has too.

#include <gtest/gtest.h>
#include <xtensor/xview.hpp>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using Numbers = xt::xarray<double>;

template <class V>
void expect_leaf(const V& view, const Shape& shape, const std::vector<double>& numbers) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    for (const Var& leaf : {tape.variable(view), tape.data(view), constant(view)}) {
      EXPECT_EQ(leaf.shape(), shape);
      expect_numbers(leaf.value(), numbers);
    }
  }
}

TEST(ArrayViews, AreLeaves) {
  Numbers a = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  const auto row = xt::view(a, 1);
  const auto column = xt::view(a, xt::all(), 1);
  const auto block = xt::view(a, xt::range(1, 3), xt::range(0, 2));
  const auto narrow = xt::view(a, xt::all(), xt::range(2, 3));
  const auto stepped = xt::view(a, xt::range(0, 3, 2));
  const auto rows = xt::view(a, xt::range(1, 3));
  expect_leaf(row, {3}, {4, 5, 6});
  expect_leaf(column, {3}, {2, 5, 8});
  expect_leaf(block, {2, 2}, {4, 5, 7, 8});
  expect_leaf(narrow, {3, 1}, {3, 6, 9});
  expect_leaf(stepped, {2, 3}, {1, 2, 3, 7, 8, 9});
  expect_leaf(rows, {2, 3}, {4, 5, 6, 7, 8, 9});
  expect_leaf(xt::view(a, 2, xt::newaxis()), {1, 3}, {7, 8, 9});
}

TEST(ArrayViews, ContiguousLvaluesAreReferencedOthersCopied) {
  Numbers a = {{0, 0}, {1, 2}, {3, 4}};
  auto row = xt::view(a, 1);
  auto rows = xt::view(a, xt::range(1, 3));
  auto column = xt::view(a, xt::range(1, 3), 0);
  Tape tape;
  const Var one = tape.variable(1);
  const Var r = tape.data(row) * one, rs = tape.data(rows) * one, c = tape.data(column) * one;
  const Var temporary = tape.data(xt::view(a, 1)) * one;
  a(1, 0) = 10;
  tape.replay();
  expect_numbers(r.value(), {10, 2});
  expect_numbers(rs.value(), {10, 2, 3, 4});
  expect_numbers(c.value(), {1, 3});
  expect_numbers(temporary.value(), {1, 2});
}

TEST(ArrayViews, BesideVarsAndParameters) {
  const Numbers a = {{1, 2}, {3, 4}};
  const auto column = xt::view(a, xt::all(), 1);
  const Parameter p(array({2}, {1, 1}));
  Tape tape;
  const Var x = tape.variable({10, 20});
  expect_numbers((column * x).value(), {20, 80});
  expect_numbers((x - xt::view(a, 1)).value(), {7, 16});
  expect_numbers((xt::view(a, 0, xt::range(0, 1)) + x).value(), {11, 21});
  expect_numbers((p + column).value(), {3, 5});
  expect_numbers(matmul(xt::view(a, xt::range(0, 1)), reshape(x, {2, 1})).value(), {50});
  sum(column * x).backward();
  expect_numbers(x.grad(), {2, 4});
}

TEST(ArrayViews, FunctionsWhoseNamesXtensorHasToo) {
  const Numbers a = {1, 2, 3};
  const Parameter p(array({3}, {2, 2, 2}));
  Tape tape;
  const Var x = tape.variable({2, 2, 2});
  expect_numbers(Var(where(x > a, x, a)).value(), {2, 2, 3});
  expect_numbers(Var(where(x > a, a, x)).value(), {1, 2, 2});
  expect_numbers(Var(where(a > x, x * 5, x)).value(), {2, 2, 10});
  expect_numbers(Var(where(a, x, 0.0)).value(), {2, 2, 2});
  expect_numbers(Var(where(p > a, p, a)).value(), {2, 2, 3});
  expect_numbers(Var(equal(x, a)).value(), {0, 1, 0});
  expect_numbers(Var(not_equal(a, x)).value(), {1, 0, 1});
  expect_numbers(Var(equal(p, a)).value(), {0, 1, 0});
  sum(where(x > a, x, a)).backward();
  expect_numbers(x.grad(), {1, 0, 0});
}

}  // namespace
}  // namespace tapegrad::testing
