#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include <tapegrad/autograd/numeric_gradient.hpp>

// NOTE [Difference quotients]
// A difference quotient errs by truncation, which shrinks with the step h, and by rounding, which
// grows as 1/h. So it is taken at a ladder of steps, each a tenth of the one before. Two
// neighbouring rungs D(10h), D(h) tell the truncation of the finer one: an error of order hᵖ has
// fallen by 10ᵖ, so (10ᵖ·D(h) − D(10h))/(10ᵖ − 1) is without it (Richardson). What is left is
// guessed cautiously as a tenth of the correction. The estimate with the least sum of both errors
// is kept; the analytic gradient has no say in the choice.
// Source: Richardson, The Approximate Arithmetical Solution by Finite Differences, 1911.
//
// That holds only where the function looks like its Taylor polynomial. A step that is too large for
// it, log(x) at x = 1e-9 say, gives any number; then corrections do not shrink from rung to rung,
// and what was found so far is dropped.
//
// A rung is evidence only if the function took the same branches of its kinks on both sides as in
// the middle. Where no rung is, one side that kept its branches speaks for the derivative. Where
// neither did, the middle lies on the kink itself, and all that can be said is where the slopes of
// the two sides lie.

namespace tapegrad::detail {

/// A function at one distance from the middle.
struct Sample {
  double value = 0;
  /// Stands for the branches taken: the same number, the same branches.
  std::uint64_t branches = 0;

  /// Whether both lie on the same smooth piece.
  bool is_like(const Sample& other) const {
    return std::isfinite(value) && branches == other.branches;
  }
};

/// On what a numeric derivative rests.
enum class Evidence {
  both_sides,  ///< The branches of the middle hold wherever the quotient looked.
  one_side,    ///< They hold on one side only.
  slopes,      ///< They hold on neither: the derivative of each side is known.
  none,        ///< Quotients do not settle: too steep, too rough or outside of the domain.
};

/// A derivative with how far rounding and truncation may have moved it.
struct Estimate {
  double number = 0;
  double uncertainty = INFINITY;
  double h = 0;
};

/// What differences say of a derivative.
struct Quotient {
  Evidence evidence = Evidence::none;
  Estimate derivative;   ///< Unless the evidence is `slopes` or `none`.
  Estimate left, right;  ///< If it is `slopes`.

  /// The derivative; on a kink what lies midway between the slopes, and how far they are from it.
  Estimate estimate() const {
    if (evidence != Evidence::slopes) return derivative;
    return {(left.number + right.number) / 2, std::abs(left.number - right.number) / 2, right.h};
  }
};

/// Which steps are tried.
struct Ladder {
  double first = 1e-3;       ///< The largest step.
  int rungs = 12;            ///< Each a tenth of the one before.
  bool extrapolated = true;  ///< Else the first quotient that is evidence is kept as it is.
};

/// A difference quotient, and how far rounding may have moved it.
struct Rung {
  double quotient;
  double rounding;
};

/// The best estimate that the rungs of a ladder offer. See NOTE [Difference quotients].
class Richardson {
 public:
  /// `order`: that of the truncation error.
  explicit Richardson(int order) : factor_(std::pow(10.0, order)) {}

  void add(const Rung& rung, double h) {
    const double change = rung.quotient - last_;
    if (count_ > 0) {
      const bool rounding_only = std::abs(change) <= 4 * rung.rounding;
      const bool shrinks = count_ > 1 && std::abs(change) <= std::abs(last_change_) / 3;
      if (shrinks || rounding_only) {
        const double correction = change / (factor_ - 1);
        keep({rung.quotient + correction, 1.3 * rung.rounding + 0.1 * std::abs(correction), h});
      } else if (std::abs(change) > best_.uncertainty) {
        best_ = {};
      }
    }
    ++count_;
    last_ = rung.quotient;
    last_change_ = change;
  }
  /// The next rung is no evidence: what comes after it has no neighbour.
  void interrupt() { count_ = 0; }
  /// Whether finer steps, with ten times the rounding each, cannot help.
  bool is_done(const Rung& rung) const {
    return count_ > 2 && (10 * rung.rounding > best_.uncertainty ||
                          best_.uncertainty <= 1e-10 * std::abs(best_.number));
  }
  /// Of infinite uncertainty if nothing was found.
  const Estimate& best() const { return best_; }

 private:
  void keep(const Estimate& estimate) {
    if (estimate.uncertainty < best_.uncertainty) best_ = estimate;
  }

  double factor_;
  int count_ = 0;
  double last_ = 0, last_change_ = 0;
  Estimate best_;
};

/// The best estimate from `rung_at(h)`, a Rung or nothing where there is no evidence.
template <class RungAt>
Estimate best_estimate(const Ladder& ladder, int order, RungAt rung_at) {
  Richardson estimates(order);
  double h = ladder.first;
  for (int i = 0; i < ladder.rungs; ++i, h /= 10) {
    const std::optional<Rung> rung = rung_at(h);
    if (!rung) {
      estimates.interrupt();
      continue;
    }
    estimates.add(*rung, h);
    if (estimates.is_done(*rung)) break;
  }
  return estimates.best();
}

/// The first quotient that is evidence; the next one, of a tenth of the step, tells its error.
template <class RungAt>
Estimate first_estimate(const Ladder& ladder, RungAt rung_at) {
  double h = ladder.first;
  for (int i = 0; i < ladder.rungs; ++i, h /= 10) {
    const std::optional<Rung> rung = rung_at(h);
    if (!rung) continue;
    const std::optional<Rung> finer = rung_at(h / 10);
    const double truncation = finer ? std::abs(rung->quotient - finer->quotient) : 0;
    return {rung->quotient, rung->rounding + 1.2 * truncation, h};
  }
  return {};
}

/// A function on a line: `at(t)` is its Sample at distance t from the middle, `noise` how far
/// rounding may move a value, `x` the coordinate in the middle, whose sums with t are rounded too.
template <class At>
struct FunctionOnLine {
  At at;
  double noise;
  double x;
};
template <class At>
FunctionOnLine(At, double, double) -> FunctionOnLine<At>;

/// Differentiates a function on a line. See NOTE [Difference quotients].
template <class At>
Quotient difference_quotient(const FunctionOnLine<At>& f, const Ladder& ladder,
                             Difference difference) {
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  const Sample middle = f.at(0.0);
  const auto rounding = [&](const Sample& moved, double h) {
    const double slope = std::abs(moved.value - middle.value) / h;
    return (f.noise + epsilon * (std::abs(moved.value) + std::abs(f.x) * slope)) / h;
  };
  const auto estimate = [&](int order, auto rung_at) {
    return ladder.extrapolated ? best_estimate(ladder, order, rung_at)
                               : first_estimate(ladder, rung_at);
  };
  const auto centred = [&](double h) -> std::optional<Rung> {
    const Sample right = f.at(h), left = f.at(-h);
    if (!right.is_like(middle) || !left.is_like(middle)) return std::nullopt;
    return Rung{(right.value - left.value) / (2 * h),
                std::max(rounding(right, h), rounding(left, h))};
  };
  const auto side = [&](double sign, const Sample& like) {
    return estimate(1, [&, sign](double h) -> std::optional<Rung> {
      const Sample moved = f.at(sign * h);
      if (!moved.is_like(like)) return std::nullopt;
      return Rung{(moved.value - middle.value) / (sign * h), 2 * rounding(moved, h)};
    });
  };
  const auto is_known = [](const Estimate& e) { return std::isfinite(e.uncertainty); };
  Quotient quotient;
  if (difference == Difference::centred) {
    quotient.derivative = estimate(2, centred);
    if (is_known(quotient.derivative)) {
      quotient.evidence = Evidence::both_sides;
      return quotient;
    }
  }
  for (const double sign : {1.0, -1.0}) {
    quotient.derivative = side(sign, middle);
    if (!is_known(quotient.derivative)) continue;
    const bool asked_for = difference == Difference::forward && sign > 0;
    quotient.evidence = asked_for ? Evidence::both_sides : Evidence::one_side;
    return quotient;
  }
  const double nearest = ladder.first * std::pow(10.0, 1 - ladder.rungs);
  quotient.right = side(1, f.at(nearest));
  quotient.left = side(-1, f.at(-nearest));
  if (is_known(quotient.right) && is_known(quotient.left)) quotient.evidence = Evidence::slopes;
  return quotient;
}

}  // namespace tapegrad::detail
