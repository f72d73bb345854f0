#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>

namespace tapegrad::ops::kernels {

// NOTE [Small losses]
// log Σ eˣ is m + log1p(rest), where m is the maximum and rest the sum of e^(x − m) over all other
// elements. A classifier that is sure has a tiny rest, which would drown in 1 + rest; so elements
// that equal m are counted apart. The difference x − m is rounded, and e^(x − m) would repeat that
// error |x − m| times as large; so the part that rounding cut off is put back.

/// e^(x − shift) for a finite shift and x from −∞ to it.
template <class T>
Lanes<T> shifted_exp(Lanes<T> x, Lanes<T> shift) {
  const Lanes<T> lowest = ExpConstants<T>::lowest;
  const Lanes<T> difference = x - shift;
  const Lanes<T> back = difference - x;
  const Lanes<T> cut_off = (x - (difference - back)) - (shift + back);
  // NaN where x is infinite.
  const Lanes<T> low = where(difference > lowest, cut_off, Lanes<T>(T(0)));
  return exponential_below_one<T>(max(difference, lowest).batch, low.batch);
}

/// A sum of exponentials: the number of elements that equal the shift, and the sum of the others.
struct ShiftedSum {
  double ties = 0;
  double rest = 0;

  /// Its logarithm.
  double log() const { return std::log1p((ties - 1) + rest); }
};

/// Where x equals the shift: a one in `ties`; elsewhere e^(x − shift) is added to `width` sums in
/// double, since a float's last digit is gone after a few additions.
template <class T>
[[gnu::always_inline]] inline void add_shifted(Lanes<T> x, Lanes<T> shift, Lanes<T>& ties,
                                               double* rest) {
  const LaneMask<T> tie = x == shift;
  ties = ties + where(tie, Lanes<T>(T(1)), Lanes<T>(T(0)));
  T part[Lanes<T>::width];
  where(tie, Lanes<T>(T(0)), shifted_exp(x, shift)).store(part);
  for (std::int64_t i = 0; i < Lanes<T>::width; ++i) rest[i] += static_cast<double>(part[i]);
}

/// Over a row of n elements, `shift` being their maximum and finite.
template <class T>
ShiftedSum shifted_sum(const T* x, std::int64_t n, T shift) {
  constexpr std::int64_t width = Lanes<T>::width;
  ShiftedSum sum;
  double rest[width] = {};
  for (std::int64_t start = 0; start < n; start += most_in_a_row) {
    const std::int64_t stop = std::min(n, start + most_in_a_row);
    Lanes<T> ties = T(0);
    for (std::int64_t j = start; j < stop; j += width) {
      // e^−∞ adds nothing.
      constexpr T nothing = -std::numeric_limits<T>::infinity();
      const Lanes<T> part =
          j + width <= stop ? Lanes<T>::load(x + j) : Lanes<T>::load_part(x + j, stop - j, nothing);
      add_shifted<T>(part, shift, ties, rest);
    }
    sum.ties += static_cast<double>(horizontal_sum(ties));
  }
  for (const double part : rest) sum.rest += part;
  return sum;
}

}  // namespace tapegrad::ops::kernels
