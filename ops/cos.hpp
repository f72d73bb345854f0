#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = cos x, x in radians; ∂y/∂x = −sin x.
struct Cos : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return cos(x);
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return -g * sin(x);
  }
};

}  // namespace tapegrad::ops
