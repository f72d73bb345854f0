// Reductions on shapes long enough for registers, several chains and blocks of rows, against plain
// loops in long double.

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/philox.hpp>
#include <tapegrad/ops/strides.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using Numbers = std::vector<long double>;

struct Reduction {
  const char* name;
  Var (*gate)(Operand, const Axes&, bool);
  long double (*plain)(const Numbers&);
};

long double sum_of(const Numbers& x) {
  long double sum = 0;
  for (const long double number : x) sum += number;
  return sum;
}

long double best_of(const Numbers& x, bool (*better)(long double, long double)) {
  long double best = x.front();
  for (const long double number : x) {
    if (std::isnan(number)) return number;
    if (better(number, best)) best = number;
  }
  return best;
}

long double largest_of(const Numbers& x) {
  return best_of(x, [](long double a, long double b) { return a > b; });
}

const Reduction reductions[] = {
    {"sum", [](Operand x, const Axes& axes, bool keep) { return sum(x, axes, keep); }, sum_of},
    {"mean", [](Operand x, const Axes& axes, bool keep) { return mean(x, axes, keep); },
     [](const Numbers& x) { return sum_of(x) / static_cast<long double>(x.size()); }},
    {"prod", [](Operand x, const Axes& axes, bool keep) { return prod(x, axes, keep); },
     [](const Numbers& x) {
       long double product = 1;
       for (const long double number : x) product *= number;
       return product;
     }},
    {"norm", [](Operand x, const Axes& axes, bool keep) { return norm(x, axes, keep); },
     [](const Numbers& x) {
       long double squares = 0;
       for (const long double number : x) squares += number * number;
       return std::sqrt(squares);
     }},
    {"logsumexp", [](Operand x, const Axes& axes, bool keep) { return logsumexp(x, axes, keep); },
     [](const Numbers& x) {
       const long double largest = largest_of(x);
       long double total = 0;
       for (const long double number : x) total += std::exp(number - largest);
       return largest + std::log(total);
     }},
    {"amax", [](Operand x, const Axes& axes, bool keep) { return amax(x, axes, keep); },
     largest_of},
    {"amin", [](Operand x, const Axes& axes, bool keep) { return amin(x, axes, keep); },
     [](const Numbers& x) {
       return best_of(x, [](long double a, long double b) { return a < b; });
     }},
};

/// A shape of up to 30,000 elements in one to four axes, some of them long.
Shape draw_shape(Generator& generator) {
  Shape shape;
  std::int64_t room = 30000;
  for (std::uint64_t axes = 1 + generator.below(4); axes > 0; --axes) {
    const bool is_long = generator.below(2) == 0;
    const std::uint64_t most =
        static_cast<std::uint64_t>(is_long ? room : std::min(room, INT64_C(9)));
    const auto size = static_cast<std::int64_t>(1 + generator.below(most));
    shape.push_back(size);
    room /= size;
  }
  return shape;
}

Axes draw_axes(Generator& generator, int rank) {
  Axes axes;
  for (int axis = 0; axis < rank; ++axis) {
    if (generator.below(2) == 0) axes.push_back(generator.below(2) == 0 ? axis : axis - rank);
  }
  return axes;
}

/// The members of each group.
std::vector<Numbers> groups_of(const Shape& shape, const Axes& axes, const Array<double>& x) {
  const ops::ReductionSplit split = ops::split_reduction(shape, axes, "test");
  std::vector<Numbers> groups;
  ops::for_each_offset(split.kept, split.kept_strides, [&](std::int64_t base) {
    groups.emplace_back();
    ops::for_each_offset(split.reduced, split.reduced_strides, [&](std::int64_t offset) {
      groups.back().push_back(x.data()[base + offset]);
    });
  });
  return groups;
}

TEST(Reductions, LargeShapesEqualPlainLoops) {
  Generator generator(1);
  for (int round = 0; round < 150; ++round) {
    const Shape shape = draw_shape(generator);
    const Axes axes = draw_axes(generator, shape.rank());
    std::vector<double> numbers;
    for (std::int64_t i = 0; i < shape.size(); ++i) {
      // Products stay near 1.
      const double size = std::exp(0.02 * generator.normal());
      numbers.push_back(generator.below(2) == 0 ? size : -size);
    }
    for (const Precision precision : {f32, f64}) {
      Tape tape(precision);
      const Var x = tape.data(ArrayRef(numbers.data(), shape));
      const std::vector<Numbers> groups = groups_of(shape, axes, x.value());
      for (const Reduction& reduction : reductions) {
        const bool keepdims = generator.below(2) == 0;
        const Array<double> got = reduction.gate(x, axes, keepdims).value();
        ASSERT_EQ(got.size(), groups.size());
        for (std::size_t i = 0; i < groups.size(); ++i) {
          const double expected = static_cast<double>(reduction.plain(groups[i]));
          // Σ of n numbers of either sign: what is left may be small beside the numbers.
          const double root = std::sqrt(static_cast<double>(groups[i].size()));
          const double scale = std::max(std::abs(expected), root);
          // A product of n doubles has been rounded n times, by half an ulp at most and in either
          // direction, in an order that depends on the width of registers: four times √n/2 ulp.
          const double digits = precision == f32 ? 2e-6 : std::max(1e-14, 2.2e-16 * 2 * root);
          ASSERT_NEAR(got.data()[i], expected, digits * scale)
              << reduction.name << " of " << to_string(shape) << " over " << to_string(axes)
              << ", group " << i;
        }
      }
    }
  }
}

TEST(Reductions, OneNaNMakesTheWholeGroupNaN) {
  Generator generator(2);
  for (int round = 0; round < 100; ++round) {
    const Shape shape = draw_shape(generator);
    const Axes axes = draw_axes(generator, shape.rank());
    std::vector<double> numbers(static_cast<std::size_t>(shape.size()));
    for (double& number : numbers) number = generator.normal();
    numbers[generator.below(numbers.size())] = std::numeric_limits<double>::quiet_NaN();
    for (const Precision precision : {f32, f64}) {
      Tape tape(precision);
      const Var x = tape.data(ArrayRef(numbers.data(), shape));
      const std::vector<Numbers> groups = groups_of(shape, axes, x.value());
      for (const Reduction& reduction : reductions) {
        const Array<double> got = reduction.gate(x, axes, false).value();
        for (std::size_t i = 0; i < groups.size(); ++i) {
          ASSERT_EQ(std::isnan(got.data()[i]), std::isnan(sum_of(groups[i])))
              << reduction.name << " of " << to_string(shape) << " over " << to_string(axes)
              << ", group " << i;
        }
      }
    }
  }
}

/// The position in x of each group's first element that `better` prefers to all others.
template <class T>
std::vector<std::int64_t> plain_winners(const Shape& shape, const Axes& axes,
                                        const std::vector<T>& x, bool (*better)(T, T)) {
  const ops::ReductionSplit split = ops::split_reduction(shape, axes, "test");
  std::vector<std::int64_t> winners;
  ops::for_each_offset(split.kept, split.kept_strides, [&](std::int64_t base) {
    std::int64_t winner = base;
    ops::for_each_offset(split.reduced, split.reduced_strides, [&](std::int64_t offset) {
      const T best = x[static_cast<std::size_t>(winner)];
      const T here = x[static_cast<std::size_t>(base + offset)];
      const bool wins = better(here, best) || std::isnan(here);
      if (wins && !std::isnan(best)) winner = base + offset;
    });
    winners.push_back(winner);
  });
  return winners;
}

template <class T>
void expect_first_winners(const Shape& shape, const Axes& axes, const std::vector<T>& x) {
  const auto expect = [&](const std::int64_t* got, bool (*better)(T, T)) {
    const std::vector<std::int64_t> expected = plain_winners(shape, axes, x, better);
    ASSERT_EQ(std::vector<std::int64_t>(got, got + expected.size()), expected)
        << to_string(shape) << " over " << to_string(axes);
  };
  expect(ops::kernels::winners<T, 1>(shape, axes, x.data()), [](T a, T b) { return a > b; });
  expect(ops::kernels::winners<T, -1>(shape, axes, x.data()), [](T a, T b) { return a < b; });
}

TEST(Reductions, TheFirstOfEqualElementsWins) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  // Equal ones everywhere; infinities of both signs, whose sum is no number; NaN in some rounds.
  const std::vector<double> choices[] = {
      {0, -1, 1, -2, 2}, {0}, {-inf}, {0, 1, inf, -inf}, {0, 1, inf, -inf, nan}};
  Generator generator(3);
  for (int round = 0; round < 150; ++round) {
    const Shape shape = draw_shape(generator);
    const Axes axes = draw_axes(generator, shape.rank());
    const std::vector<double>& chosen = choices[generator.below(std::size(choices))];
    std::vector<double> numbers;
    std::vector<float> floats;
    for (std::int64_t i = 0; i < shape.size(); ++i) {
      // The last of the list is rare.
      const std::size_t last = chosen.size() - 1;
      const bool rare = last == 0 || generator.below(1000) == 0;
      numbers.push_back(chosen[rare ? last : generator.below(last)]);
      floats.push_back(static_cast<float>(numbers.back()));
    }
    expect_first_winners(shape, axes, numbers);
    expect_first_winners(shape, axes, floats);
    for (const bool largest : {true, false}) {
      Tape tape(f32);
      const Var x = tape.data(ArrayRef(floats.data(), shape));
      const Array<double> got = (largest ? amax(x, axes) : amin(x, axes)).value();
      const std::vector<std::int64_t> expected =
          largest
              ? plain_winners<float>(shape, axes, floats, [](float a, float b) { return a > b; })
              : plain_winners<float>(shape, axes, floats, [](float a, float b) { return a < b; });
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const double best = numbers[static_cast<std::size_t>(expected[i])];
        const double here = got.data()[i];
        ASSERT_TRUE(here == best || (std::isnan(here) && std::isnan(best)))
            << to_string(shape) << " over " << to_string(axes) << ": " << here << ", not " << best;
      }
    }
  }
}

TEST(Reductions, ProductsComeBackFromBeyondTheRange) {
  const auto product = [](const std::vector<double>& factors, Precision precision) {
    Tape tape(precision);
    return prod(tape.data(factors)).item();
  };
  constexpr double inf = std::numeric_limits<double>::infinity();
  for (const int pairs : {1, 8, 32, 500}) {
    std::vector<double> apart, alternating;
    for (int i = 0; i < pairs; ++i) alternating.insert(alternating.end(), {1e30, -1e-30});
    for (const double half : {1e30, 1e-30}) apart.insert(apart.end(), pairs, half);
    const double sign = pairs % 2 == 0 ? 1 : -1;
    for (const Precision precision : {f32, f64}) {
      const double digits = precision == f32 ? 1e-4 : 1e-12;
      EXPECT_NEAR(product(alternating, precision), sign, digits) << pairs;
      EXPECT_NEAR(product(apart, precision), 1, digits) << pairs;
      alternating.push_back(0);
      EXPECT_EQ(product(alternating, precision), 0);
      alternating.back() = inf;
      EXPECT_EQ(product(alternating, precision), sign * inf);
      alternating.push_back(0);
      EXPECT_TRUE(std::isnan(product(alternating, precision)));
      alternating.resize(2 * static_cast<std::size_t>(pairs));
    }
  }
  EXPECT_EQ(product({5e-324, 0.5, 2}, f64), 5e-324);
  EXPECT_EQ(product({1e200, -1e200}, f64), -inf);
  EXPECT_EQ(product(std::vector<double>(500, 1e-30), f64), 0);
}

/// Factors of every column that come to powers of two beyond the smallest normal number and back,
/// with digits that would be lost there; in rows of so many columns that each is a chain of its
/// own.
template <class T>
std::vector<double> through_the_subnormal(std::int64_t columns) {
  const double digits = 1 + static_cast<double>(std::numeric_limits<T>::epsilon());
  const double small = std::ldexp(1.0, std::numeric_limits<T>::min_exponent / 2 - 5);
  std::vector<double> numbers;
  for (const double factor : {digits, small, small, 1 / small, 1 / small}) {
    numbers.insert(numbers.end(), static_cast<std::size_t>(columns), factor);
  }
  return numbers;
}

TEST(Reductions, ProductsKeepDigitsThatUnderflowWouldTake) {
  for (const std::int64_t columns : {1, 3, 8, 32, 64, 100}) {
    for (const Precision precision : {f32, f64}) {
      const bool is_float = precision == f32;
      const std::vector<double> numbers =
          is_float ? through_the_subnormal<float>(columns) : through_the_subnormal<double>(columns);
      const double expected = numbers[0];
      Tape tape(precision);
      const Var x = tape.data(ArrayRef(numbers.data(), Shape{5, columns}));
      const Array<double> each = prod(x, 0).value();
      for (std::size_t i = 0; i < each.size(); ++i) ASSERT_EQ(each.data()[i], expected) << columns;
      // 1 + columns · epsilon, but for roundings: 1 if all digits were lost.
      const double lost = static_cast<double>(columns) * (expected - 1);
      EXPECT_NEAR(prod(x).item(), 1 + lost, 0.6 * lost) << columns;
    }
  }
}

TEST(Reductions, ProductsLeaveTheFlagsOfTheProcessorAlone) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    for (const int before : {0, FE_UNDERFLOW, FE_OVERFLOW, FE_ALL_EXCEPT}) {
      std::feclearexcept(FE_ALL_EXCEPT);
      std::feraiseexcept(before);
      for (const double scale : {1.0, 1e5, 1e-5}) {
        const double big = std::pow(scale, precision == f32 ? 6 : 40);
        EXPECT_NEAR(prod(tape.data({big, big, 1 / big, 1 / big})).item(), 1, 1e-5);
      }
      constexpr int watched = FE_UNDERFLOW | FE_OVERFLOW;
      EXPECT_EQ(std::fetestexcept(watched), before & watched);
    }
  }
  std::feclearexcept(FE_ALL_EXCEPT);
}

TEST(Reductions, ProductsOfFloatsLoseLittle) {
  Generator generator(3);
  for (const std::int64_t n : {10, 100, 1000, 100000}) {
    double squares = 0;
    constexpr int rounds = 30;
    for (int round = 0; round < rounds; ++round) {
      Tape tape(f32);
      std::vector<float> factors;
      for (std::int64_t i = 0; i < n; ++i) {
        factors.push_back(static_cast<float>(std::exp(0.02 * generator.normal())));
      }
      long double product = 1;
      for (const float factor : factors) product *= factor;
      const long double got = prod(tape.data(factors)).item();
      squares += static_cast<double>((got / product - 1) * (got / product - 1));
    }
    // Each rounding is off by some 2^-24 / √3, in either direction. Long products are rounded once.
    const double roundings = n <= 1024 ? static_cast<double>(n) : 1;
    const double expected = std::sqrt(roundings / 3) * std::ldexp(1.0, -24);
    EXPECT_LT(std::sqrt(squares / rounds), 1.5 * expected) << n;
  }
}

TEST(Reductions, AxesAndKeepdimsStayApart) {
  Tape tape;
  const Var x = tape.data(xt::xarray<double>(xt::ones<double>({2, 3, 4})));
  EXPECT_EQ(sum(x, {{0}, true}).shape(), (Shape{1, 3, 4}));
  EXPECT_EQ(sum(x, {0}, true).shape(), (Shape{1, 3, 4}));
  EXPECT_EQ(sum(x, {0, 1}).shape(), (Shape{4}));
  EXPECT_EQ(mean(x, {{-1}, true}).shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(amax(x, {{0, 2}, true}).shape(), (Shape{1, 3, 1}));
  EXPECT_EQ(argmax(x, {{1}, true}).shape(), (Shape{2, 1, 4}));
  EXPECT_EQ(argmax(x, 2, true).shape(), (Shape{2, 3, 1}));
  expect_error<ShapeError>([&] { argmax(x, {0, 1}); }, {"[argmax]", "one axis", "(0, 1)"});
  expect_error<ShapeError>([&] { argmin(x, {0, 2}); }, {"[argmax]", "one axis", "(0, 2)"});
}

}  // namespace
}  // namespace tapegrad::testing
