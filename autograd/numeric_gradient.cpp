#include <tapegrad/autograd/numeric_gradient.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <tapegrad/ops/error.hpp>

namespace tapegrad {

Array<double> numeric_gradient(const std::function<double(const Array<double>&)>& f,
                               const Array<double>& x, double h, Difference difference) {
  if (!(h > 0) || !std::isfinite(h)) {
    throw ValueError("[numeric_gradient] needs a step h above 0, such as 1e-5, got " +
                     std::to_string(h));
  }
  Array<double> at = x;
  Array<double> gradient = Array<double>::from_shape(x.shape());
  const double here = difference == Difference::forward ? f(at) : 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double& coordinate = at.data()[i];
    const double before = coordinate;
    coordinate = before + h;
    const double above = f(at);
    if (difference == Difference::forward) {
      gradient.data()[i] = (above - here) / h;
    } else {
      coordinate = before - h;
      gradient.data()[i] = (above - f(at)) / (2 * h);
    }
    coordinate = before;  // Put back, not subtracted: 0.1 + h − h need not be 0.1.
  }
  return gradient;
}

double relative_error(double analytic, double numeric) {
  const double scale = std::max(std::abs(analytic), std::abs(numeric));
  if (analytic == numeric) return 0.0;
  return std::abs(analytic - numeric) / scale;
}

}  // namespace tapegrad
