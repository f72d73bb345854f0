#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = a · b. The gradient swaps the operands: ∂y/∂a = b, ∂y/∂b = a.
struct Mul : Pointwise<2> {
  static constexpr Domain domain[] = {{}, {}};
  template <class T>
  T forward(T a, T b) const {
    return a * b;
  }
  template <class T>
  T gradient(At<0>, T g, T, T b, T) const {
    return g * b;
  }
  template <class T>
  T gradient(At<1>, T g, T a, T, T) const {
    return g * a;
  }
};

}  // namespace tapegrad::ops
