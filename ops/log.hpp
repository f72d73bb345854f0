#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = ln x; ∂y/∂x = 1/x.
struct Log : Pointwise<1> {
  static constexpr Domain domain[] = {{0.5, 3.0}};
  template <class T>
  T forward(T x) const {
    return log(x);
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return g / x;
  }
};

}  // namespace tapegrad::ops
