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

/// See NOTE [Taylor remainders].
template <class At>
TaylorRemainder taylor_remainder(const FunctionOnLine<At>& f, double slope, double first_step) {
  const Sample middle = f.at(0.0);
  TaylorRemainder result;
  double last = NAN, last_h = NAN;
  double h = first_step;
  for (int rung = 0; rung < 9; ++rung, h /= 10) {
    const Sample moved = f.at(h);
    if (!moved.is_like(middle)) continue;
    const double rise = moved.value - middle.value;
    const double remainder = std::abs(rise - h * slope);
    result.slope = {rise / h, f.noise / h, h};
    result.smooth = true;
    if (!(remainder > 10 * f.noise)) break;
    if (!std::isnan(last)) result.order = std::log10(last / remainder) / std::log10(last_h / h);
    last = remainder;
    last_h = h;
  }
  return result;
}

}  // namespace tapegrad::detail
