#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = 1 for x > 0, −1 for x < 0, 0 for x = 0; NaN stays NaN. Constant between jumps, so no
/// gradient.
struct Sign : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return where(x > 0, T(1), where(x < 0, T(-1), x));
  }
  int branch(double x) const { return side(x, 0); }
};

}  // namespace tapegrad::ops
