#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = a where the condition c is not 0, else b. The gradient follows the choice; c gets none.
struct Where : Pointwise<3> {
  static constexpr Domain domain[] = {{0.0, 1.0, true}, {}, {}};
  template <class T>
  T forward(T c, T a, T b) const {
    return where(truth(c), a, b);
  }
  template <class T>
  T gradient(At<1>, T g, T c, T, T, T) const {
    return where(truth(c), g, 0);
  }
  template <class T>
  T gradient(At<2>, T g, T c, T, T, T) const {
    return where(truth(c), 0, g);
  }
  int branch(double c, double, double) const { return c != 0 ? 1 : -1; }
};

}  // namespace tapegrad::ops
