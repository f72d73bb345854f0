// Matrix products of every shape that takes a way of its own through the kernels: whole and narrow
// panels, dot products of last columns, cut inner axes, blocks of B, few rows.

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/philox.hpp>

#include "support/threads.hpp"

namespace tapegrad::testing {
namespace {

template <class T>
std::vector<T> random_numbers(std::int64_t count, Generator& generator) {
  std::vector<T> numbers(static_cast<std::size_t>(count));
  for (T& number : numbers) number = static_cast<T>(generator.uniform(-1, 1));
  return numbers;
}

template <class T>
class Gemm : public ::testing::Test {
 protected:
  /// Compares with a plain loop in double, for both ways to write and all ways to lie in memory. A
  /// bias is added to what comes out without it.
  static void check(std::int64_t m, std::int64_t n, std::int64_t k) {
    Generator generator(1);
    const auto a = random_numbers<T>(m * k, generator);
    const auto b = random_numbers<T>(k * n, generator);
    const auto before = random_numbers<T>(m * n, generator);
    const auto bias = random_numbers<T>(n, generator);
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        for (const bool accumulate : {false, true}) {
          // What is not accumulated must not be read either.
          std::vector<T> c = before;
          if (!accumulate) c.assign(c.size(), std::numeric_limits<T>::quiet_NaN());
          std::vector<T> with_bias = c;
          ops::kernels::gemm(transpose_a, transpose_b, m, n, k, a.data(), b.data(), c.data(),
                             accumulate);
          ops::kernels::gemm(transpose_a, transpose_b, m, n, k, a.data(), b.data(),
                             with_bias.data(), accumulate, bias.data());
          double worst = 0;
          for (std::int64_t i = 0; i < m; ++i) {
            for (std::int64_t j = 0; j < n; ++j) {
              const auto at = [](const std::vector<T>& x, std::int64_t place) {
                return static_cast<double>(x[static_cast<std::size_t>(place)]);
              };
              double expected = accumulate ? at(before, i * n + j) : 0;
              for (std::int64_t p = 0; p < k; ++p) {
                expected += at(a, transpose_a ? p * m + i : i * k + p) *
                            at(b, transpose_b ? j * k + p : p * n + j);
              }
              // fmax would lose a NaN.
              const double error = std::abs(at(c, i * n + j) - expected);
              worst = error <= worst ? worst : error;
            }
          }
          const double bound = static_cast<double>(k + 2) * std::numeric_limits<T>::epsilon();
          EXPECT_LE(worst, bound) << "(" << m << ", " << k << ")·(" << k << ", " << n
                                  << "), transposed " << transpose_a << transpose_b
                                  << ", accumulate " << accumulate;
          for (std::size_t i = 0; i < c.size(); ++i) {
            ASSERT_EQ(with_bias[i], c[i] + bias[i % bias.size()]);
          }
        }
      }
    }
  }
};

using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Gemm, Precisions);

TYPED_TEST(Gemm, SmallSizes) {
  for (const std::int64_t m : {1, 2, 5, 6, 7, 13}) {
    for (const std::int64_t n : {1, 2, 3, 8, 15, 16, 17, 18, 19, 20, 21, 33, 50}) {
      for (const std::int64_t k : {1, 2, 7, 8, 9, 31}) this->check(m, n, k);
    }
  }
}

TYPED_TEST(Gemm, LongInnerAxes) {
  for (const std::int64_t k : {127, 128, 129, 511, 512, 513, 1030}) {
    for (const std::int64_t m : {3, 47, 48, 50}) this->check(m, 18, k);
  }
}

TYPED_TEST(Gemm, FewRowsAndLongInnerAxes) {
  for (const std::int64_t m : {4, 5, 8, 9, 16, 19, 33, 47}) {
    this->check(m, 50, 129);
    this->check(m, m + 1, 600);
  }
  // In several pieces.
  this->check(10, 2050, 130);
}

TYPED_TEST(Gemm, SeveralBlocks) {
  this->check(61, 1000, 100);
  this->check(300, 50, 200);
  this->check(700, 20, 60);
}

TYPED_TEST(Gemm, LargeProducts) {
  this->check(260, 260, 260);
}

TYPED_TEST(Gemm, NoElements) {
  this->check(0, 3, 4);
  this->check(3, 0, 4);
  this->check(3, 4, 0);
}

TYPED_TEST(Gemm, OnSeveralThreads) {
  const Threads set(3);
  // Cut along the rows and along the columns, by each of the ways to multiply, and into fewer
  // strips than threads.
  this->check(131, 97, 151);
  this->check(97, 131, 151);
  this->check(3001, 5, 127);
  this->check(5, 3001, 127);
  this->check(47, 203, 200);
  this->check(10, 6200, 130);
  this->check(9, 7, 130000);
}

}  // namespace
}  // namespace tapegrad::testing
