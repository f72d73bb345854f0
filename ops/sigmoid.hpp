#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = σ(x) = 1/(1 + e⁻ˣ); ∂y/∂x = (1 − y)·y.
struct Sigmoid : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    const T z = exp(-abs(x));  // From 0 to 1: e⁻ˣ would overflow where σ is still a number.
    const T top = where(x >= 0, 1, z);
    return top - top * (z / (1 + z));  // top / (1 + z), with one rounding less.
  }
  template <class T>
  T gradient(At<0>, T g, T, T y) const {
    return g * ((1 - y) * y);
  }
};

}  // namespace tapegrad::ops
