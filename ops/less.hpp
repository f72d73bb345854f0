#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = 1 where a < b, else 0: a condition for `where`. Constant between jumps, so no gradient.
struct Less : Pointwise<2> {
  static constexpr Domain domain[] = {{-2.0, 2.0, true}, {-2.0, 2.0, true}};
  template <class T>
  T forward(T a, T b) const {
    return where(a < b, T(1), T(0));
  }
  int branch(double a, double b) const { return side(a, b); }
};

}  // namespace tapegrad::ops
