#pragma once

#include <tapegrad/autograd/detail/make_table.hpp>

// A gate outside the library: the same struct as in ops/ (see NOTE [The form of a gate] in
// <tapegrad/ops/rule.hpp>) with a name, recorded with `gate(MyGate{}, operands...)`. Its loops run
// element by element. The functions of its formulas are those of tapegrad::ops: with `using
// namespace tapegrad` alone, `where` of numbers would be taken for the one that records a gate.
//
//     struct Distance : tapegrad::ops::Pointwise<2> {
//       static constexpr const char* name = "distance";
//       template <class T>
//       T forward(T a, T b) const {
//         using tapegrad::ops::where;
//         return where(a > b, a - b, b - a);
//       }
//       template <class T>
//       T gradient(tapegrad::ops::At<0>, T g, T a, T b, T) const {
//         using tapegrad::ops::where;
//         return where(a > b, g, -g);
//       }
//       template <class T>
//       T gradient(tapegrad::ops::At<1>, T g, T a, T b, T) const {
//         using tapegrad::ops::where;
//         return where(a > b, -g, g);
//       }
//       int branch(double a, double b) const { return tapegrad::ops::side(a, b); }
//     };
//
//     Var y = gate(Distance{}, a, b);

namespace tapegrad {

namespace detail {

template <class G>
const GateTable& custom_table() {
  static constexpr GateTable table = make_table<G, OneByOne>(G::name, Op::custom);
  return table;
}

template <class G, int operands>
inline constexpr bool takes = G::arity == operands || G::arity == ops::variadic;

}  // namespace detail

/// Records a gate, listed or the user's own, with its attributes. Throws ShapeError if operands do
/// not broadcast, what the gate's own `shape` throws, and TapeError for operands of two tapes.
template <class G>
Var gate(const G& rule, Operand x) {
  static_assert(detail::takes<G, 1>, "this gate takes another number of operands");
  return detail::record_gate(rule, x.place(), x);
}
/// The same for a gate of two operands.
template <class G>
Var gate(const G& rule, Operand a, Operand b) {
  static_assert(detail::takes<G, 2>, "this gate takes another number of operands");
  return detail::record_gate(rule, a.place(), a, b);
}
/// The same for a gate of three operands.
template <class G>
Var gate(const G& rule, Operand a, Operand b, Operand c) {
  static_assert(detail::takes<G, 3>, "this gate takes another number of operands");
  return detail::record_gate(rule, a.place(), a, b, c);
}

}  // namespace tapegrad
