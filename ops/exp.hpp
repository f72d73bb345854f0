#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = eˣ, its own derivative.
struct Exp : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return exp(x);
  }
  template <class T>
  T gradient(At<0>, T g, T, T y) const {
    return g * y;
  }
};

}  // namespace tapegrad::ops
