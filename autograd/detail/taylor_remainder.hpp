#pragma once

#include <cmath>

#include <tapegrad/autograd/detail/difference_quotient.hpp>

// NOTE [Taylor remainders]
// For the right slope s, R(h) = |f(h) − f(0) − h·s| falls as h², for a wrong one as h. The order at
// which it falls tells them apart without any tolerance on the gradient itself. It is read where
// the step is smallest and the remainder still stands out from rounding.
// Source: Farrell, Ham, Funke, Rognes, Automated Derivation of the Adjoint of High-Level Transient
// Finite Element Programs, 2013.

namespace tapegrad::detail {

/// How the Taylor remainder of a function on a line falls with the step.
struct TaylorRemainder {
  /// What the remainder falls with: 2 for the right slope, 1 for a wrong one; NaN if fewer than two
  /// remainders stand out from rounding.
  double order = NAN;
  Estimate slope;       ///< (f(h) − f(0))/h at the last step that was used.
  bool smooth = false;  ///< Whether any step kept the branches of the middle.
};

/// See NOTE [Taylor remainders]. `at` and `noise` are those of difference_quotient.
template <class At>
TaylorRemainder taylor_remainder(At at, double slope, double noise) {
  const Sample middle = at(0.0);
  TaylorRemainder result;
  double last = NAN;
  double h = 0.1;
  for (int rung = 0; rung < 6; ++rung, h /= 10) {
    const Sample moved = at(h);
    if (!moved.is_like(middle)) continue;
    const double rise = moved.value - middle.value;
    const double remainder = std::abs(rise - h * slope);
    result.slope = {rise / h, (remainder + noise) / h, h};
    result.smooth = true;
    if (!(remainder > 10 * noise)) break;
    if (!std::isnan(last)) result.order = std::log10(last / remainder);
    last = remainder;
  }
  return result;
}

}  // namespace tapegrad::detail
