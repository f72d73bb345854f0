#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = tanh x = 2σ(2x) − 1; ∂y/∂x = 1 − y².
struct Tanh : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return tanh(x);
  }
  template <class T>
  T gradient(At<0>, T g, T, T y) const {
    return g * (1 - y * y);
  }
};

}  // namespace tapegrad::ops
