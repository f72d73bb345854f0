#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = −x; ∂y/∂x = −1.
struct Neg : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return -x;
  }
  template <class T>
  T gradient(At<0>, T g, T, T) const {
    return -g;
  }
};

}  // namespace tapegrad::ops
