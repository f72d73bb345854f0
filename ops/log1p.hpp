#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = ln(1 + x), with all digits near x = 0; ∂y/∂x = 1/(1 + x).
struct Log1p : Pointwise<1> {
  static constexpr Domain domain[] = {{-0.5, 2.0}};
  template <class T>
  T forward(T x) const {
    return log1p(x);
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return g / (1 + x);
  }
};

}  // namespace tapegrad::ops
