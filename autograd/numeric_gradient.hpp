#pragma once

#include <functional>

#include <tapegrad/ops/array.hpp>

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

}  // namespace tapegrad
