#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = |x|; ∂y/∂x = 1 for x > 0, −1 for x < 0 and 0 at the kink x = 0.
struct Abs : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return abs(x);
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return where(x > 0, g, where(x < 0, -g, 0));
  }
  int branch(double x) const { return side(x, 0); }
};

}  // namespace tapegrad::ops
