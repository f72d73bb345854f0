#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = 1/x; ∂y/∂x = −1/x² = −y².
struct Reciprocal : Pointwise<1> {
  static constexpr Domain domain[] = {{0.5, 2.0}};
  template <class T>
  T forward(T x) const {
    return 1 / x;
  }
  template <class T>
  T gradient(At<0>, T g, T, T y) const {
    return -g * y * y;
  }
};

}  // namespace tapegrad::ops
