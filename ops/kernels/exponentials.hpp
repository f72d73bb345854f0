#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <tapegrad/ops/kernels/exp.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>

namespace tapegrad::ops::kernels {

// NOTE [Small losses]
// log Σ eˣ is m + log1p(rest), where m is the maximum and rest the sum of e^(x − m) over all other
// elements. A classifier that is sure has a tiny rest, which would drown in 1 + rest; so elements
// that equal m are counted apart. The difference x − m is rounded, and e^(x − m) would repeat that
// error |x − m| times as large; so the part that rounding cut off is put back.

/// e^(x − shift) for a finite shift and x from −∞ to it.
template <class L, class T = typename L::Number>
[[gnu::always_inline]] inline L shifted_exp(L x, L shift) {
  const L lowest = ExpConstants<T>::lowest;
  const L difference = x - shift;
  const L back = difference - x;
  const L cut_off = (x - (difference - back)) - (shift + back);
  // NaN where x is infinite.
  const L low = where(difference > lowest, cut_off, L(0));
  return exponential_below_one(max(difference, lowest), low);
}

/// A sum of exponentials: the number of elements that equal the shift, and the sum of the others.
struct ShiftedSum {
  double ties = 0;
  double rest = 0;

  /// Its logarithm.
  double log() const { return std::log1p(beyond_one()); }
  /// What it is more than 1.
  double beyond_one() const { return (ties - 1) + rest; }
};

/// Adds e^(x − shift) for the numbers of several registers to sums for each position in them, those
/// in double, since a float's last digit is gone after a few additions.
template <class T, int registers>
class ShiftedSums {
 public:
  using L = Lanes<T, registers>;
  static constexpr std::int64_t width = L::width;

  [[gnu::always_inline]] void add(L x, L shift) {
    const auto tie = x == shift;
    ties = ties + where(tie, L(1), L(0));
    T part[width];
    where(tie, L(0), shifted_exp(x, shift)).store(part);
    for (int i = 0; i < doubles; ++i) rest[i] = rest[i] + Wide::load(part + i * Wide::width);
  }

  /// How often x equalled the shift, position by position, and the sums of all other exponentials.
  void store(T* tie_counts, double* sums) const {
    ties.store(tie_counts);
    for (int i = 0; i < doubles; ++i) rest[i].store(sums + i * Wide::width);
  }

  ShiftedSum total() const {
    ShiftedSum sum;
    sum.ties = static_cast<double>(horizontal_sum(ties));
    for (const Wide& part : rest) sum.rest += horizontal_sum(part);
    return sum;
  }

 private:
  using Wide = Lanes<double>;
  static constexpr int doubles = static_cast<int>(width / Wide::width);

  L ties = T(0);
  Wide rest[doubles] = {};
};

/// Over a row of n elements, `shift` being their maximum and finite.
template <class T>
ShiftedSum shifted_sum(const T* x, std::int64_t n, T shift) {
  using Sums = ShiftedSums<T, 2>;
  using L = typename Sums::L;
  // e^−∞ adds nothing.
  constexpr T nothing = -std::numeric_limits<T>::infinity();
  ShiftedSum sum;
  for (std::int64_t start = 0; start < n; start += most_in_a_row) {
    const std::int64_t stop = std::min(n, start + most_in_a_row);
    Sums sums;
    std::int64_t j = start;
    for (; j + L::width <= stop; j += L::width) sums.add(L::load(x + j), shift);
    if (j < stop) sums.add(L::load_part(x + j, stop - j, nothing), shift);
    const ShiftedSum more = sums.total();
    sum.ties += more.ties;
    sum.rest += more.rest;
  }
  return sum;
}

}  // namespace tapegrad::ops::kernels
