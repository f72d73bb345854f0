#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = x²; ∂y/∂x = 2x.
struct Square : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return x * x;
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return g * (2 * x);
  }
};

}  // namespace tapegrad::ops
