#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = eˣ − 1, with all digits near x = 0; ∂y/∂x = y + 1.
struct Expm1 : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return expm1(x);
  }
  template <class T>
  T gradient(At<0>, T g, T, T y) const {
    return g * (y + 1);
  }
};

}  // namespace tapegrad::ops
