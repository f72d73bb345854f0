#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = √x; ∂y/∂x = 1/(2y), which is infinite at x = 0.
struct Sqrt : Pointwise<1> {
  static constexpr Domain domain[] = {{0.5, 3.0}};
  template <class T>
  T forward(T x) const {
    return sqrt(x);
  }
  template <class T>
  T gradient(At<0>, T g, T, T y) const {
    return g / (2 * y);
  }
};

}  // namespace tapegrad::ops
