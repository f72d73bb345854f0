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
    if (n < L::width) return one_by_one(x, n, winner);
    std::int64_t j = 0;
    T best = start;
    if (n >= Best<4>::width) {
      Best<4> many;
      for (; j + many.width <= n; j += many.width) many.see(x + j);
      if (!many.is_certain()) return one_by_one(x, n, winner);
      best = many.value();
    }
    if (j < n) {
      Best<1> rest;
      for (; j + rest.width <= n; j += rest.width) rest.see(x + j);
      // Of equal worth however often they are met: the last register may overlap the one before.
      rest.see(x + n - rest.width);
      if (!rest.is_certain()) return one_by_one(x, n, winner);
      best = better(best, rest.value());
    }
    return better(winner, best);
  }

  /// Each of n numbers `best` becomes the better of itself and those above it in rows that lie
  /// `pitch` apart.
  template <int rows>
  static void of_columns(const T* x, std::int64_t pitch, std::int64_t n, T* best) {
    std::int64_t j = 0;
    for (; j + L::width <= n; j += L::width) {
      L winner = L::load(best + j);
      auto ordered = is_number(winner);
      for (int row = 0; row < rows; ++row) {
        const L here = L::load_once(x + row * pitch + j);
        winner = better_of_numbers(winner, here);
        ordered = ordered & is_number(here);
      }
      where(ordered, winner, L(std::numeric_limits<T>::quiet_NaN())).store(best + j);
    }
    for (; j < n; ++j) {
      for (int row = 0; row < rows; ++row) best[j] = better(best[j], x[row * pitch + j]);
    }
  }

 private:
  using L = Lanes<T>;

  static T one_by_one(const T* x, std::int64_t n, T winner) {
    for (std::int64_t j = 0; j < n; ++j) winner = better(winner, x[j]);
    return winner;
  }

  /// One instruction of the processor, which forgets NaN.
  template <class X>
  static X better_of_numbers(const X& a, const X& b) {
    using std::max, std::min, xsimd::max, xsimd::min;
    return sign > 0 ? max(a, b) : min(a, b);
  }

  /// The best of what is seen at each position of several registers, and the sum beside it, which
  /// finds a NaN with less work than a comparison of each number.
  template <int registers>
  struct Best {
    using Own = Lanes<T, registers>;
    static constexpr std::int64_t width = Own::width;

    void see(const T* x) {
      const Own here = Own::load_once(x);
      number = better_of_numbers(number, here);
      sum = sum + here;
    }
    /// Whether value() is the best: not if a NaN was seen, and not always if both infinities were.
    bool is_certain() const { return every(is_number(sum)); }
    T value() const {
      return horizontal_fold(number,
                             [](const auto& a, const auto& b) { return better_of_numbers(a, b); });
    }

    Own number = start;
    Own sum = 0;
  };
};

}  // namespace tapegrad::ops::kernels
