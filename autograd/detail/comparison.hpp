#pragma once

#include <vector>

#include <tapegrad/autograd/detail/objective.hpp>
#include <tapegrad/autograd/detail/taylor_remainder.hpp>
#include <tapegrad/autograd/gradcheck.hpp>

namespace tapegrad::detail {

/// A coordinate of a leaf, or a direction in it.
struct Line {
  const CheckedLeaf* leaf;
  std::int64_t element;           ///< −1 for a direction.
  std::vector<double> direction;  ///< If it is one, of length 1.

  /// The gradient along the line.
  double analytic() const;
  /// The largest |x| that moves.
  double size() const;
};

/// The coordinates of a leaf that are checked, or directions in it: drawn at random, with a stream
/// of numbers of the leaf's own.
std::vector<Line> lines_of(const CheckedLeaf& leaf, const GradcheckOptions& options);

/// Compares gradients with differences of an objective, line by line.
class Comparison {
 public:
  Comparison(Objective& objective, const GradcheckOptions& options);

  /// Whether the same numbers give the same output, each time anew.
  bool is_deterministic();
  CoordinateCheck check(const Line& line);

 private:
  CoordinateCheck check_quotient(const Line& line);
  CoordinateCheck check_remainder(const Line& line);
  CoordinateCheck result(const Line& line, const Estimate& numeric, double order,
                         Verdict verdict) const;
  /// `rough`: the estimate rests on one side of a kink.
  Verdict judge(const Line& line, const Estimate& numeric, bool rough) const;
  Verdict judge(const Line& line, const Quotient& quotient);
  Verdict judge(const Line& line, const TaylorRemainder& remainder) const;
  bool meets_several_kinks(const Line& line, double h);
  double scaled_analytic(const Line& line) const { return options_.loss_scale * line.analytic(); }
  Ladder ladder_for(const Line& line) const;
  auto function_on(const Line& line) {
    return FunctionOnLine{[this, &line](double t) { return at(line, t); }, rounding_, line.size()};
  }
  Sample at(const Line& line, double t);

  Objective& objective_;
  const GradcheckOptions& options_;
  double recorded_;
  double rounding_;
  int depth_;
};

}  // namespace tapegrad::detail
