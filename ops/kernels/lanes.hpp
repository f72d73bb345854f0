#pragma once

// xsimd stays inside .cpp files: its types depend on the compiler's -march, and a header that
// showed them would bind our users to the flags we were built with.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <xsimd/xsimd.hpp>

namespace tapegrad::ops {

template <class T, int registers>
struct LaneMask;

/// A power of two of registers or masks; not an array, which GCC would keep in memory.
template <class Batch, int count>
struct Registers {
  using Half = Registers<Batch, count / 2>;
  Half low, high;

  /// Made of f(0), f(1), …
  template <class F>
  [[gnu::always_inline]] static Registers make(F f, int first = 0) {
    return {Half::make(f, first), Half::make(f, first + count / 2)};
  }
  /// f for each register of the operands.
  template <class F, class... Operand>
  [[gnu::always_inline]] static Registers map(F f, const Operand&... x) {
    return {Half::map(f, x.low...), Half::map(f, x.high...)};
  }
  /// Calls f(register, number of the register).
  template <class F>
  [[gnu::always_inline]] void visit(F f, int first = 0) const {
    low.visit(f, first);
    high.visit(f, first + count / 2);
  }
  /// One register of all, merged pair by pair.
  template <class F>
  [[gnu::always_inline]] Batch fold(F merge) const {
    return merge(low.fold(merge), high.fold(merge));
  }
};

template <class Batch>
struct Registers<Batch, 1> {
  Batch batch;

  template <class F>
  [[gnu::always_inline]] static Registers make(F f, int first = 0) {
    return {f(first)};
  }
  template <class F, class... Operand>
  [[gnu::always_inline]] static Registers map(F f, const Operand&... x) {
    return {f(x.batch...)};
  }
  template <class F>
  [[gnu::always_inline]] void visit(F f, int first = 0) const {
    f(batch, first);
  }
  template <class F>
  [[gnu::always_inline]] Batch fold(F) const {
    return batch;
  }
};

// NOTE [Side by side]
// A function such as exp is a chain of some twenty steps, each of which waits for the one before,
// and processors look ahead too little to begin with the next register meanwhile. So Lanes may be
// several registers, through which every step goes before the next.

/// Numbers in SIMD registers, with the operators and functions that gates are written in.
template <class T, int registers = 1>
struct Lanes {
  using Number = T;
  using Batch = xsimd::batch<T>;
  using Mask = LaneMask<T, registers>;
  static constexpr std::int64_t register_width = static_cast<std::int64_t>(Batch::size);
  static constexpr std::int64_t width = registers * register_width;

  Registers<Batch, registers> all;

  Lanes() = default;
  Lanes(const Registers<Batch, registers>& batches) : all(batches) {}
  template <class N, class = std::enable_if_t<std::is_arithmetic_v<N>>>
  Lanes(N number) : all(all.make([&](int) { return Batch(static_cast<T>(number)); })) {}

  /// f for each register of the operands.
  template <class F, class... Operand>
  static Lanes each(F f, const Operand&... x) {
    return Registers<Batch, registers>::map(f, x.all...);
  }
  /// The same for an f that decides.
  template <class F, class... Operand>
  static Mask each_decides(F f, const Operand&... x) {
    return {Registers<typename Batch::batch_bool_type, registers>::map(f, x.all...)};
  }

  /// Numbers of T, or of another type that are converted.
  template <class N>
  static Lanes load(const N* from) {
    return Registers<Batch, registers>::make(
        [&](int i) { return Batch::load_unaligned(from + i * register_width); });
  }
  /// The same for numbers that are used twice at once. GCC would load them twice, and where little
  /// is done with them loading is what takes the time.
  static Lanes load_once(const T* from) {
    return each(
        [](Batch x) {
#if defined(__GNUC__) && defined(__SSE2__)
          asm("" : "+x"(x.data));
#endif
          return x;
        },
        load(from));
  }
  void store(T* to) const {
    all.visit([&](const Batch& x, int i) { x.store_unaligned(to + i * register_width); });
  }

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

#define TAPEGRAD_LANES(head, expression)                              \
  friend Lanes head(Lanes a) {                                        \
    return each([](const Batch& x) { return Batch(expression); }, a); \
  }
#define TAPEGRAD_LANES_OF_TWO(head, expression)                                          \
  friend Lanes head(Lanes a, Lanes b) {                                                  \
    return each([](const Batch& x, const Batch& y) { return Batch(expression); }, a, b); \
  }
#define TAPEGRAD_LANES_COMPARED(head, expression)                                         \
  friend Mask head(Lanes a, Lanes b) {                                                    \
    return each_decides([](const Batch& x, const Batch& y) { return expression; }, a, b); \
  }
  TAPEGRAD_LANES_OF_TWO(operator+, x + y)
  TAPEGRAD_LANES_OF_TWO(operator-, x - y)
  TAPEGRAD_LANES_OF_TWO(operator*, x* y)
  TAPEGRAD_LANES_OF_TWO(operator/, x / y)
  TAPEGRAD_LANES(operator-, -x)
  TAPEGRAD_LANES_COMPARED(operator>, x > y)
  TAPEGRAD_LANES_COMPARED(operator>=, x >= y)
  TAPEGRAD_LANES_COMPARED(operator<, x < y)
  TAPEGRAD_LANES_COMPARED(operator<=, x <= y)
  TAPEGRAD_LANES_COMPARED(operator==, x == y)
  /// Not x != y, which is false for NaN.
  TAPEGRAD_LANES_COMPARED(operator!=, !(x == y))
  /// The larger and the smaller of two; which one beside NaN is up to the processor.
  TAPEGRAD_LANES_OF_TWO(max, xsimd::max(x, y))
  TAPEGRAD_LANES_OF_TWO(min, xsimd::min(x, y))
  TAPEGRAD_LANES_OF_TWO(copysign, xsimd::copysign(x, y))
  TAPEGRAD_LANES(abs, xsimd::abs(x))
  TAPEGRAD_LANES(cos, xsimd::cos(x))
  TAPEGRAD_LANES(expm1, xsimd::expm1(x))
  TAPEGRAD_LANES(floor, xsimd::floor(x))
  TAPEGRAD_LANES(log1p, xsimd::log1p(x))
  TAPEGRAD_LANES(sin, xsimd::sin(x))
  TAPEGRAD_LANES(sqrt, xsimd::sqrt(x))
#undef TAPEGRAD_LANES
#undef TAPEGRAD_LANES_OF_TWO
#undef TAPEGRAD_LANES_COMPARED

  /// Not NaN.
  friend Mask is_number(Lanes a) {
    return a == a;  // NOLINT(misc-redundant-expression)
  }
  friend Mask truth(Lanes a) {
    return a != Lanes(0);
  }

  /// a · b + c, rounded once where the processor can.
  friend Lanes fma(Lanes a, Lanes b, Lanes c) {
    return each([](const Batch& x, const Batch& y, const Batch& z) { return xsimd::fma(x, y, z); },
                a, b, c);
  }

  friend Lanes number_like(Lanes, double number) {
    return number;
  }

  /// xsimd's takes subnormal numbers of type double for 0.
  friend Lanes log(Lanes a) {
    const auto whole = [](const Batch& x) { return xsimd::log(x); };
    if constexpr (std::is_same_v<T, float>) return each(whole, a);
    const Mask subnormal = a < Lanes(std::numeric_limits<T>::min());
    const Lanes normal = where(subnormal, a * Lanes(std::ldexp(T(1), 54)), a);
    const Lanes shift = where(subnormal, Lanes(-54 * std::log(T(2))), Lanes(0));
    return each(whole, normal) + shift;
  }
  /// Number by number: the library's own pow keeps what xsimd's loses, 2 ulp and special values.
  friend Lanes pow(Lanes a, Lanes b) {
    T base[width], exponent[width];
    a.store(base);
    b.store(exponent);
    for (std::int64_t i = 0; i < width; ++i) base[i] = std::pow(base[i], exponent[i]);
    return load(base);
  }
};

/// Which of the numbers in Lanes are chosen.
template <class T, int registers>
struct LaneMask {
  using L = Lanes<T, registers>;
  using Bits = typename L::Batch::batch_bool_type;

  Registers<Bits, registers> all;

  friend LaneMask operator&(LaneMask a, LaneMask b) {
    return L::each_decides([](const Bits& x, const Bits& y) { return x & y; }, a, b);
  }
  friend L where(LaneMask condition, L yes, L no) {
    using Batch = typename L::Batch;
    return L::each(
        [](const Bits& c, const Batch& y, const Batch& n) { return xsimd::select(c, y, n); },
        condition, yes, no);
  }
  /// Whether every number is chosen.
  friend bool every(const LaneMask& a) {
    return xsimd::all(a.all.fold([](const Bits& x, const Bits& y) { return x & y; }));
  }
};

/// Asks the memory for what a loop that has come to x, and reads `count` numbers a step, will read
/// some steps later. It need not exist. Processors look ahead by themselves, but less far the more
/// there is to do with each number.
template <class T>
[[gnu::always_inline]] inline void prefetch(const T* x, std::int64_t count) {
  constexpr std::int64_t ahead = 2048 / sizeof(T), line = 64 / sizeof(T);
  for (std::int64_t i = 0; i < count; i += line) __builtin_prefetch(x + ahead + i);
}

/// The sum of the registers, position by position.
template <class T, int registers>
Lanes<T> sum_of_registers(const Lanes<T, registers>& a) {
  using Batch = typename Lanes<T>::Batch;
  return Registers<Batch, 1>{
      a.all.fold([](const Batch& x, const Batch& y) { return Batch(x + y); })};
}

/// The sum of all numbers.
template <class T, int registers>
T horizontal_sum(const Lanes<T, registers>& a) {
  return xsimd::hadd(sum_of_registers(a).all.batch);
}

/// merge(a, b) of all numbers, in pairs, the pairs in pairs, and so on.
template <class T, int registers, class F>
T horizontal_fold(const Lanes<T, registers>& a, F merge) {
  T number[Lanes<T>::width];
  a.all.fold(merge).store_unaligned(number);
  for (std::int64_t half = Lanes<T>::width / 2; half > 0; half /= 2) {
    for (std::int64_t i = 0; i < half; ++i) number[i] = merge(number[i], number[i + half]);
  }
  return number[0];
}

}  // namespace tapegrad::ops
