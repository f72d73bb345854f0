#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = a·x with the number a as attribute; ∂y/∂x = a. One gate where `a * x` also records a leaf
/// for a.
struct MulConstant : Pointwise<1> {
  double a = 2;  ///< What x is multiplied with.

  MulConstant() = default;
  MulConstant(double constant) : a(constant) {}

  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return number_like(x, a) * x;
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return number_like(x, a) * g;
  }
};

}  // namespace tapegrad::ops
