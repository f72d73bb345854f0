#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = min(max(x, low), high); ∂y/∂x = 1 for low < x < high, else 0 (also at both kinks). NaN stays
/// NaN. Throws ValueError unless low ≤ high.
struct Clamp : Pointwise<1> {
  double low = -1;  ///< The smallest y.
  double high = 1;  ///< The largest y.

  Clamp() = default;
  Clamp(double lowest, double highest) : low(lowest), high(highest) {
    if (!(low <= high)) {
      throw ValueError("[clamp] needs low <= high, got " + number_text(low) + " and " +
                       number_text(high));
    }
  }

  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return where(x < number_like(x, low), number_like(x, low),
                 where(x > number_like(x, high), number_like(x, high), x));
  }
  template <class T>
  T gradient(At<0>, T g, T x, T) const {
    return where(x > number_like(x, low), where(x < number_like(x, high), g, 0), 0);
  }
  int branch(double x) const { return side(x, low) + side(x, high); }
};

}  // namespace tapegrad::ops
