#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = max(x, 0); ∂y/∂x = 1 for x > 0, else 0 (also at the kink x = 0). NaN stays NaN.
struct Relu : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return where(x <= 0, 0, x);
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return where(x > 0, g, 0);
  }
  int branch(double x) const { return side(x, 0); }
};

}  // namespace tapegrad::ops
