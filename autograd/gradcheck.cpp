#include <tapegrad/autograd/gradcheck.hpp>

#include <algorithm>
#include <cmath>

#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/detail/replay.hpp>

namespace tapegrad {

namespace {

void check_step(double h) {
  if (!(h > 0) || !std::isfinite(h)) {
    throw ValueError("[gradcheck] needs a step h above 0, such as 1e-5, got " + std::to_string(h));
  }
}

/// The value of `evaluate` with `x` moved to both sides; x is restored exactly.
template <class Evaluate>
double centred_difference(double& x, double h, Evaluate evaluate) {
  const double before = x;
  x = before + h;
  const double above = evaluate();
  x = before - h;
  const double below = evaluate();
  x = before;
  return (above - below) / (2 * h);
}

}  // namespace

Array<double> numeric_gradient(const std::function<double(const Array<double>&)>& f,
                               const Array<double>& x, double h, Difference difference) {
  check_step(h);
  Array<double> at = x;
  Array<double> gradient = Array<double>::from_shape(x.shape());
  const double here = difference == Difference::forward ? f(at) : 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double& coordinate = at.data()[i];
    if (difference == Difference::centred) {
      gradient.data()[i] = centred_difference(coordinate, h, [&] { return f(at); });
    } else {
      const double before = coordinate;
      coordinate = before + h;
      gradient.data()[i] = (f(at) - here) / h;
      coordinate = before;
    }
  }
  return gradient;
}

double relative_error(double analytic, double numeric) {
  const double scale = std::max(std::abs(analytic), std::abs(numeric));
  if (analytic == numeric) return 0.0;
  return std::abs(analytic - numeric) / scale;
}

Verdict verdict(double relative_error) {
  if (relative_error <= 1e-7) return Verdict::good;
  if (relative_error <= 1e-4) return Verdict::fine;
  if (relative_error <= 1e-2) return Verdict::suspicious;
  return Verdict::wrong;
}

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "good";
    case Verdict::fine:
      return "fine";
    case Verdict::suspicious:
      return "suspicious";
    case Verdict::wrong:
      break;
  }
  return "wrong";
}

const CoordinateCheck& GradientReport::worst() const {
  if (coordinates.empty()) {
    throw ValueError(
        "[gradcheck] needs at least one checked coordinate to name the worst, got "
        "none: nothing upstream of the output is a variable or parameter");
  }
  // NaN counts as worse than any number.
  return *std::max_element(coordinates.begin(), coordinates.end(),
                           [](const CoordinateCheck& a, const CoordinateCheck& b) {
                             return a.error < b.error ||
                                    (!std::isnan(a.error) && std::isnan(b.error));
                           });
}

Verdict GradientReport::verdict() const {
  return coordinates.empty() ? Verdict::good : tapegrad::verdict(worst().error);
}

GradientReport gradcheck(const Tape& tape, const Var& output, double h, Place place) {
  check_step(h);
  if (&detail::live_block(output, "gradcheck", place) != &tape.block()) {
    throw TapeError("[gradcheck] needs an output of the given tape, got one of another (" +
                    to_string(place) + ")");
  }
  const Tape copy = tape.replay(f64, place);
  detail::Block& block = copy.block();
  const std::uint32_t index = output.index();
  const Var y = copy.gate(index);
  y.backward(place);

  // Copied: the block's marks serve every backward pass.
  const std::vector<char> upstream =
      detail::upstream_of(block, index, detail::Path::differentiable);
  GradientReport report;
  for (std::uint32_t leaf = 0; leaf <= index; ++leaf) {
    if (upstream[leaf] == 0 || !block.is_leaf(leaf) || !block.requires_grad(leaf)) continue;
    auto* const numbers = static_cast<double*>(block.value(leaf));
    const auto* const analytic = static_cast<const double*>(block.grad(leaf).numbers);
    for (std::int64_t i = 0; i < block.count(leaf); ++i) {
      const double numeric = centred_difference(numbers[i], h, [&] {
        detail::replay(block, place);
        return *static_cast<const double*>(block.value(index));
      });
      const double expected = analytic == nullptr ? 0.0 : analytic[i];
      report.coordinates.push_back({leaf, i, expected, numeric, relative_error(expected, numeric)});
    }
  }
  return report;
}

}  // namespace tapegrad
