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
    constexpr std::int64_t width = L::width;
    if (n < width) {
      for (std::int64_t j = 0; j < n; ++j) winner = better(winner, x[j]);
      return winner;
    }
    // Of equal worth however often they are met: the last register may overlap the one before.
    Best best(L::load(x + n - width));
    std::int64_t j = 0;
    if (n >= 4 * width) {
      Best second = best, third = best, fourth = best;
      for (; j + 4 * width <= n; j += 4 * width) {
        best.see(L::load(x + j));
        second.see(L::load(x + j + width));
        third.see(L::load(x + j + 2 * width));
        fourth.see(L::load(x + j + 3 * width));
      }
      best.see(second.value());
      best.see(third.value());
      best.see(fourth.value());
    }
    for (; j + width <= n; j += width) best.see(L::load(x + j));
    T part[width];
    best.value().store(part);
    for (std::int64_t half = width / 2; half > 0; half /= 2) {
      for (std::int64_t i = 0; i < half; ++i) part[i] = better(part[i], part[i + half]);
    }
    return better(winner, part[0]);
  }

  /// Each of n numbers `best` becomes the better of itself and those above it in rows that lie
  /// `pitch` apart.
  template <int rows>
  static void of_columns(const T* x, std::int64_t pitch, std::int64_t n, T* best) {
    std::int64_t j = 0;
    for (; j + L::width <= n; j += L::width) {
      Best winner(L::load(best + j));
      for (int row = 0; row < rows; ++row) winner.see(L::load(x + row * pitch + j));
      winner.value().store(best + j);
    }
    for (; j < n; ++j) {
      for (int row = 0; row < rows; ++row) best[j] = better(best[j], x[row * pitch + j]);
    }
  }

 private:
  using L = Lanes<T>;

  /// The processor's own max forgets NaN: where none was met is noted beside it.
  struct Best {
    explicit Best(L first) : number(first), ordered(is_number(first)) {}
    void see(L x) {
      number = sign > 0 ? max(number, x) : min(number, x);
      ordered = ordered & is_number(x);
    }
    L value() const { return where(ordered, number, L(std::numeric_limits<T>::quiet_NaN())); }

    L number;
    LaneMask<T> ordered;
  };
};

}  // namespace tapegrad::ops::kernels
