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

/// 2^(n + more) for whole numbers n, the power being a normal number: added to a number whose last
/// place is 1, n stands in the last bits, from where it is shifted into the exponent.
template <class T>
xsimd::batch<T> power_of_two(xsimd::batch<T> n, int more = 0) {
  using Bits = typename ExpConstants<T>::Bits;
  using B = xsimd::batch<Bits>;
  constexpr int fraction_bits = std::numeric_limits<T>::digits - 1;
  const int bias = std::numeric_limits<T>::max_exponent - 1 + more;
  const xsimd::batch<T> last_place_one(static_cast<T>(3ULL << (fraction_bits - 1)));
  const B bits = xsimd::bitwise_cast<B>(n + last_place_one);
  return xsimd::bitwise_cast<xsimd::batch<T>>((bits + B(static_cast<Bits>(bias))) << fraction_bits);
}

/// eˣ before its last roundings, for x within the constants' range: 2ⁿ·(one_and_r + rest).
template <class T>
struct Exponential {
  using Batch = xsimd::batch<T>;

  explicit Exponential(Batch x) {
    using C = ExpConstants<T>;
    n = xsimd::nearbyint(x * Batch(static_cast<T>(1.4426950408889634)));
    // x − n·ln 2 as r and what rounding cut off from it.
    const Batch reduced = xsimd::fnma(n, Batch(C::ln2_high), x);
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

  Batch n, one_and_r, rest;
};

/// eˣ, within 1 ulp. See NOTE [Our own exp].
template <class T>
xsimd::batch<T> exponential(xsimd::batch<T> x) {
  using Batch = xsimd::batch<T>;
  using C = ExpConstants<T>;
  const Exponential<T> e(xsimd::min(xsimd::max(x, Batch(C::lowest)), Batch(C::highest)));
  const Batch half = xsimd::floor(e.n * Batch(T(0.5)));
  const Batch result = (e.one_and_r + e.rest) * power_of_two<T>(half) * power_of_two<T>(e.n - half);
  return xsimd::select(xsimd::isnan(x), x, result);
}

/// e^(x + low), within 1 ulp, for x from ExpConstants<T>::lowest to 0 and a `low` far below it:
/// down there one power serves, 2^more times too large to become subnormal.
template <class T>
xsimd::batch<T> exponential_below_one(xsimd::batch<T> x, xsimd::batch<T> low) {
  using Batch = xsimd::batch<T>;
  constexpr int more = std::numeric_limits<T>::max_exponent / 2;
  const Exponential<T> e(x);
  const Batch rest = xsimd::fma(low, e.one_and_r + e.rest, e.rest);
  return (e.one_and_r + rest) * power_of_two<T>(e.n, more) * Batch(std::ldexp(T(1), -more));
}

}  // namespace tapegrad::ops::kernels
