#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = a / b; ∂y/∂a = 1/b, ∂y/∂b = −y/b.
struct Div : Pointwise<2> {
  static constexpr Domain domain[] = {{}, {0.5, 2.0}};
  template <class T>
  T forward(T a, T b) const {
    return a / b;
  }
  template <class T>
  T gradient(At<0>, T g, T, T b, T) const {
    return g / b;
  }
  template <class T>
  T gradient(At<1>, T g, T, T b, T y) const {
    return -(g * y) / b;
  }
};

}  // namespace tapegrad::ops
