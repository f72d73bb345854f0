#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = min(a, b), element by element; the gradient goes to the winner, with ties as in NOTE [Ties
/// of max]. NaN in either operand gives NaN.
struct Min : Pointwise<2> {
  static constexpr Domain domain[] = {{}, {}};
  static constexpr bool constant_second = true;
  template <class T>
  T forward(T a, T b) const {
    return where(a < b, a, where(b <= a, b, a + b));
  }
  template <class T>
  T gradient(At<0>, T g, T a, T b, T) const {
    return where(a < b, g, 0);
  }
  template <class T>
  T gradient(At<1>, T g, T a, T b, T) const {
    return where(a < b, 0, g);
  }
  int branch(double a, double b) const { return side(a, b); }
};

}  // namespace tapegrad::ops
