#include <tapegrad/autograd/detail/comparison.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <new>
#include <utility>

#include <tapegrad/autograd/detail/sample.hpp>

namespace tapegrad::detail {

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// How far rounding may move the output: each gate rounds its value v, which the gradient g of the
/// output in it carries on as ε·|g·v|. The same of its operands, leaves among them, stands for what
/// is rounded within a sum or a product of matrices. What cannot move rounds the same way each
/// time.
double rounding_of(const Block& block, std::uint32_t output) {
  double sum = 0;
  for (std::uint32_t i = 0; i <= output; ++i) {
    if (!block.requires_grad(i)) continue;
    const auto* g = static_cast<const double*>(block.grad(i).numbers);
    if (g == nullptr) continue;
    const auto* v = static_cast<const double*>(block.value(i));
    for (std::int64_t e = 0; e < block.count(i); ++e) {
      const double carried = std::abs(g[e] * v[e]);
      if (std::isfinite(carried)) sum += carried;
    }
  }
  return epsilon * sum;
}

/// The number of gates on the longest way from a variable or parameter to the output.
int depth_of(const Block& block, std::uint32_t output) {
  std::vector<int> depth(output + 1, 0);
  for (std::uint32_t i = 0; i <= output; ++i) {
    for (std::uint32_t k = 0; k < block.operand_count(i); ++k) {
      const std::uint32_t operand = block.operand(i, k);
      if (block.requires_grad(operand)) depth[i] = std::max(depth[i], depth[operand] + 1);
    }
  }
  return depth[output];
}

std::vector<double> random_direction(std::size_t size, Generator& generator) {
  std::vector<double> direction(size);
  double squares = 0;
  for (double& d : direction) {
    d = generator.normal();
    squares += d * d;
  }
  for (double& d : direction) d /= std::sqrt(squares);
  return direction;
}

/// A leaf moved by t along a line, until the end of its life.
class Moved {
 public:
  Moved(const Line& line, double t) : line_(line) {
    double* const x = line.leaf->numbers;
    if (line.element >= 0) {
      before_.push_back(std::exchange(x[line.element], x[line.element] + t));
      return;
    }
    const std::vector<double>& d = line.direction;
    before_.assign(x, x + d.size());
    for (std::size_t i = 0; i < d.size(); ++i) x[i] += t * d[i];
  }
  /// Puts back what was there, to the last bit.
  ~Moved() {
    const std::int64_t first = line_.element >= 0 ? line_.element : 0;
    std::copy(before_.begin(), before_.end(), line_.leaf->numbers + first);
  }
  Moved(const Moved&) = delete;
  Moved& operator=(const Moved&) = delete;

 private:
  const Line& line_;
  std::vector<double> before_;
};

bool is_between(double analytic, const Quotient& quotient) {
  const auto [low, high] = std::minmax({quotient.left.number, quotient.right.number});
  const double slack = 4 * (quotient.left.uncertainty + quotient.right.uncertainty) +
                       1e-6 * (std::abs(low) + std::abs(high));
  return analytic >= low - slack && analytic <= high + slack;
}

}  // namespace

double Line::analytic() const {
  if (element >= 0) return leaf->analytic[static_cast<std::size_t>(element)];
  double sum = 0;
  for (std::size_t i = 0; i < direction.size(); ++i) sum += direction[i] * leaf->analytic[i];
  return sum;
}

double Line::size() const {
  if (element >= 0) return std::abs(leaf->numbers[element]);
  double largest = 0;
  for (std::size_t i = 0; i < direction.size(); ++i) {
    largest = std::max(largest, std::abs(leaf->numbers[i]));
  }
  return largest;
}

std::vector<Line> lines_of(const CheckedLeaf& leaf, const GradcheckOptions& options) {
  Generator generator(options.seed, leaf.index);
  std::vector<Line> lines;
  if (leaf.analytic.empty()) return lines;
  const int directions = options.taylor && options.directions == 0 ? 3 : options.directions;
  for (int i = 0; i < directions; ++i) {
    lines.push_back({&leaf, -1, random_direction(leaf.analytic.size(), generator)});
  }
  if (directions > 0) return lines;
  const auto count = static_cast<std::int64_t>(leaf.analytic.size());
  for (const std::int64_t i : sample(count, options.coordinates, generator)) {
    lines.push_back({&leaf, i, {}});
  }
  return lines;
}

Comparison::Comparison(Objective& objective, const GradcheckOptions& options)
    : objective_(objective),
      options_(options),
      recorded_(*static_cast<const double*>(objective.block().value(objective.output()))),
      rounding_(options.loss_scale * rounding_of(objective.block(), objective.output())),
      depth_(depth_of(objective.block(), objective.output())) {}

Ladder Comparison::ladder_for(const Line& line) const {
  if (options_.h > 0) return {options_.h, 6, false};
  return {1e-3 * std::max(1.0, line.size())};
}

bool Comparison::is_deterministic() {
  const Sample first = objective_.evaluate();
  const Sample second = objective_.evaluate();
  return first.value == recorded_ && second.value == recorded_ && first.branches == second.branches;
}

CoordinateCheck Comparison::check(const Line& line) {
  return options_.taylor ? check_remainder(line) : check_quotient(line);
}

CoordinateCheck Comparison::check_quotient(const Line& line) {
  const Quotient quotient =
      difference_quotient(function_on(line), ladder_for(line), options_.difference);
  return result(line, quotient.estimate(), NAN, judge(line, quotient));
}

CoordinateCheck Comparison::check_remainder(const Line& line) {
  const TaylorRemainder remainder =
      taylor_remainder(function_on(line), scaled_analytic(line), 100 * ladder_for(line).first);
  return result(line, remainder.slope, remainder.order, judge(line, remainder));
}

CoordinateCheck Comparison::result(const Line& line, const Estimate& numeric, double order,
                                   Verdict verdict) const {
  const double analytic = scaled_analytic(line);
  return {line.leaf->index,
          line.element,
          analytic,
          numeric.number,
          relative_error(analytic, numeric.number),
          numeric.uncertainty,
          numeric.h,
          order,
          verdict};
}

// NOTE [Verdicts]
// The relative error decides first, by bands that users know. Above the band of "ok", an error of
// up to four uncertainties may be the quotient's own: then four digits in common are a
// confirmation, and so is a 0 that meets a quotient of nothing beside the leaf's largest gradient;
// anything less is below the noise. An error beyond that is what its band says.
Verdict Comparison::judge(const Line& line, const Estimate& numeric, bool rough) const {
  const double analytic = scaled_analytic(line);
  const double error = std::abs(analytic - numeric.number);
  const double scale = std::max(std::abs(analytic), std::abs(numeric.number));
  const Verdict by_error = verdict(relative_error(analytic, numeric.number), rough, depth_);
  if (by_error == Verdict::ok || !(error <= 4 * numeric.uncertainty)) return by_error;
  const double smallest =
      analytic == 0 ? 1e-7 * options_.loss_scale * line.leaf->largest() : 1e-4 * scale;
  return numeric.uncertainty <= smallest ? Verdict::ok : Verdict::below_noise;
}

Verdict Comparison::judge(const Line& line, const Quotient& quotient) {
  if (!std::isfinite(line.analytic())) return Verdict::wrong;
  switch (quotient.evidence) {
    case Evidence::both_sides:
      return judge(line, quotient.derivative, false);
    case Evidence::one_side: {
      const Verdict of_side = judge(line, quotient.derivative, true);
      return of_side == Verdict::ok ? Verdict::kink : of_side;
    }
    case Evidence::slopes:
      return is_between(scaled_analytic(line), quotient) ||
                     meets_several_kinks(line, quotient.right.h)
                 ? Verdict::tie
                 : Verdict::wrong;
    case Evidence::none:
      break;
  }
  return Verdict::below_noise;
}

Verdict Comparison::judge(const Line& line, const TaylorRemainder& remainder) const {
  if (!std::isfinite(line.analytic())) return Verdict::wrong;
  if (!remainder.smooth) return Verdict::kink;
  // Without remainders to compare, the function is straight as far as rounding lets one see.
  if (std::isnan(remainder.order)) return judge(line, remainder.slope, false);
  if (remainder.order >= 1.7) return Verdict::ok;
  return remainder.order >= 1.3 ? Verdict::suspicious : Verdict::wrong;
}

/// Where several gates lie on their kinks, what each of them sends need not add up to something
/// between the slopes: relu(x) − relu(−x) = x has slope 1 everywhere and gets 0 at 0.
bool Comparison::meets_several_kinks(const Line& line, double h) {
  const Moved moved(line, h);
  objective_.evaluate();
  return objective_.changed_branches() > 1;
}

Sample Comparison::at(const Line& line, double t) {
  const Moved moved(line, t);
  try {
    Sample sample = objective_.evaluate();
    sample.value *= options_.loss_scale;
    return sample;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    // A gate or function that refuses what lies outside of its domain, as others make NaN of it.
    return {NAN, 0};
  }
}

}  // namespace tapegrad::detail
