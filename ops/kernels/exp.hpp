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
// where eʳ is its Taylor polynomial, long enough for the type. Almost always eˣ is a normal number,
// and n is added to its exponent. Where one of a register may not be, 2ⁿ is multiplied in two
// halves, each of which is a normal number: where eˣ is subnormal the second multiplication rounds
// it. In double, what rounding cuts off from r and 1 + r is put back; in float that takes longer
// than the third of an ulp is worth.
// All but the rare case is inlined: a function that is called takes one register at a time through
// its chain of steps. See NOTE [Side by side].

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
  /// Between −ordinary and this it is a normal number.
  static constexpr float ordinary = 86;
};

template <>
struct ExpConstants<double> {
  using Bits = std::uint64_t;
  static constexpr int degree = 13;
  static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
  static constexpr double lowest = -746, highest = 710;
  static constexpr double ordinary = 708;
};

/// Added to a number, it rounds that to a whole one, which then stands in the last bits.
template <class T>
constexpr T last_place_one = static_cast<T>(3ULL << (std::numeric_limits<T>::digits - 2));

/// Where exponents begin.
template <class T>
constexpr int fraction_bits = std::numeric_limits<T>::digits - 1;

/// x·2ⁿ where x and that are normal numbers.
template <class T, int registers>
[[gnu::always_inline]] inline Lanes<T, registers> with_exponent(
    const Lanes<T, registers>& x, const Lanes<T, registers>& n_in_last_bits) {
  using B = xsimd::batch<typename ExpConstants<T>::Bits>;
  return Lanes<T, registers>::each(
      [](const xsimd::batch<T>& numbers, const xsimd::batch<T>& n) {
        return xsimd::bitwise_cast<xsimd::batch<T>>(
            xsimd::bitwise_cast<B>(numbers) + (xsimd::bitwise_cast<B>(n) << fraction_bits<T>));
      },
      x, n_in_last_bits);
}

/// finish(n_in_last_bits, one_and_r, rest), which make eˣ = 2ⁿ·(one_and_r + rest) before its last
/// roundings, for x within the constants' range.
template <class L, class F>
[[gnu::always_inline]] inline L exponential(L x, F finish) {
  using T = typename L::Number;
  using C = ExpConstants<T>;
  const L n_in_last_bits = fma(x, static_cast<T>(1.4426950408889634), last_place_one<T>);
  const L n = n_in_last_bits - last_place_one<T>;
  // x − n·ln 2 as r and what rounding cut off from it.
  const L reduced = fma(n, -C::ln2_high, x);
  const L r = fma(n, -C::ln2_low, reduced);
  // (eʳ − 1 − r) / r², two terms at a time: half as many steps that wait for one another.
  static_assert(C::degree % 2 == 1);
  const L square = r * r;
  T factorial = 1;
  for (int k = 2; k < C::degree; ++k) factorial *= static_cast<T>(k);
  L series = fma(L(1 / (factorial * C::degree)), r, 1 / factorial);
  for (int k = C::degree - 2; k > 2; k -= 2) {
    factorial /= static_cast<T>(k + 1);
    const L odd = 1 / factorial;
    factorial /= static_cast<T>(k);
    series = fma(series, square, fma(odd, r, 1 / factorial));
  }
  if constexpr (std::is_same_v<T, float>) {
    return finish(n_in_last_bits, L(1), fma(square, series, r));
  } else {
    const L r_low = fma(n, -C::ln2_low, reduced - r);
    const L one_and_r = T(1) + r;
    return finish(n_in_last_bits, one_and_r, fma(square, series, (r - (one_and_r - T(1))) + r_low));
  }
}

/// eˣ for |x| < ExpConstants<T>::ordinary.
template <class L>
[[gnu::always_inline]] inline L ordinary_exp(L x) {
  return exponential(x, [](const L& n_in_last_bits, const L& one_and_r, const L& rest) {
    return with_exponent(one_and_r + rest, n_in_last_bits);
  });
}

/// e^(x + low), as exactly as exp, for x from ExpConstants<T>::lowest to 0 and a `low` far below
/// it: down there one power serves, 2^more times too large to become subnormal.
template <class L>
[[gnu::always_inline]] inline L exponential_below_one(L x, L low) {
  using T = typename L::Number;
  constexpr int more = std::numeric_limits<T>::max_exponent / 2;
  return exponential(x, [&](const L& n_in_last_bits, const L& one_and_r, const L& rest) {
    const L whole_rest = fma(low, one_and_r + rest, rest);
    return (one_and_r + whole_rest) * with_exponent(L(std::ldexp(T(1), more)), n_in_last_bits) *
           std::ldexp(T(1), -more);
  });
}

/// eˣ for any x. Not inlined: hardly ever needed.
template <class L>
[[gnu::noinline]] L any_exp(L x) {
  using T = typename L::Number;
  using C = ExpConstants<T>;
  const L result = exponential(min(max(x, C::lowest), C::highest),
                               [](const L& n_in_last_bits, const L& one_and_r, const L& rest) {
                                 const L n = n_in_last_bits - last_place_one<T>;
                                 const L half = floor(n * T(0.5));
                                 return (one_and_r + rest) *
                                        with_exponent(L(1), half + last_place_one<T>) *
                                        with_exponent(L(1), n - half + last_place_one<T>);
                               });
  return where(is_number(x), result, x);
}

}  // namespace kernels

/// eˣ, within 1 ulp in double and 1.1 in float. See NOTE [Our own exp].
template <class T, int registers>
[[gnu::always_inline]] inline Lanes<T, registers> exp(Lanes<T, registers> x) {
  const bool ordinary = every(abs(x) < Lanes<T, registers>(kernels::ExpConstants<T>::ordinary));
  return ordinary ? kernels::ordinary_exp(x) : kernels::any_exp(x);
}

}  // namespace tapegrad::ops
