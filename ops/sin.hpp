#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = sin x, x in radians; ∂y/∂x = cos x.
struct Sin : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return sin(x);
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return g * cos(x);
  }
};

}  // namespace tapegrad::ops
