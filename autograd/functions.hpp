#pragma once

#include <initializer_list>
#include <vector>

#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/detail/with_place.hpp>
#include <tapegrad/autograd/operand.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/var.hpp>

// The functions and operators of expressions. Each records one gate; formula, gradient, shapes and
// errors stand in the gate's header in ops/. Operands may be Vars, numbers, Parameters and arrays
// in any mixture, and each function's operands know the line they were written on.

namespace tapegrad {

namespace detail {

template <class G, int arity>
using if_arity = std::enable_if_t<G::arity == arity, int>;
template <class G>
inline constexpr bool takes_attributes = !G::pointwise || !std::is_empty_v<G>;
template <class G, int arity>
using if_plain = std::enable_if_t<!takes_attributes<G> && G::arity == arity, int>;
template <class G, int arity>
using if_attributes = std::enable_if_t<takes_attributes<G> && G::arity == arity, int>;

template <class G, class... Operands>
Var record_gate(const G& gate, Place place, const Operands&... operands) {
  const Operand list[] = {operands..., Operand(0.0)};
  return record(table_of<G>(), &gate, list, sizeof...(operands), place);
}

}  // namespace detail

// For every listed gate a function of its name, which takes the operands and, of a gate that has
// any, its attributes: sigmoid(x), max(a, b), where(c, a, b), leaky_relu(x, 0.1),
// sum(x, {{0, 2}, true}), slice(x, {axis, start, stop}), matmul(a, b, {false, true}). A gate
// without operands is recorded on this thread's innermost tape or on the one given:
// dropout_mask(tape, {shape, 0.5, seed}).
#define TAPEGRAD_GATE(name, Type)                                                              \
  template <class G = ops::Type, detail::if_plain<G, 1> = 0>                                   \
  TAPEGRAD_ALWAYS_INLINE Var name(Operand x) {                                                 \
    return detail::record_unary<G>(x);                                                         \
  }                                                                                            \
  template <class G = ops::Type, detail::if_plain<G, 2> = 0>                                   \
  TAPEGRAD_ALWAYS_INLINE Var name(Operand a, Operand b) {                                      \
    return detail::record_binary<G>(a, b);                                                     \
  }                                                                                            \
  template <class G = ops::Type, detail::if_plain<G, 3> = 0>                                   \
  Var name(Operand a, Operand b, Operand c) {                                                  \
    return detail::record_gate(G{}, a.place(), a, b, c);                                       \
  }                                                                                            \
  template <class G = ops::Type, detail::if_attributes<G, 0> = 0>                              \
  Var name(const ops::Type& gate, Place place = Place::here()) {                               \
    return detail::record_gate(gate, place);                                                   \
  }                                                                                            \
  template <class G = ops::Type, detail::if_attributes<G, 0> = 0>                              \
  Var name(const Tape& tape, const ops::Type& gate, Place place = Place::here()) {             \
    return detail::record_vars(tape.block(), detail::table_of<G>(), &gate, nullptr, 0, place); \
  }                                                                                            \
  template <class G = ops::Type, detail::if_attributes<G, 1> = 0>                              \
  Var name(Operand x, const ops::Type& gate = {}) {                                            \
    return detail::record_gate(gate, x.place(), x);                                            \
  }                                                                                            \
  template <class G = ops::Type, detail::if_attributes<G, 2> = 0>                              \
  Var name(Operand a, Operand b, const ops::Type& gate = {}) {                                 \
    return detail::record_gate(gate, a.place(), a, b);                                         \
  }                                                                                            \
  template <class G = ops::Type, detail::if_attributes<G, 3> = 0>                              \
  Var name(Operand a, Operand b, Operand c, const ops::Type& gate = {}) {                      \
    return detail::record_gate(gate, a.place(), a, b, c);                                      \
  }                                                                                            \
  template <class G = ops::Type, detail::if_attributes<G, 4> = 0>                              \
  Var name(Operand a, Operand b, Operand c, Operand d, const ops::Type& gate = {}) {           \
    return detail::record_gate(gate, a.place(), a, b, c, d);                                   \
  }                                                                                            \
  template <class G = ops::Type, detail::if_attributes<G, ops::variadic> = 0>                  \
  Var name(const std::vector<Operand>& operands, const ops::Type& gate = {},                   \
           Place place = Place::here()) {                                                      \
    const auto& table = detail::table_of<G>();                                                 \
    return detail::record(table, &gate, operands.data(), operands.size(), place);              \
  }
TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE

/// Joins values along an axis; a list in braces takes nothing from the heap.
inline Var concat(std::initializer_list<Operand> operands, const ops::Concat& gate = {},
                  Place place = Place::here()) {
  return detail::record(detail::table_of<ops::Concat>(), &gate, operands.begin(), operands.size(),
                        place);
}

// Reductions over one axis or several (argmax: one); negative axes count from the end. A bool is no
// axis.
#define TAPEGRAD_REDUCTION(name, Type)                                   \
  inline Var name(Operand x, int axis, bool keepdims = false) {          \
    return name(x, ops::Type{Axes{axis}, keepdims});                     \
  }                                                                      \
  inline Var name(Operand x, const Axes& axes, bool keepdims = false) {  \
    return name(x, ops::Type{axes, keepdims});                           \
  }                                                                      \
  template <class B, std::enable_if_t<std::is_same_v<B, bool>, int> = 0> \
  Var name(Operand x, B keepdims) = delete;
TAPEGRAD_REDUCTION(sum, Sum)
TAPEGRAD_REDUCTION(mean, Mean)
TAPEGRAD_REDUCTION(prod, Prod)
TAPEGRAD_REDUCTION(norm, Norm)
TAPEGRAD_REDUCTION(logsumexp, Logsumexp)
TAPEGRAD_REDUCTION(amax, Amax)
TAPEGRAD_REDUCTION(amin, Amin)
TAPEGRAD_REDUCTION(argmax, Argmax)
#undef TAPEGRAD_REDUCTION

/// The entries start, start + step, … before stop along an axis.
inline Var slice(Operand x, std::int64_t axis, std::int64_t start, std::int64_t stop,
                 std::int64_t step = 1) {
  return slice(x, ops::Slice{axis, start, stop, step});
}

/// min(max(x, low), high), element by element.
inline Var clamp(Operand x, double low, double high) {
  return clamp(x, detail::with_place(x.place(), [&] { return ops::Clamp{low, high}; }));
}

/// A recorded rule writes numbers as they are; see `number_like` in ops/rule.hpp.
inline double number_like(const Var&, double number) {
  return number;
}

/// A recorded condition is a Var of zeros and ones as it stands; see `truth` in ops/rule.hpp.
inline Var truth(const Var& condition) {
  return condition;
}

/// a + b, element by element: the gate add.
TAPEGRAD_ALWAYS_INLINE Var operator+(Operand a, Operand b) {
  return add(a, b);
}
/// a − b, element by element: the gate sub.
TAPEGRAD_ALWAYS_INLINE Var operator-(Operand a, Operand b) {
  return sub(a, b);
}
/// a · b, element by element: the gate mul.
TAPEGRAD_ALWAYS_INLINE Var operator*(Operand a, Operand b) {
  return mul(a, b);
}
/// a / b, element by element: the gate div.
TAPEGRAD_ALWAYS_INLINE Var operator/(Operand a, Operand b) {
  return div(a, b);
}
/// −x: the gate neg.
TAPEGRAD_ALWAYS_INLINE Var operator-(Operand x) {
  return neg(x);
}
/// 1 where a > b, else 0: the gate greater.
TAPEGRAD_ALWAYS_INLINE Var operator>(Operand a, Operand b) {
  return greater(a, b);
}
/// 1 where a ≥ b, else 0: the gate greater_equal.
TAPEGRAD_ALWAYS_INLINE Var operator>=(Operand a, Operand b) {
  return greater_equal(a, b);
}
/// 1 where a < b, else 0: the gate less.
TAPEGRAD_ALWAYS_INLINE Var operator<(Operand a, Operand b) {
  return less(a, b);
}
/// 1 where a ≤ b, else 0: the gate less_equal.
TAPEGRAD_ALWAYS_INLINE Var operator<=(Operand a, Operand b) {
  return less_equal(a, b);
}
/// 1 where a = b, else 0: the gate equal. Compares numbers, not handles.
TAPEGRAD_ALWAYS_INLINE Var operator==(Operand a, Operand b) {
  return equal(a, b);
}
/// 1 where a ≠ b, else 0: the gate not_equal.
TAPEGRAD_ALWAYS_INLINE Var operator!=(Operand a, Operand b) {
  return not_equal(a, b);
}

/// `a += b` makes `a` the handle of a new gate a + b; the old gate stays on the tape.
TAPEGRAD_ALWAYS_INLINE Var& operator+=(Var& a, Operand b) {
  return a = add(Operand(a, b.place().file, b.place().line), b);
}
/// The same for a − b.
TAPEGRAD_ALWAYS_INLINE Var& operator-=(Var& a, Operand b) {
  return a = sub(Operand(a, b.place().file, b.place().line), b);
}
/// The same for a · b.
TAPEGRAD_ALWAYS_INLINE Var& operator*=(Var& a, Operand b) {
  return a = mul(Operand(a, b.place().file, b.place().line), b);
}
/// The same for a / b.
TAPEGRAD_ALWAYS_INLINE Var& operator/=(Var& a, Operand b) {
  return a = div(Operand(a, b.place().file, b.place().line), b);
}

// NOTE [Arrays beside Vars]
// xtensor's operators and functions accept any operand beside an array and would swallow a Var. The
// overloads below are exact matches like xtensor's but more specialised, so they win. They cannot
// carry a place by default argument: a gate written `array * x` reports the line on which x was
// made.
#define TAPEGRAD_ARRAY_FUNCTION(function, name)                                       \
  template <class E, class = std::enable_if_t<is_array_expression<E>>>                \
  Var function(E&& array, Var x) {                                                    \
    const Place place = detail::place_of(x);                                          \
    return name(Operand(std::forward<E>(array), place.file, place.line),              \
                Operand(x, place.file, place.line));                                  \
  }                                                                                   \
  template <class E, class = std::enable_if_t<is_array_expression<E>>>                \
  Var function(Var x, E&& array) {                                                    \
    const Place place = detail::place_of(x);                                          \
    return name(Operand(x, place.file, place.line),                                   \
                Operand(std::forward<E>(array), place.file, place.line));             \
  }                                                                                   \
  template <class E, class = std::enable_if_t<is_array_expression<E>>>                \
  Var function(E&& array, Parameter x) {                                              \
    return name(Operand(std::forward<E>(array), nullptr, 0), Operand(x, nullptr, 0)); \
  }                                                                                   \
  template <class E, class = std::enable_if_t<is_array_expression<E>>>                \
  Var function(Parameter x, E&& array) {                                              \
    return name(Operand(x, nullptr, 0), Operand(std::forward<E>(array), nullptr, 0)); \
  }
TAPEGRAD_ARRAY_FUNCTION(operator+, add)
TAPEGRAD_ARRAY_FUNCTION(operator-, sub)
TAPEGRAD_ARRAY_FUNCTION(operator*, mul)
TAPEGRAD_ARRAY_FUNCTION(operator/, div)
TAPEGRAD_ARRAY_FUNCTION(operator>, greater)
TAPEGRAD_ARRAY_FUNCTION(operator>=, greater_equal)
TAPEGRAD_ARRAY_FUNCTION(operator<, less)
TAPEGRAD_ARRAY_FUNCTION(operator<=, less_equal)
TAPEGRAD_ARRAY_FUNCTION(greater, greater)
TAPEGRAD_ARRAY_FUNCTION(greater_equal, greater_equal)
TAPEGRAD_ARRAY_FUNCTION(less, less)
TAPEGRAD_ARRAY_FUNCTION(less_equal, less_equal)
TAPEGRAD_ARRAY_FUNCTION(equal, equal)
TAPEGRAD_ARRAY_FUNCTION(not_equal, not_equal)
TAPEGRAD_ARRAY_FUNCTION(pow, pow)
#undef TAPEGRAD_ARRAY_FUNCTION

/// where with arrays among its operands, which xtensor's function of that name would swallow.
template <class A, class B,
          class = std::enable_if_t<is_array_expression<A> || is_array_expression<B>>>
Var where(Var condition, A&& a, B&& b) {
  const Place place = detail::place_of(condition);
  return where(Operand(condition, place.file, place.line),
               Operand(std::forward<A>(a), place.file, place.line),
               Operand(std::forward<B>(b), place.file, place.line));
}
/// The same with an array as condition.
template <class E, class B, class = std::enable_if_t<is_array_expression<E>>>
Var where(E&& condition, Var a, B&& b) {
  const Place place = detail::place_of(a);
  return where(Operand(std::forward<E>(condition), place.file, place.line),
               Operand(a, place.file, place.line),
               Operand(std::forward<B>(b), place.file, place.line));
}

}  // namespace tapegrad
