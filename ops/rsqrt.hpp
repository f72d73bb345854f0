#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = 1/√x; ∂y/∂x = −y/(2x).
struct Rsqrt : Pointwise<1> {
  static constexpr Domain domain[] = {{0.5, 3.0}};
  template <class T>
  T forward(T x) const {
    return 1 / sqrt(x);
  }
  template <class T>
  T gradient(At<0>, T g, T x, T y) const {
    return -g * (y / (2 * x));
  }
};

}  // namespace tapegrad::ops
