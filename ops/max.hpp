#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

// NOTE [Ties of max]
// At a tie the second operand wins. The recorder puts an operand that needs no gradient second
// (`constant_second`), so at a tie the gradient never goes to the variable of a variable and a
// constant: max(x, 0) has derivative 0 at x = 0 like relu, and a hinge exactly at its margin sends
// nothing, whichever way round it is written.

/// y = max(a, b), element by element; the gradient goes to the winner, at a tie to b (but never to
/// a variable that ties with a constant). NaN in either operand gives NaN.
struct Max : Pointwise<2> {
  static constexpr Domain domain[] = {{}, {}};
  static constexpr bool constant_second = true;
  template <class T>
  T forward(T a, T b) const {
    return where(a > b, a, where(b >= a, b, a + b));
  }
  template <class T>
  T gradient(At<0>, T g, T a, T b, T) const {
    return where(a > b, g, 0);
  }
  template <class T>
  T gradient(At<1>, T g, T a, T b, T) const {
    return where(a > b, 0, g);
  }
  int branch(double a, double b) const { return side(a, b); }
};

}  // namespace tapegrad::ops
