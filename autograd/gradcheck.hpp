#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tapegrad/autograd/tape.hpp>

namespace tapegrad {

/// How a numeric gradient is taken: (f(x+h) − f(x))/h with an error of order h, or
/// (f(x+h) − f(x−h))/2h with an error of order h².
enum class Difference {
  forward,  ///< f(x+h) and f(x).
  centred,  ///< f(x+h) and f(x−h).
};

/// The gradient of f at x by differences of step h > 0, each coordinate in turn.
Array<double> numeric_gradient(const std::function<double(const Array<double>&)>& f,
                               const Array<double>& x, double h = 1e-5,
                               Difference difference = Difference::centred);

/// |a − n| / max(|a|, |n|); 0 if both are zero, so a zero never divides.
double relative_error(double analytic, double numeric);

/// What a relative error in double precision says of a gradient. Tanh and softmax have no kinks,
/// max and relu have.
enum class Verdict {
  good,        ///< Up to 1e−7.
  fine,        ///< Up to 1e−4: only where the objective has kinks.
  suspicious,  ///< Up to 1e−2.
  wrong,       ///< Above, or not a number.
};
/// What a relative error means.
Verdict verdict(double relative_error);
/// `good`, `fine`, `suspicious`, `wrong`.
const char* to_string(Verdict verdict);

/// One coordinate of one leaf.
struct CoordinateCheck {
  std::uint32_t leaf;    ///< The leaf's index on the tape.
  std::int64_t element;  ///< Position in the leaf, row-major.
  double analytic;       ///< What backward says.
  double numeric;        ///< What differences say.
  double error;          ///< relative_error of the two.
};

/// The result of gradcheck.
struct GradientReport {
  std::vector<CoordinateCheck> coordinates;  ///< Every one that was checked, leaf by leaf.
  /// The coordinate with the largest error. Throws ValueError if nothing was checked.
  const CoordinateCheck& worst() const;
  /// The verdict on the worst coordinate; `good` if there is none.
  Verdict verdict() const;
};

/// Checks the gradient of a scalar output in every coordinate of the variables and parameters
/// upstream: the circuit is replayed in double, its analytic gradient is compared with centred
/// differences of step h. Never touches the user's tape, parameters or gradients.
/// Throws as Var::backward does, and ValueError unless h > 0.
GradientReport gradcheck(const Tape& tape, const Var& output, double h = 1e-5,
                         Place place = Place::here());

}  // namespace tapegrad
