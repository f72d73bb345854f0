#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>

namespace tapegrad::ops::kernels {

// NOTE [Small losses]
// log Σ eˣ is m + log1p(rest), where m is the maximum and rest the sum of e^(x − m) over all other
// elements. A classifier that is sure has a tiny rest, which would drown in 1 + rest; so elements
// that equal m are counted apart. The difference x − m is rounded, and e^(x − m) would repeat that
// error |x − m| times as large; so the part that rounding cut off is put back.

/// e^(x − shift).
template <class T>
Lanes<T> shifted_exp(Lanes<T> x, Lanes<T> shift) {
  const Lanes<T> difference = x - shift;
  const Lanes<T> back = difference - x;
  const Lanes<T> cut_off = (x - (difference - back)) - (shift + back);
  // NaN where x is infinite.
  const Lanes<T> low = where(cut_off == cut_off, cut_off, Lanes<T>(T(0)));
  return exponential<T>(difference.batch, low.batch);
}

/// A sum of exponentials: the number of elements that equal the shift, and the sum of the others.
struct ShiftedSum {
  double ties = 0;
  double rest = 0;

  /// Its logarithm.
  double log() const { return std::log1p((ties - 1) + rest); }
};

/// Adds e^(x − shift) of one register's worth of elements to two registers of sums.
template <class T>
void add_shifted(Lanes<T> x, Lanes<T> shift, Lanes<T>& ties, Lanes<T>& rest) {
  const LaneMask<T> tie = x == shift;
  ties = ties + where(tie, Lanes<T>(T(1)), Lanes<T>(T(0)));
  rest = rest + where(tie, Lanes<T>(T(0)), shifted_exp(x, shift));
}

/// What the maximum m of a group is shifted by: infinite scores must not give inf − inf.
template <class T>
T finite_shift(T m) {
  return std::isfinite(m) ? m : T(0);
}

/// Over a row of n elements. See NOTE [Wide sums].
template <class T>
ShiftedSum shifted_sum(const T* x, std::int64_t n, T shift) {
  constexpr std::int64_t width = Lanes<T>::width;
  ShiftedSum sum;
  for (std::int64_t start = 0; start < n; start += most_in_a_row) {
    const std::int64_t stop = std::min(n, start + most_in_a_row);
    Lanes<T> ties = T(0), rest = T(0);
    std::int64_t j = start;
    for (; j + width <= stop; j += width) add_shifted<T>(Lanes<T>::load(x + j), shift, ties, rest);
    sum.ties += static_cast<double>(horizontal_sum(ties));
    sum.rest += static_cast<double>(horizontal_sum(rest));
    if (j < stop) {
      ties = rest = T(0);
      add_shifted<T>(Lanes<T>::load_part(x + j, stop - j), shift, ties, rest);
      T tie_part[width], rest_part[width];
      ties.store(tie_part);
      rest.store(rest_part);
      for (std::int64_t i = 0; i < stop - j; ++i) {
        sum.ties += static_cast<double>(tie_part[i]);
        sum.rest += static_cast<double>(rest_part[i]);
      }
    }
  }
  return sum;
}

}  // namespace tapegrad::ops::kernels
