#include <tapegrad/autograd/detail/comparison.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <tapegrad/ops/philox.hpp>

namespace tapegrad::detail {

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// How far rounding may move the output: each gate rounds its value v, which the gradient g of the
/// output in it carries on as ε·|g·v|. Gates that cannot move round the same way every time.
double rounding_of(const Block& block, std::uint32_t output) {
  double sum = 0;
  for (std::uint32_t i = 0; i <= output; ++i) {
    if (block.is_leaf(i) || !block.requires_grad(i)) continue;
    const auto* g = static_cast<const double*>(block.grad(i).numbers);
    if (g == nullptr) continue;
    const auto* v = static_cast<const double*>(block.value(i));
    for (std::int64_t e = 0; e < block.count(i); ++e) sum += std::abs(g[e] * v[e]);
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

/// Some of 0 … count − 1, in order; all of them if there are few.
std::vector<std::int64_t> sample(std::int64_t count, std::int64_t most, Generator& generator) {
  std::set<std::int64_t> chosen;
  // Floyd's way to draw without replacement.
  for (std::int64_t i = std::max<std::int64_t>(0, count - most); i < count; ++i) {
    const auto drawn =
        static_cast<std::int64_t>(generator.below(static_cast<std::uint64_t>(i) + 1));
    chosen.insert(count <= most || chosen.count(drawn) != 0 ? i : drawn);
  }
  return {chosen.begin(), chosen.end()};
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

/// Calls f with the leaf moved by t along the line; puts it back exactly.
template <class F>
auto moved(const Line& line, double t, F f) {
  double* const x = line.leaf->numbers;
  if (line.element >= 0) {
    const double before = std::exchange(x[line.element], x[line.element] + t);
    const auto result = f();
    x[line.element] = before;
    return result;
  }
  const std::vector<double>& d = line.direction;
  const std::vector<double> before(x, x + d.size());
  for (std::size_t i = 0; i < d.size(); ++i) x[i] += t * d[i];
  const auto result = f();
  std::copy(before.begin(), before.end(), x);
  return result;
}

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

double Line::weight() const {
  if (element >= 0) return std::abs(leaf->numbers[element] * analytic());
  double sum = 0;
  for (std::size_t i = 0; i < direction.size(); ++i) {
    sum += std::abs(leaf->numbers[i] * leaf->analytic[i]);
  }
  return sum;
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
      depth_(depth_of(objective.block(), objective.output())) {
  if (options.h > 0) ladder_ = {options.h, 6, true};
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
  const Quotient quotient = difference_quotient([&](double t) { return at(line, t); }, ladder_,
                                                options_.difference, noise_along(line));
  Estimate numeric = quotient.derivative;
  if (quotient.evidence == Evidence::slopes) {
    const auto& [left, right] = std::pair{quotient.left, quotient.right};
    numeric = {(left.number + right.number) / 2, std::abs(left.number - right.number) / 2, right.h};
  }
  const double analytic = scaled_analytic(line);
  return {line.leaf->index,
          line.element,
          analytic,
          numeric.number,
          relative_error(analytic, numeric.number),
          numeric.uncertainty,
          numeric.h,
          NAN,
          judge(line, quotient)};
}

CoordinateCheck Comparison::check_remainder(const Line& line) {
  const double analytic = scaled_analytic(line);
  const TaylorRemainder remainder =
      taylor_remainder([&](double t) { return at(line, t); }, analytic, noise_along(line));
  const Estimate& slope = remainder.slope;
  return {line.leaf->index,
          line.element,
          analytic,
          slope.number,
          relative_error(analytic, slope.number),
          slope.uncertainty,
          slope.h,
          remainder.order,
          judge(line, remainder)};
}

Verdict Comparison::judge(const Line& line, const Estimate& numeric, bool rough) const {
  const double analytic = scaled_analytic(line);
  const double error = std::abs(analytic - numeric.number);
  const double scale = std::max(std::abs(analytic), std::abs(numeric.number));
  const Verdict by_error = verdict(relative_error(analytic, numeric.number), rough, depth_);
  if (by_error == Verdict::ok || !(error <= 4 * numeric.uncertainty)) return by_error;
  // Differences could not have come nearer. Four digits are a confirmation all the same, and so are
  // seven beside the leaf's largest gradient: 0 is seldom met exactly.
  const double largest = options_.loss_scale * line.leaf->largest();
  const bool confirmed = numeric.uncertainty <= std::max(1e-4 * scale, 1e-7 * largest);
  return confirmed ? Verdict::ok : Verdict::below_noise;
}

Verdict Comparison::judge(const Line& line, const Quotient& quotient) {
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
  return Verdict::kink;
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
  return moved(line, h, [&] {
    objective_.evaluate();
    return objective_.changed_branches() > 1;
  });
}

double Comparison::noise_along(const Line& line) const {
  return rounding_ + epsilon * options_.loss_scale * line.weight();
}

Sample Comparison::at(const Line& line, double t) {
  Sample sample = moved(line, t, [&] { return objective_.evaluate(); });
  sample.value *= options_.loss_scale;
  return sample;
}

}  // namespace tapegrad::detail
