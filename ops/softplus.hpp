#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = ln(1 + eˣ), a smooth max(x, 0); ∂y/∂x = σ(x) = 1 − e⁻ʸ. The exponent is never positive, so
/// that nothing overflows.
struct Softplus : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return log1p(exp(-abs(x))) + where(x <= 0, 0, x);
  }
  template <class T>
  T gradient(At<0>, T g, T, T y) const {
    return g * -expm1(-y);
  }
};

}  // namespace tapegrad::ops
