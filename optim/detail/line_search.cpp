#include <tapegrad/optim/detail/line_search.hpp>

#include <algorithm>
#include <cmath>

namespace tapegrad::optim::detail {

namespace {

constexpr double c1 = 1e-4, c2 = 0.9;

/// Where the cubic through two points with their slopes is lowest; no number if it has no minimum.
double lowest_of_cubic(const LinePoint& a, const LinePoint& b) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t);
  const double d2 = std::copysign(std::sqrt(d1 * d1 - a.slope * b.slope), b.t - a.t);
  return b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
}

/// The number where it is one, between two bounds; otherwise the middle.
double within(double number, double least, double most) {
  return std::isfinite(number) ? std::clamp(number, least, most) : (least + most) / 2;
}

/// The conditions, from where the search began.
struct Wolfe {
  LinePoint start;

  bool sinks_enough(const LinePoint& p) const {
    return std::isfinite(p.value) && std::isfinite(p.slope) &&
           p.value <= start.value + c1 * p.t * start.slope;
  }
  bool is_flat(const LinePoint& p) const { return std::abs(p.slope) <= -c2 * start.slope; }
};

/// Looks between `low`, which sinks enough and whose slope points to `high`, and `high`.
LinePoint zoom(const std::function<LinePoint(double)>& at, const Wolfe& wolfe, LinePoint low,
               LinePoint high, int most) {
  for (; most > 0; --most) {
    const double least = std::min(low.t, high.t), width = std::abs(high.t - low.t);
    const double t = within(lowest_of_cubic(low, high), least + 0.1 * width, least + 0.9 * width);
    if (t == low.t || t == high.t) break;
    const LinePoint now = at(t);
    if (!wolfe.sinks_enough(now) || now.value >= low.value) {
      high = now;
      continue;
    }
    if (wolfe.is_flat(now)) return now;
    if (now.slope * (high.t - low.t) >= 0) high = low;
    low = now;
  }
  return low;
}

}  // namespace

LinePoint strong_wolfe(const std::function<LinePoint(double)>& at, const LinePoint& start,
                       double first, int most) {
  const Wolfe wolfe{start};
  LinePoint before = start;
  double t = first;
  for (; most > 0; --most) {
    const LinePoint now = at(t);
    if (!wolfe.sinks_enough(now) || (before.t > 0 && now.value >= before.value)) {
      return zoom(at, wolfe, before, now, most - 1);
    }
    if (wolfe.is_flat(now)) return now;
    if (now.slope >= 0) return zoom(at, wolfe, now, before, most - 1);
    t = within(lowest_of_cubic(before, now), now.t + (now.t - before.t), 10 * now.t);
    before = now;
  }
  return before;
}

}  // namespace tapegrad::optim::detail
