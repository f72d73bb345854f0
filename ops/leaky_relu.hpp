#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = x for x > 0, else slope·x; ∂y/∂x = 1 for x > 0, else the slope (also at the kink x = 0).
struct LeakyRelu : Pointwise<1> {
  double slope = 0.01;  ///< Below the kink.

  LeakyRelu() = default;
  LeakyRelu(double negative_slope) : slope(negative_slope) {}

  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return where(x > 0, x, number_like(x, slope) * x);
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return where(x > 0, g, number_like(x, slope) * g);
  }
  int branch(double x) const { return side(x, 0); }
};

}  // namespace tapegrad::ops
