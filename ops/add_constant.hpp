#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = c + x with the number c as attribute; ∂y/∂x = 1. One gate where `c + x` also records a leaf
/// for c.
struct AddConstant : Pointwise<1> {
  double c = 1;  ///< What is added.

  AddConstant() = default;
  AddConstant(double constant) : c(constant) {}

  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return number_like(x, c) + x;
  }
  template <class T>
  T gradient(At<0>, T g, T, T) const {
    return g;
  }
};

}  // namespace tapegrad::ops
