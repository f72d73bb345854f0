#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops::kernels {

inline bool is_number(float a) {
  return !std::isnan(a);
}
inline bool is_number(double a) {
  return !std::isnan(a);
}

/// How the largest (sign = 1) or smallest (sign = −1) of numbers is found. NaN beats every number.
template <class T, int sign>
struct Extreme {
  /// Any number beats it.
  static constexpr T start = -sign * std::numeric_limits<T>::infinity();

  /// The better of two numbers or registers.
  template <class X>
  static X better(X a, X b) {
    const X winner = sign > 0 ? X(where(a >= b, a, b)) : X(where(a <= b, a, b));
    return where(is_number(a), winner, a);
  }

  /// The best of n numbers and `winner`.
  static T of_row(const T* x, std::int64_t n, T winner) {
    if (n < L::width) {
      for (std::int64_t j = 0; j < n; ++j) winner = better(winner, x[j]);
      return winner;
    }
    std::int64_t j = 0;
    if (n >= Best<4>::width) {
      Best<4> best;
      for (; j + best.width <= n; j += best.width) best.see(x + j);
      winner = better(winner, best.value());
    }
    if (j == n) return winner;
    Best<1> best;
    for (; j + best.width <= n; j += best.width) best.see(x + j);
    // Of equal worth however often they are met: the last register may overlap the one before.
    best.see(x + n - best.width);
    return better(winner, best.value());
  }

  /// Each of n numbers `best` becomes the better of itself and those above it in rows that lie
  /// `pitch` apart.
  template <int rows>
  static void of_columns(const T* x, std::int64_t pitch, std::int64_t n, T* best) {
    std::int64_t j = 0;
    for (; j + L::width <= n; j += L::width) {
      Best<1> winner;
      winner.see(best + j);
      for (int row = 0; row < rows; ++row) winner.see(x + row * pitch + j);
      winner.numbers().store(best + j);
    }
    for (; j < n; ++j) {
      for (int row = 0; row < rows; ++row) best[j] = better(best[j], x[row * pitch + j]);
    }
  }

 private:
  using L = Lanes<T>;

  /// The best of what is seen at each position of several registers. The processor's own max
  /// forgets NaN: where none was met is noted beside it.
  template <int registers>
  struct Best {
    using Own = Lanes<T, registers>;
    static constexpr std::int64_t width = Own::width;

    void see(const T* x) {
      const Own here = Own::load(x);
      number = sign > 0 ? max(number, here) : min(number, here);
      ordered = ordered & is_number(here);
    }
    Own numbers() const { return where(ordered, number, Own(nan)); }
    T value() const {
      if (!every(ordered)) return nan;
      return horizontal_fold(number, [](const auto& a, const auto& b) {
        using std::max, std::min, xsimd::max, xsimd::min;
        return sign > 0 ? max(a, b) : min(a, b);
      });
    }

    static constexpr T nan = std::numeric_limits<T>::quiet_NaN();
    Own number = start;
    typename Own::Mask ordered = number == number;  // NOLINT(misc-redundant-expression)
  };
};

}  // namespace tapegrad::ops::kernels
