#pragma once

#include <cmath>
#include <cstdint>
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
  none,        ///< The function is too rough to tell.
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
};

/// Which steps are tried.
struct Ladder {
  double first = 1e-3;       ///< The largest step.
  int rungs = 6;             ///< Each a tenth of the one before.
  bool first_alone = false;  ///< Keep the first quotient that is evidence, uncorrected.
};

/// The best of the estimates that a ladder offers.
class Richardson {
 public:
  /// `order`: that of the truncation error. `alone`: keep the first quotient uncorrected; the
  /// second only tells its error.
  Richardson(int order, bool alone) : factor_(std::pow(10.0, order)), alone_(alone) {}

  /// The quotient of the next rung, and how far rounding may have moved it.
  void add(double quotient, double rounding, double h) {
    if (count_++ == 0) {
      first_ = {quotient, rounding, h};
    } else {
      const double correction = (quotient - last_) / (factor_ - 1);
      if (alone_ && count_ == 2) first_.uncertainty += factor_ * std::abs(correction);
      keep({quotient + correction, 1.3 * rounding + 0.1 * std::abs(correction), h});
    }
    last_ = quotient;
  }
  /// Starts again at a finer rung: the last one was no evidence.
  void interrupt() {
    if (!alone_) count_ = 0;
  }
  /// Whether a finer step, with ten times the rounding, cannot help.
  bool is_done(double rounding) const {
    if (alone_) return count_ >= 2;
    return 10 * rounding > best_.uncertainty || best_.uncertainty <= 1e-10 * std::abs(best_.number);
  }
  /// Infinite uncertainty: nothing was found.
  const Estimate& best() const { return alone_ && count_ >= 1 ? first_ : best_; }

 private:
  void keep(const Estimate& estimate) {
    if (estimate.uncertainty < best_.uncertainty) best_ = estimate;
  }

  double factor_;
  bool alone_;
  int count_ = 0;
  double last_ = 0;
  Estimate first_, best_;
};

/// The best estimate from the quotients `rung(h)` of a ladder, which are empty where they are no
/// evidence.
template <class Rung>
Estimate best_estimate(const Ladder& ladder, int order, double noise, Rung rung) {
  Richardson estimates(order, ladder.first_alone);
  double h = ladder.first;
  for (int i = 0; i < ladder.rungs; ++i, h /= 10) {
    const std::optional<double> quotient = rung(h);
    if (!quotient) {
      estimates.interrupt();
      continue;
    }
    estimates.add(*quotient, noise / h, h);
    if (estimates.is_done(noise / h)) break;
  }
  return estimates.best();
}

/// Differentiates a function on a line. `at(t)` is its Sample at distance t from the middle;
/// `noise` is how far rounding may move a value. See NOTE [Difference quotients].
template <class At>
Quotient difference_quotient(At at, const Ladder& ladder, Difference difference, double noise) {
  const Sample middle = at(0.0);
  const auto centred = [&](double h) -> std::optional<double> {
    const Sample right = at(h), left = at(-h);
    if (!right.is_like(middle) || !left.is_like(middle)) return std::nullopt;
    return (right.value - left.value) / (2 * h);
  };
  const auto side = [&](double sign, const Sample& like) {
    return best_estimate(ladder, 1, 2 * noise, [&, sign](double h) -> std::optional<double> {
      const Sample moved = at(sign * h);
      if (!moved.is_like(like)) return std::nullopt;
      return (moved.value - middle.value) / (sign * h);
    });
  };
  const auto is_known = [](const Estimate& e) { return std::isfinite(e.uncertainty); };
  Quotient quotient;
  if (difference == Difference::centred) {
    quotient.derivative = best_estimate(ladder, 2, noise, centred);
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
  quotient.right = side(1, at(nearest));
  quotient.left = side(-1, at(-nearest));
  if (is_known(quotient.right) && is_known(quotient.left)) quotient.evidence = Evidence::slopes;
  return quotient;
}

}  // namespace tapegrad::detail
