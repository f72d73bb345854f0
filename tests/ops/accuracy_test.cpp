// How far values may be from the truth, in units of the last place (ulp), against long double: exp,
// log, tanh, sigmoid, softplus, logsumexp and softmax cross-entropy over their whole range.

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::testing {
namespace {

constexpr std::int64_t points = 10'000'000;
constexpr std::int64_t points_at_once = 250'000;

/// The distance between neighbouring numbers of type T at x.
template <class T>
long double ulp(long double x) {
  int exponent = 0;
  std::frexp(x, &exponent);
  const int smallest = std::numeric_limits<T>::min_exponent;
  return std::ldexp(1.0L, std::max(exponent, smallest) - std::numeric_limits<T>::digits);
}

/// The worst error seen, and where.
struct Worst {
  double error = 0;
  double at = 0;

  void see(double candidate, double x) {
    if (candidate > error || std::isnan(candidate)) {
      error = candidate;
      at = x;
    }
  }
};

/// The error of `got` in ulp of `scale`, which is the exact value unless a bound says otherwise.
/// Where the exact value has no number of type T, infinity is right.
template <class T>
double error_in_ulp(double got, long double exact, long double scale) {
  if (std::isnan(exact)) return std::isnan(got) ? 0 : std::numeric_limits<double>::infinity();
  const auto rounded = static_cast<T>(exact);
  if (std::isinf(rounded) || std::isinf(got)) {
    return got == static_cast<double>(rounded) ? 0 : std::numeric_limits<double>::infinity();
  }
  return static_cast<double>(std::abs(got - exact) / ulp<T>(scale));
}

/// Numbers spread evenly over the bit patterns of T from −high to high or, if `positive`, from the
/// smallest to `high`: every order of magnitude gets its share, subnormal numbers too.
template <class T>
class Spread {
 public:
  Spread(T high, bool positive, std::uint64_t seed) : positive_(positive), generator_(seed) {
    Bits bits{};
    std::memcpy(&bits, &high, sizeof high);
    largest_ = bits;
  }
  T next() {
    const auto bits = static_cast<Bits>(generator_.below(std::uint64_t{largest_} + 1));
    T number{};
    std::memcpy(&number, &bits, sizeof number);
    return !positive_ && generator_.below(2) == 0 ? -number : number;
  }

 private:
  using Bits = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
  bool positive_;
  Generator generator_;
  Bits largest_;
};

template <class T>
constexpr Precision precision_of = std::is_same_v<T, float> ? f32 : f64;
template <class T>
constexpr double bound = std::is_same_v<T, float> ? 2 : 4;
template <class T>
constexpr const char* name_of = std::is_same_v<T, float> ? "float" : "double";

struct Function {
  const char* name;
  Var (*gate)(Operand);
  long double (*exact)(long double);
  bool positive;
  /// Beyond it the value is 0, a constant or the operand itself; in ranges of T.
  double high_f32, high_f64;
};

long double exact_softplus(long double x) {
  return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x)));
}

const Function functions[] = {
    {"exp", [](Operand x) { return exp(x); }, [](long double x) { return std::exp(x); }, false, 104,
     746},
    {"log", [](Operand x) { return log(x); }, [](long double x) { return std::log(x); }, true,
     std::numeric_limits<float>::max(), std::numeric_limits<double>::max()},
    {"tanh", [](Operand x) { return tanh(x); }, [](long double x) { return std::tanh(x); }, false,
     30, 60},
    {"sigmoid", [](Operand x) { return sigmoid(x); },
     [](long double x) { return 1 / (1 + std::exp(-x)); }, false, 104, 746},
    {"softplus", [](Operand x) { return softplus(x); }, exact_softplus, false, 104, 746},
};

/// Half of the numbers are spread over all orders of magnitude, half evenly over the range.
template <class T>
void check(const Function& function) {
  const auto high =
      static_cast<T>(std::is_same_v<T, float> ? function.high_f32 : function.high_f64);
  Spread<T> spread(high, function.positive, 1);
  Generator even(2);
  Worst worst, worst_scalar;
  std::vector<T> numbers(static_cast<std::size_t>(points_at_once));
  for (std::int64_t done = 0; done < points; done += points_at_once) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double low = function.positive ? 0.0 : -static_cast<double>(high);
      numbers[i] =
          i % 2 == 0 ? spread.next() : static_cast<T>(even.uniform(low, static_cast<double>(high)));
    }
    Tape tape(precision_of<T>);
    const Array<double> got = function.gate(tape.data(numbers)).value();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const long double exact = function.exact(numbers[i]);
      worst.see(error_in_ulp<T>(got.data()[i], exact, exact), static_cast<double>(numbers[i]));
    }
    if (done > 0) continue;
    // Scalars run through the same formula with the standard library's functions.
    for (const T number : numbers) {
      const double scalar = function.gate(tape.data(static_cast<double>(number))).item();
      const long double exact = function.exact(number);
      worst_scalar.see(error_in_ulp<T>(scalar, exact, exact), static_cast<double>(number));
    }
  }
  fmt::print("{:<9} {:<6} arrays {:.2f} ulp at {:.9g}, scalars {:.2f} ulp at {:.9g}\n",
             function.name, name_of<T>, worst.error, worst.at, worst_scalar.error, worst_scalar.at);
  EXPECT_LE(worst.error, bound<T>) << function.name;
  EXPECT_LE(worst_scalar.error, bound<T>) << function.name;
}

TEST(SlowAccuracy, FunctionsInFloat) {
  for (const Function& function : functions) check<float>(function);
}

TEST(SlowAccuracy, FunctionsInDouble) {
  for (const Function& function : functions) check<double>(function);
}

/// Rows of scores that lie close together, far apart, far from zero, or are alone at the top.
template <class T>
std::vector<T> score_rows(std::int64_t rows, std::int64_t classes, Generator& generator) {
  std::vector<T> scores;
  for (std::int64_t row = 0; row < rows; ++row) {
    const double width = std::exp(generator.uniform(-8, 5));
    const double centre = row % 3 == 0 ? 0 : generator.uniform(-3, 3) * width;
    const double lead = row % 4 == 0 ? generator.uniform(0, 80) : 0;
    for (std::int64_t j = 0; j < classes; ++j) {
      scores.push_back(
          static_cast<T>(centre + generator.uniform(-width, width) + (j == 2 ? lead : 0)));
    }
  }
  return scores;
}

/// log Σ eˣ as the maximum and what the other elements add to it.
struct LogSum {
  long double largest;
  long double more;
};

template <class T>
LogSum exact_log_sum(const T* x, std::int64_t n) {
  std::int64_t winner = 0;
  for (std::int64_t j = 1; j < n; ++j) winner = x[j] > x[winner] ? j : winner;
  long double rest = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    if (j != winner) rest += std::exp(static_cast<long double>(x[j]) - x[winner]);
  }
  return {x[winner], std::log1p(rest)};
}

/// logsumexp is the sum of two numbers that may cancel: its error is counted in ulp of the larger.
template <class T>
void check_log_sums(std::int64_t classes, std::int64_t all_rows) {
  const std::int64_t rows = std::max<std::int64_t>(1, 5 * points_at_once / classes);
  Generator generator(3);
  Worst rows_worst, columns_worst, loss_worst;
  for (std::int64_t done = 0; done < all_rows; done += rows) {
    const std::vector<T> scores = score_rows<T>(rows, classes, generator);
    std::vector<T> labels;
    for (std::int64_t row = 0; row < rows; ++row) {
      labels.push_back(static_cast<T>(generator.below(static_cast<std::uint64_t>(classes))));
    }
    Tape tape(precision_of<T>);
    const Var x = tape.data(ArrayRef(scores.data(), {rows, classes}));
    const Array<double> by_rows = logsumexp(x, 1).value();
    const Array<double> by_columns = logsumexp(transpose(x), 0).value();
    const Array<double> losses = softmax_cross_entropy(x, tape.data(labels)).value();
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto i = static_cast<std::size_t>(row);
      const auto first = static_cast<std::size_t>(row * classes);
      const LogSum sum = exact_log_sum(&scores[first], classes);
      const long double exact = sum.largest + sum.more;
      const long double scale =
          std::max({std::abs(exact), std::abs(sum.largest), std::abs(sum.more)});
      const auto where = static_cast<double>(row);
      rows_worst.see(error_in_ulp<T>(by_rows.data()[i], exact, scale), where);
      columns_worst.see(error_in_ulp<T>(by_columns.data()[i], exact, scale), where);
      const long double loss =
          (sum.largest - scores[first + static_cast<std::size_t>(labels[i])]) + sum.more;
      loss_worst.see(error_in_ulp<T>(losses.data()[i], loss, loss), where);
    }
  }
  fmt::print(
      "logsumexp of {:<3} {:<6} rows {:.2f} ulp, columns {:.2f} ulp; cross-entropy {:.2f} ulp\n",
      classes, name_of<T>, rows_worst.error, columns_worst.error, loss_worst.error);
  EXPECT_LE(rows_worst.error, bound<T>);
  EXPECT_LE(columns_worst.error, bound<T>);
  EXPECT_LE(loss_worst.error, bound<T>);
}

TEST(SlowAccuracy, LogSumsInFloat) {
  check_log_sums<float>(5, points);
  check_log_sums<float>(700, points / 700);
}

TEST(SlowAccuracy, LogSumsInDouble) {
  check_log_sums<double>(5, points);
  check_log_sums<double>(700, points / 700);
}

}  // namespace
}  // namespace tapegrad::testing
