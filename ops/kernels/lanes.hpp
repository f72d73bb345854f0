#pragma once

// xsimd stays inside .cpp files: its types depend on the compiler's -march, and a header that
// showed them would bind our users to the flags we were built with.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#include <tapegrad/ops/kernels/exp.hpp>

namespace tapegrad::ops {

template <class T>
struct LaneMask;

/// One SIMD register of T, with the operators and functions that gates are written in.
template <class T>
struct Lanes {
  using Batch = xsimd::batch<T>;
  static constexpr std::int64_t width = static_cast<std::int64_t>(Batch::size);

  Batch batch;

  Lanes() = default;
  Lanes(Batch b) : batch(b) {}
  Lanes(T number) : batch(number) {}
  template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
  Lanes(Number number) : batch(static_cast<T>(number)) {}

  static Lanes load(const T* from) { return Batch::load_unaligned(from); }
  void store(T* to) const { batch.store_unaligned(to); }

  /// The first `count` < width elements; the rest repeats the first, so that no lane computes on
  /// a number that is not there.
  static Lanes load_part(const T* from, std::int64_t count) {
    return load_part(from, count, *from);
  }
  /// The first `count` < width elements; the rest is `filling`.
  static Lanes load_part(const T* from, std::int64_t count, T filling) {
    T buffer[width];
    std::fill(std::copy(from, from + count, buffer), buffer + width, filling);
    return load(buffer);
  }
  void store_part(T* to, std::int64_t count) const {
    T buffer[width];
    store(buffer);
    std::copy(buffer, buffer + count, to);
  }

  friend Lanes operator+(Lanes a, Lanes b) { return a.batch + b.batch; }
  friend Lanes operator-(Lanes a, Lanes b) { return a.batch - b.batch; }
  friend Lanes operator*(Lanes a, Lanes b) { return a.batch * b.batch; }
  friend Lanes operator/(Lanes a, Lanes b) { return a.batch / b.batch; }
  friend Lanes operator-(Lanes a) { return -a.batch; }
  friend LaneMask<T> operator>(Lanes a, Lanes b) { return {a.batch > b.batch}; }
  friend LaneMask<T> operator>=(Lanes a, Lanes b) { return {a.batch >= b.batch}; }
  friend LaneMask<T> operator<(Lanes a, Lanes b) { return {a.batch < b.batch}; }
  friend LaneMask<T> operator<=(Lanes a, Lanes b) { return {a.batch <= b.batch}; }
  friend LaneMask<T> operator==(Lanes a, Lanes b) { return {a.batch == b.batch}; }
  /// Not `a.batch != b.batch`, which is false for NaN.
  friend LaneMask<T> operator!=(Lanes a, Lanes b) { return {!(a.batch == b.batch)}; }
  /// Not NaN.
  friend LaneMask<T> is_number(Lanes a) {
    return {a.batch == a.batch};  // NOLINT(misc-redundant-expression)
  }
  friend LaneMask<T> truth(Lanes a) { return a != Lanes(T(0)); }

  /// a · b + c, rounded once where the processor can.
  friend Lanes fma(Lanes a, Lanes b, Lanes c) { return xsimd::fma(a.batch, b.batch, c.batch); }

  /// The larger and the smaller of two; which one beside NaN is up to the processor.
  friend Lanes max(Lanes a, Lanes b) { return xsimd::max(a.batch, b.batch); }
  friend Lanes min(Lanes a, Lanes b) { return xsimd::min(a.batch, b.batch); }

  friend Lanes number_like(Lanes, double number) { return number; }

  friend Lanes abs(Lanes a) { return xsimd::abs(a.batch); }
  friend Lanes cos(Lanes a) { return xsimd::cos(a.batch); }
  friend Lanes exp(Lanes a) { return kernels::exponential<T>(a.batch); }
  friend Lanes expm1(Lanes a) { return xsimd::expm1(a.batch); }
  /// xsimd's takes subnormal numbers of type double for 0.
  friend Lanes log(Lanes a) {
    if constexpr (std::is_same_v<T, float>) return xsimd::log(a.batch);
    const LaneMask<T> subnormal = a < Lanes(std::numeric_limits<T>::min());
    const Lanes normal = where(subnormal, a * Lanes(std::ldexp(T(1), 54)), a);
    const Lanes shift = where(subnormal, Lanes(-54 * std::log(T(2))), Lanes(T(0)));
    return Lanes(xsimd::log(normal.batch)) + shift;
  }
  friend Lanes log1p(Lanes a) { return xsimd::log1p(a.batch); }
  /// Number by number: the library's own pow keeps what xsimd's loses, 2 ulp and special values.
  friend Lanes pow(Lanes a, Lanes b) {
    T base[width], exponent[width];
    a.store(base);
    b.store(exponent);
    for (std::int64_t i = 0; i < width; ++i) base[i] = std::pow(base[i], exponent[i]);
    return load(base);
  }
  friend Lanes sin(Lanes a) { return xsimd::sin(a.batch); }
  friend Lanes sqrt(Lanes a) { return xsimd::sqrt(a.batch); }
  friend Lanes tanh(Lanes a) { return xsimd::tanh(a.batch); }
};

template <class T>
struct LaneMask {
  typename Lanes<T>::Batch::batch_bool_type mask;
  friend LaneMask operator&(LaneMask a, LaneMask b) { return {a.mask & b.mask}; }
  friend Lanes<T> where(LaneMask condition, Lanes<T> yes, Lanes<T> no) {
    return xsimd::select(condition.mask, yes.batch, no.batch);
  }
};

/// The sum of the lanes.
template <class T>
T horizontal_sum(Lanes<T> a) {
  return xsimd::hadd(a.batch);
}

}  // namespace tapegrad::ops
