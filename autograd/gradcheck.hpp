#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <tapegrad/autograd/numeric_gradient.hpp>
#include <tapegrad/autograd/tape.hpp>

namespace tapegrad {

/// What a check says of one coordinate of a gradient.
enum class Verdict {
  ok,                 ///< Differences confirm it.
  below_noise,        ///< Differences cannot tell: too small beside rounding, or too steep.
  kink,               ///< Next to a kink: only the side that it lies on could be asked.
  tie,                ///< On a kink: the gradient lies between the slopes of the two sides.
  suspicious,         ///< A relative error up to 1e−2.
  wrong,              ///< Above, or not a number, or due to a gate whose rule is wrong.
  non_deterministic,  ///< The same inputs gave different outputs.
};
/// `ok`, `below noise`, `kink`, `tie`, `suspicious`, `wrong`, `non-deterministic`.
const char* to_string(Verdict verdict);

/// What a relative error in double precision says of a gradient: up to 1e−7 (for every gate on the
/// longest way to the output, each of which rounds) it is ok, beside a kink up to 1e−4; above 1e−2
/// it is wrong, between them suspicious.
Verdict verdict(double relative_error, bool kinks = false, int depth = 1);

/// How gradcheck goes about it.
struct GradcheckOptions {
  /// The kind of difference quotient.
  Difference difference = Difference::centred;
  /// The step; 0 for a ladder from 1e−3 to 1e−8 of which the best is kept.
  double h = 0;
  /// At most this many coordinates of each variable and parameter, drawn at random.
  std::int64_t coordinates = 100;
  /// Instead of coordinates, this many random directions in each variable and parameter: for large
  /// networks. Weaker, since errors in many coordinates may cancel.
  int directions = 0;  // Three for a Taylor check that does not say.
  /// In random directions, ask how f(x + hd) − f(x) − h·⟨g, d⟩ falls with h, instead of comparing
  /// numbers: as h² for the right gradient g, as h for a wrong one, so no tolerance is chosen.
  bool taylor = false;
  /// Of the drawn coordinates and directions.
  std::uint64_t seed = 0;
  /// Multiplies the output, for gradients that are too small to be told from rounding.
  double loss_scale = 1;
  /// The share of coordinates that must be ok, from 0 to 1.
  double ok_share = 0.9;
  /// Why suspicious coordinates are allowed; empty if they are not.
  std::string allow_suspicious;
};

/// One coordinate of one leaf.
struct CoordinateCheck {
  std::uint32_t leaf;    ///< The leaf's index on the tape; of a function, that of the input.
  std::int64_t element;  ///< Position in the leaf, row-major; −1 for a direction.
  double analytic;       ///< What backward says.
  double numeric;        ///< What differences say.
  double error;          ///< relative_error of the two.
  double uncertainty;    ///< How far rounding and the step may have moved `numeric`.
  double h;              ///< The step that was kept.
  double order;          ///< Of a Taylor check: 2 for a right gradient; else NaN.
  Verdict verdict;       ///< What follows.
};

/// A gate whose gradient rule, checked by itself at the values of its operands, is wrong.
struct WrongRule {
  std::uint32_t gate;     ///< Its index on the tape.
  std::string name;       ///< Its kind, such as `mul`.
  Place place;            ///< The line that recorded it.
  std::uint32_t operand;  ///< Counted from 0.
  std::int64_t element;  ///< Of the operand (of the output for a pointwise gate); −1: all together.
  double expected;       ///< What differences of this gate alone say.
  double got;            ///< What its rule says.
};

/// What was checked of one variable or parameter.
struct LeafCheck {
  std::uint32_t leaf;    ///< Its index on the tape; of a function, that of the input.
  std::string name;      ///< As the user named it, or its kind.
  Shape shape;           ///< Its sizes.
  Place place;           ///< Where it entered the tape.
  std::int64_t checked;  ///< How many coordinates.
  double error;  ///< ‖analytic − numeric‖ / max(‖analytic‖, ‖numeric‖) over them.
  /// On a tape of floats: ‖g − g₆₄‖ / ‖g₆₄‖, how far the gradient that trains is from that in
  /// double.
  double float_error;
};

/// An element that takes another branch of a kink in double than on the user's tape of floats.
struct BranchDifference {
  std::uint32_t gate;    ///< The gate's index on the tape.
  std::int64_t element;  ///< Position in its output.
};

/// The result of gradcheck.
struct GradcheckReport {
  std::string output;                                ///< The gate that was checked and its line.
  std::vector<CoordinateCheck> coordinates;          ///< Every one that was checked, leaf by leaf.
  std::vector<LeafCheck> leaves;                     ///< Every leaf upstream of the output.
  std::optional<WrongRule> wrong_rule;               ///< The first gate to blame.
  std::vector<BranchDifference> branch_differences;  ///< Between float and double.
  /// Checks of single terms of an output that is a sum, where one term's gradient hides another's:
  /// a data loss beside a strong regularisation, say.
  std::vector<GradcheckReport> terms;
  std::vector<std::string> notes;  ///< What else a user should know.
  GradcheckOptions options;        ///< What was asked for.

  /// How many coordinates got a verdict.
  std::int64_t count(Verdict verdict) const;
  /// Whether something was checked, nothing is wrong, suspicious (unless allowed) or
  /// non-deterministic, no gate's rule is wrong, gradients in float are finite, enough coordinates
  /// are ok, and the same holds for the terms.
  bool passed() const;
  /// The coordinate with the gravest verdict and, among those, the largest error. Throws ValueError
  /// if nothing was checked.
  const CoordinateCheck& worst() const;
};
/// The report as text: the verdict, how many coordinates got which, a line per leaf, the gate to
/// blame, and the raw numbers of what is not ok.
std::string to_string(const GradcheckReport& report);

/// Checks the gradient of a scalar output of a recorded circuit in the variables and parameters
/// upstream: the circuit is replayed in double, its analytic gradient compared with differences,
/// and each gate's rule checked by itself. Parameters have their present values; what `detach`
/// returns stays as it is. Never touches the user's tape, parameters or gradients.
/// Throws ShapeError unless the output has one element, TapeError if nothing upstream needs a
/// gradient or a lean tape has reused its memory, NonFiniteError if the output is not finite, and
/// ValueError for options that make no sense.
GradcheckReport gradcheck(const Var& output, const GradcheckOptions& options = {},
                          Place place = Place::here());

/// A scalar output as a function of variables, recorded anew for every point.
using ScalarFunction = std::function<Var(const std::vector<Var>&)>;

/// The same for a function, recorded on a tape in double at every point: finds control flow that
/// depends on the inputs, and functions that give different outputs for the same inputs.
/// Parameters in the function are constants to this check.
GradcheckReport gradcheck(const ScalarFunction& function, const std::vector<Array<double>>& inputs,
                          const GradcheckOptions& options = {}, Place place = Place::here());

}  // namespace tapegrad
