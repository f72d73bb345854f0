#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = aᵇ; ∂y/∂a = b·aᵇ⁻¹, 0 for b = 0; ∂y/∂b = y·log a, 0 for a = 0 and y = 0. A negative a needs
/// a whole b and has no gradient in b: NaN.
struct Pow : Pointwise<2> {
  static constexpr Domain domain[] = {{0.3, 2.0}, {}};
  template <class T>
  T forward(T a, T b) const {
    return pow(a, b);
  }
  template <class T>
  T gradient(At<0>, T g, T a, T b, T) const {
    return where(b == 0, 0, g * (b * pow(a, b - 1)));
  }
  template <class T>
  T gradient(At<1>, T g, T a, T, T y) const {
    return where(a == 0, 0, where(y == 0, 0, g * (y * log(a))));
  }
};

}  // namespace tapegrad::ops
