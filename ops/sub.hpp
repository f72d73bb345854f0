#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = a − b; ∂y/∂a = 1, ∂y/∂b = −1.
struct Sub : Pointwise<2> {
  static constexpr Domain domain[] = {{}, {}};
  template <class T>
  T forward(T a, T b) const {
    return a - b;
  }
  template <class T>
  T gradient(At<0>, T g, T, T, T) const {
    return g;
  }
  template <class T>
  T gradient(At<1>, T g, T, T, T) const {
    return -g;
  }
};

}  // namespace tapegrad::ops
