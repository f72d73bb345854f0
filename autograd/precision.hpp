#pragma once

#include <cstdint>

namespace tapegrad {

/// The floating-point type of all values and gradients on a tape.
enum class Precision : std::uint8_t {
  f32,  ///< float
  f64,  ///< double
};
/// Float: `Tape tape(f32)`.
inline constexpr Precision f32 = Precision::f32;
/// Double, the default of a program that sets none.
inline constexpr Precision f64 = Precision::f64;

/// What a tape keeps.
enum class Mode : std::uint8_t {
  inspect,  ///< Every value and gradient stays readable.
  lean,     ///< Backward reuses memory as soon as it is consumed; reading what is gone throws.
};
/// Every value and gradient stays readable: the default.
inline constexpr Mode inspect = Mode::inspect;
/// Memory is reused during backward: `Tape tape(lean)`.
inline constexpr Mode lean = Mode::lean;

/// The precision of tapes and parameters that do not name one; double unless changed.
Precision default_precision();

/// Sets the precision of tapes and parameters made from now on, in all threads.
void set_default_precision(Precision precision);

/// Bytes of one number.
constexpr std::int64_t bytes_per_number(Precision precision) {
  return precision == Precision::f32 ? 4 : 8;
}

/// Calls f with a number of the precision's type: the one place where run-time precision becomes a
/// template argument.
template <class F>
decltype(auto) with_precision(Precision precision, F f) {
  if (precision == Precision::f32) return f(float{});
  return f(double{});
}

}  // namespace tapegrad
