#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include <xsimd/xsimd.hpp>

namespace tapegrad::ops::kernels {

// NOTE [Our own exp]
// xsimd's exp gives inf and 0 before the numbers end: floats above 88.58 of 88.72, and nothing
// below the smallest normal number. So: eˣ = 2ⁿ·eʳ with n = round(x / ln 2) and |r| ≤ ln 2 / 2,
// where eʳ is its Taylor polynomial, long enough for the type, and 2ⁿ is multiplied in two halves,
// each of which is a normal number; where eˣ is subnormal the second multiplication rounds it.

template <class T>
struct ExpConstants;

template <>
struct ExpConstants<float> {
  using Bits = std::uint32_t;
  static constexpr int degree = 7;
  // ln 2 in two parts: n times the first is exact.
  static constexpr float ln2_high = 0x1.62e4p-1F, ln2_low = 0x1.7f7d1cp-20F;
  /// Beyond these the result is 0 and infinite.
  static constexpr float lowest = -104, highest = 89;
};

template <>
struct ExpConstants<double> {
  using Bits = std::uint64_t;
  static constexpr int degree = 13;
  static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
  static constexpr double lowest = -746, highest = 710;
};

/// 2ⁿ for whole numbers n of normal powers: added to a number whose last place is 1, n stands in
/// the last bits, from where it is shifted into the exponent.
template <class T>
xsimd::batch<T> power_of_two(xsimd::batch<T> n) {
  using Bits = typename ExpConstants<T>::Bits;
  using B = xsimd::batch<Bits>;
  constexpr int fraction_bits = std::numeric_limits<T>::digits - 1;
  constexpr Bits bias = std::numeric_limits<T>::max_exponent - 1;
  const xsimd::batch<T> last_place_one(static_cast<T>(3ULL << (fraction_bits - 1)));
  const B bits = xsimd::bitwise_cast<B>(n + last_place_one);
  return xsimd::bitwise_cast<xsimd::batch<T>>((bits + B(bias)) << fraction_bits);
}

/// eʳ·2ⁿ before its last roundings: eʳ = one_and_r + rest.
template <class T>
struct Exponential {
  using Batch = xsimd::batch<T>;

  explicit Exponential(Batch x) {
    using C = ExpConstants<T>;
    const Batch in_range = xsimd::min(xsimd::max(x, Batch(C::lowest)), Batch(C::highest));
    n = xsimd::nearbyint(in_range * Batch(static_cast<T>(1.4426950408889634)));
    // x − n·ln 2 as r and what rounding cut off from it.
    const Batch reduced = xsimd::fnma(n, Batch(C::ln2_high), in_range);
    const Batch r = xsimd::fnma(n, Batch(C::ln2_low), reduced);
    const Batch r_low = xsimd::fnma(n, Batch(C::ln2_low), reduced - r);
    T factorial = 1;
    for (int k = 2; k <= C::degree; ++k) factorial *= static_cast<T>(k);
    Batch series(1 / factorial);
    for (int k = C::degree; k > 2; --k) {
      factorial /= static_cast<T>(k);
      series = xsimd::fma(series, r, Batch(1 / factorial));
    }
    const Batch one(T(1));
    one_and_r = one + r;
    rest = xsimd::fma(r * r, series, (r - (one_and_r - one)) + r_low);
  }

  Batch scaled(Batch e) const {
    const Batch half = xsimd::floor(n * Batch(T(0.5)));
    return e * power_of_two<T>(half) * power_of_two<T>(n - half);
  }

  Batch n, one_and_r, rest;
};

/// eˣ, within 1 ulp. See NOTE [Our own exp].
template <class T>
xsimd::batch<T> exponential(xsimd::batch<T> x) {
  const Exponential<T> e(x);
  return xsimd::select(x == x, e.scaled(e.one_and_r + e.rest), x);
}

/// e^(x + low) for a finite `low` far below x, within 1 ulp.
template <class T>
xsimd::batch<T> exponential(xsimd::batch<T> x, xsimd::batch<T> low) {
  const Exponential<T> e(x);
  const xsimd::batch<T> rest = xsimd::fma(low, e.one_and_r + e.rest, e.rest);
  return xsimd::select(x == x, e.scaled(e.one_and_r + rest), x);
}

}  // namespace tapegrad::ops::kernels
