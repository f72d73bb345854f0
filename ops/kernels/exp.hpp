#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include <tapegrad/ops/kernels/lanes.hpp>

namespace tapegrad::ops {

namespace kernels {

// NOTE [Our own exp]
// xsimd's exp gives inf and 0 before the numbers end: floats above 88.58 of 88.72, and nothing
// below the smallest normal number. So: eˣ = 2ⁿ·eʳ with n = round(x / ln 2) and |r| ≤ ln 2 / 2,
// where eʳ is its Taylor polynomial, long enough for the type, and 2ⁿ is multiplied in two halves,
// each of which is a normal number; where eˣ is subnormal the second multiplication rounds it. In
// double, what rounding cuts off from r and 1 + r is put back; in float that takes longer than the
// third of an ulp is worth.
// Inlined everywhere: a function that is called takes one register at a time through its chain of
// steps. See NOTE [Side by side].

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
template <class T, int registers>
[[gnu::always_inline]] inline Lanes<T, registers> power_of_two(Lanes<T, registers> n,
                                                               int more = 0) {
  using Bits = typename ExpConstants<T>::Bits;
  using B = xsimd::batch<Bits>;
  constexpr int fraction_bits = std::numeric_limits<T>::digits - 1;
  const B bias(static_cast<Bits>(std::numeric_limits<T>::max_exponent - 1 + more));
  const Lanes<T, registers> last_place_one = static_cast<T>(3ULL << (fraction_bits - 1));
  return Lanes<T, registers>::each(
      [&](const xsimd::batch<T>& x) {
        const B bits = xsimd::bitwise_cast<B>(x);
        return xsimd::bitwise_cast<xsimd::batch<T>>((bits + bias) << fraction_bits);
      },
      n + last_place_one);
}

/// finish(n, one_and_r, rest), which make eˣ = 2ⁿ·(one_and_r + rest) before its last roundings, for
/// x within the constants' range.
template <class L, class F>
[[gnu::always_inline]] inline L exponential(L x, F finish) {
  using T = typename L::Number;
  using C = ExpConstants<T>;
  const L n = nearbyint(x * static_cast<T>(1.4426950408889634));
  // x − n·ln 2 as r and what rounding cut off from it.
  const L reduced = fma(n, -C::ln2_high, x);
  const L r = fma(n, -C::ln2_low, reduced);
  T factorial = 1;
  for (int k = 2; k <= C::degree; ++k) factorial *= static_cast<T>(k);
  L series = 1 / factorial;
  for (int k = C::degree; k > 2; --k) {
    factorial /= static_cast<T>(k);
    series = fma(series, r, 1 / factorial);
  }
  if constexpr (std::is_same_v<T, float>) {
    return finish(n, L(1), fma(r * r, series, r));
  } else {
    const L r_low = fma(n, -C::ln2_low, reduced - r);
    const L one_and_r = T(1) + r;
    return finish(n, one_and_r, fma(r * r, series, (r - (one_and_r - T(1))) + r_low));
  }
}

/// e^(x + low), as exactly as exp, for x from ExpConstants<T>::lowest to 0 and a `low` far below
/// it: down there one power serves, 2^more times too large to become subnormal.
template <class L>
[[gnu::always_inline]] inline L exponential_below_one(L x, L low) {
  using T = typename L::Number;
  constexpr int more = std::numeric_limits<T>::max_exponent / 2;
  return exponential(x, [&](const L& n, const L& one_and_r, const L& rest) {
    const L whole_rest = fma(low, one_and_r + rest, rest);
    return (one_and_r + whole_rest) * power_of_two(n, more) * std::ldexp(T(1), -more);
  });
}

}  // namespace kernels

/// eˣ, within 1 ulp in double and 1.1 in float. See NOTE [Our own exp].
template <class T, int registers>
[[gnu::always_inline]] inline Lanes<T, registers> exp(Lanes<T, registers> x) {
  using L = Lanes<T, registers>;
  using C = kernels::ExpConstants<T>;
  const L result = kernels::exponential(
      min(max(x, C::lowest), C::highest), [](const L& n, const L& one_and_r, const L& rest) {
        const L half = floor(n * T(0.5));
        return (one_and_r + rest) * kernels::power_of_two(half) * kernels::power_of_two(n - half);
      });
  return where(is_number(x), result, x);
}

}  // namespace tapegrad::ops
