#pragma once

#include <cmath>
#include <type_traits>

#include <tapegrad/ops/shape.hpp>

// NOTE [The form of a gate]
// A gate is a struct whose data members are its attributes (most have none). It is copied bit by
// bit onto the tape, so it must be trivially copyable.
//
// A *pointwise* gate derives from Pointwise<arity>, arity 1 to 3, and has
//   domain                              per operand, where the tests sample; everywhere if a user's
//                                       gate has none
//   T forward(T a, T b) const           the formula
//   T gradient(At<k>, T g, T a, T b, T y) const
//                                       upstream gradient g times ∂y/∂(operand k); an operand
//                                       without one has no gradient
//   int branch(double a, double b) const
//                                       only gates with kinks: which side, 0 at the tie
//   attributes                          as ops/leaky_relu.hpp has, with a constructor that takes
//                                       them and one without: a number enters the formula as
//                                       `const auto s = number_like(x, slope)`; the tests sample
//                                       the defaults
//   constant_second = true              only if a(x, y) = a(y, x) but for ties: an operand without
//                                       gradient is put second; see NOTE [Ties of max]
// T is float or double (one gate), a SIMD register (arrays), or Var (recording the gradient so that
// it can be differentiated again). Hence: arithmetic operators, the functions below (abs, exp,
// tanh, …), `where` in place of `if`, and no formula twice. A comparison with NaN is false: say
// what NaN gives, as ops/max.hpp does. No test can know that a formula overflows: write it so that
// it does not.
//
// A *whole-tensor* gate derives from Whole<arity> and has
//   Shape shape(Shapes x) const         checks the operands' shapes, returns the output's
//   void forward(Out<T> y, Operands<T> x) const
//                                       y = f(x), or y += f(x) where y.accumulate says so:
//                                       y.put(i, number) does either
//   void backward(Executor& e) const    statements `e.add(k, gate, values...)`: the gradient of
//                                       operand k += a gate, listed or one's own, whose output has
//                                       operand k's shape; values are e.operand(k), e.output(),
//                                       e.upstream() and e.eval(gate, values...). The executor
//                                       either computes or records them. Variadic gates have
//                                       e.operand_count() and e.add_list(k, gate, values, count)
//   void samples(Sampler& s)            static: the cases with which the tests check it,
//                                       `s.add(Gate{attributes}, {shape of operand 0, …})`
//   void branches(Operands<double> x, Report report) const
//                                       only gates with kinks: report(number) per choice made
//   std::int64_t view_offset(const Shape& x) const
//                                       only if y may be x[0]'s own numbers, in their order, from
//                                       some position on: that position, or −1 if it is not
// Users write name(x, {attributes}); a default constructor lets them write name(x). ops/slice.hpp
// is a short example.
//
// A gate of a user outside the list also has `static constexpr const char* name`; a listed one gets
// the name of its line in gates.txt.

namespace tapegrad::ops {

/// Names operand k in the gradient rules of a pointwise gate.
template <int k>
struct At {};

/// The open interval from which tests draw an operand; `integral` draws whole numbers.
struct Domain {
  double low = -2.0;      ///< Its lower end.
  double high = 2.0;      ///< Its upper end.
  bool integral = false;  ///< Whole numbers alone, both ends among them.
};

/// Base of gates that work element by element; operands broadcast.
template <int operands>
struct Pointwise {
  static constexpr int arity = operands;   ///< The number of operands, 1 to 3.
  static constexpr bool pointwise = true;  ///< Element by element.
};

/// The arity of gates that take any number of operands.
inline constexpr int variadic = -1;

/// Base of gates that see whole tensors. `differentiable` has bit k set if operand k gets a
/// gradient.
template <int operands, unsigned differentiable_operands = ~0U>
struct Whole {
  static constexpr int arity = operands;    ///< The number of operands, or `variadic`.
  static constexpr bool pointwise = false;  ///< Not element by element.
  /// Bit k is set if operand k gets a gradient.
  static constexpr unsigned differentiable = differentiable_operands;
};

/// The gate itself, under a name that depends on the executor: see Listed.
template <class Gate, class Executor>
struct ListedGate {
  using type = Gate;  ///< That gate.
};

/// A gate that a backward rule uses. Gates come in pairs whose gradients are each other (slice and
/// slice_scatter), so their headers cannot include one another: a rule forward-declares the gate
/// and names it through this alias, which is looked up when the rule is compiled for an executor,
/// after the whole list has been read.
template <class Gate, class Executor>
using Listed = typename ListedGate<Gate, Executor>::type;

/// The shapes of a gate's operands.
struct Shapes {
  const Shape* const* first;  ///< Pointers to them, in order.
  int count;                  ///< How many there are.
  /// The shape of operand k.
  const Shape& operator[](int k) const { return *first[k]; }
};

/// An operand of a whole-tensor gate: contiguous elements in row-major order.
template <class T>
struct In {
  const T* data;  ///< The first element.
  Shape shape;    ///< The sizes along each axis; empty for a scalar.
};

/// The operands of a whole-tensor gate.
template <class T>
struct Operands {
  const In<T>* first;  ///< The operands side by side.
  int count;           ///< How many there are.
  /// Operand k.
  const In<T>& operator[](int k) const { return first[k]; }
};

/// Where a whole-tensor gate writes: `=` or, if `accumulate`, `+=`.
template <class T>
struct Out {
  T* data;          ///< The first element, in row-major order.
  Shape shape;      ///< What the gate's `shape` returned.
  bool accumulate;  ///< Whether numbers are added to what lies there.

  /// Writes a number to element i, or adds it.
  void put(std::int64_t i, T number) const { accumulate ? data[i] += number : data[i] = number; }
};

using std::abs;
using std::cos;
using std::exp;
using std::expm1;
using std::log;
using std::log1p;
using std::pow;
using std::sin;
using std::sqrt;
using std::tanh;

/// `condition ? yes : no`, in the form that also exists for SIMD registers and Vars.
/// Selecting instead of multiplying with a mask keeps 0·inf from becoming NaN.
template <class Yes, class No>
constexpr std::common_type_t<Yes, No> where(bool condition, Yes yes, No no) {
  return condition ? yes : no;
}

/// The attribute `number` in the precision of x: with it, arrays, scalars and Vars agree on which
/// side of the number x lies.
inline float number_like(float, double number) {
  return static_cast<float>(number);
}
/// The same in double.
inline double number_like(double, double number) {
  return number;
}

/// The branch of a kink at a = b: 1 above, −1 below, 0 at the tie.
constexpr int side(double a, double b) {
  return (a > b) - (a < b);
}

/// A condition given as a number: zero is false.
inline bool truth(float condition) {
  return condition != 0;
}
/// The same in double.
inline bool truth(double condition) {
  return condition != 0;
}

}  // namespace tapegrad::ops
