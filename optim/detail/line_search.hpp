#pragma once

#include <functional>

namespace tapegrad::optim::detail {

/// A function along a line: its value and slope at t.
struct LinePoint {
  double t;
  double value;
  double slope;
};

/// A t > 0 that satisfies the strong Wolfe conditions
///
///     value(t) ≤ value(0) + c1·t·slope(0),  |slope(t)| ≤ c2·|slope(0)|,  c1 = 1e-4, c2 = 0.9,
///
/// from a point with slope(0) < 0 and a first trial. After `most` trials the lowest point with the
/// first condition, which may be the start itself. Where value or slope is not finite, the value
/// counts as too high. Source: Nocedal and Wright, "Numerical Optimization", 2006, algorithms 3.5
/// and 3.6.
LinePoint strong_wolfe(const std::function<LinePoint(double)>& at, const LinePoint& start,
                       double first, int most);

}  // namespace tapegrad::optim::detail
