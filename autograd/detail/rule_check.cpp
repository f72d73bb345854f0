#include <tapegrad/autograd/detail/rule_check.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <map>
#include <new>
#include <vector>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/branches.hpp>
#include <tapegrad/autograd/detail/difference_quotient.hpp>
#include <tapegrad/autograd/detail/executors.hpp>
#include <tapegrad/autograd/detail/local_gradient.hpp>
#include <tapegrad/autograd/detail/sample.hpp>
#include <tapegrad/ops/kernels.hpp>

namespace tapegrad::detail {

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
// From steps for functions without a scale to those for numbers near 1e-13.
constexpr int rungs = 14;

/// Whether a derivative contradicts the evidence. The rule of one gate is simple enough for
/// differences to confirm five digits; where rounding lets them confirm fewer, it is in the
/// uncertainty.
bool contradicts(double got, const Quotient& quotient) {
  if (!std::isfinite(got)) return quotient.evidence != Evidence::none;
  const auto beyond = [&](const Estimate& e) {
    return 4 * e.uncertainty + 1e-5 * std::max(std::abs(e.number), std::abs(got));
  };
  switch (quotient.evidence) {
    case Evidence::both_sides:
    case Evidence::one_side: {
      const Estimate& e = quotient.derivative;
      return !(std::abs(got - e.number) <= beyond(e));
    }
    case Evidence::slopes: {
      const auto [low, high] =
          std::minmax(quotient.left, quotient.right,
                      [](const Estimate& a, const Estimate& b) { return a.number < b.number; });
      return !(got >= low.number - beyond(low) && got <= high.number + beyond(high));
    }
    case Evidence::none:
      break;
  }
  return false;
}

/// Operands whose derivative is compared with the rule's. Where a user's pointwise gate has no rule
/// it may have been forgotten: then the derivative must be zero.
bool is_checked(const Block& block, std::uint32_t gate, std::uint32_t k) {
  const GateTable& table = table_of_gate(block, gate);
  const bool maybe_forgotten = table.op == Op::custom && table.pointwise;
  return block.requires_grad(block.operand(gate, k)) &&
         (maybe_forgotten || table.differentiable_in(k));
}

/// `most` of 0 … count − 1, drawn anew for each gate but the same ones each time.
std::vector<std::int64_t> some_of(std::int64_t count, std::int64_t most, std::uint32_t gate) {
  Generator generator(gate);
  return sample(count, most, generator);
}

Ladder ladder_for(double x) {
  return {1e-2 * std::max(1.0, std::abs(x)), rungs};
}

/// A rule that throws for numbers outside of its domain makes NaN of them, as others do.
template <class F>
void or_nothing(std::vector<double>& y, F compute) {
  try {
    compute();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    std::fill(y.begin(), y.end(), NAN);
  }
}

// --- Pointwise gates ------------------------------------------------------------------------

/// Elements of a pointwise gate, each with operands of its own: all are moved together, and each is
/// a function of one number.
class PointwiseElements {
 public:
  PointwiseElements(const Block& block, std::uint32_t gate)
      : table_(table_of_gate(block, gate)),
        attributes_(block.attributes(gate)),
        elements_(some_of(block.count(gate), 500, gate)) {
    const Shape& shape = block.shape(gate);
    std::vector<double> repeated(static_cast<std::size_t>(shape.size()));
    for (std::uint32_t k = 0; k < block.operand_count(gate); ++k) {
      const std::uint32_t operand = block.operand(gate, k);
      ops::kernels::strided_copy(shape, static_cast<const double*>(block.value(operand)),
                                 ops::broadcast_strides(block.shape(operand), shape),
                                 repeated.data(), ops::contiguous_strides(shape), false);
      x_.emplace_back();
      for (const std::int64_t i : elements_) {
        x_.back().push_back(repeated[static_cast<std::size_t>(i)]);
      }
    }
  }

  std::optional<RuleError> check(std::uint32_t gate, std::uint32_t k) const {
    const std::vector<double> got = derivatives(k);
    std::map<double, std::vector<Sample>> moved;  // By distance.
    double scale = 0;                             // One ladder for all.
    for (const double x : x_[k]) scale = std::max(scale, std::abs(x));
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      const auto at = [&](double distance) {
        std::vector<Sample>& samples = moved[distance];
        if (samples.empty()) samples = move(k, distance);
        return samples[i];
      };
      const double noise = 8 * epsilon * std::abs(at(0).value);
      const Quotient quotient = difference_quotient(FunctionOnLine{at, noise, x_[k][i]},
                                                    ladder_for(scale), Difference::centred);
      if (contradicts(got[i], quotient)) {
        return RuleError{gate, k, elements_[i], quotient.estimate().number, got[i]};
      }
    }
    return std::nullopt;
  }

 private:
  Shape shape() const { return {static_cast<std::int64_t>(elements_.size())}; }

  std::vector<View> views(const std::vector<std::vector<double>>& x) const {
    std::vector<View> views;
    views.reserve(x.size());
    for (const std::vector<double>& operand : x) views.push_back({operand.data(), shape()});
    return views;
  }

  std::vector<double> values(const std::vector<std::vector<double>>& x) const {
    std::vector<double> y(elements_.size());
    or_nothing(y, [&] {
      pointwise_forward(table_, attributes_, f64, views(x).data(), shape(), y.data(), false);
    });
    return y;
  }

  std::vector<double> derivatives(std::uint32_t k) const {
    std::vector<double> out(elements_.size());
    if (!table_.differentiable_in(k)) return out;
    const std::vector<double> ones(elements_.size(), 1.0);
    pointwise_gradient(table_, attributes_, f64, static_cast<int>(k), ones.data(), views(x_).data(),
                       shape(), values(x_).data(), out.data(), false);
    return out;
  }

  std::vector<Sample> move(std::uint32_t k, double distance) const {
    std::vector<std::vector<double>> x = x_;
    for (double& number : x[k]) number += distance;
    const std::vector<double> y = values(x);
    std::vector<std::int64_t> branches(elements_.size(), 0);
    if (table_.branches != nullptr) {
      branches.clear();
      std::vector<ops::In<double>> operands;
      operands.reserve(x.size());
      for (const std::vector<double>& operand : x) operands.push_back({operand.data(), shape()});
      table_.branches(attributes_, shape().size(),
                      {operands.data(), static_cast<int>(operands.size())}, branches);
    }
    std::vector<Sample> samples;
    for (std::size_t i = 0; i < y.size(); ++i) {
      samples.push_back({y[i], static_cast<std::uint64_t>(branches[i])});
    }
    return samples;
  }

  const GateTable& table_;
  const void* attributes_;
  std::vector<std::int64_t> elements_;
  std::vector<std::vector<double>> x_;
};

// --- Whole-tensor gates ---------------------------------------------------------------------

/// Σ u·y of a whole-tensor gate's output y, for weights u without any symmetry, as a function of
/// one operand.
class WeightedOutput {
 public:
  WeightedOutput(Block& block, std::uint32_t gate, std::uint32_t k)
      : block_(block),
        gate_(gate),
        table_(table_of_gate(block, gate)),
        k_(k),
        y_(static_cast<std::size_t>(block.count(gate))) {
    Generator generator(gate, k);
    for (std::size_t i = 0; i < y_.size(); ++i) {
      u_.push_back(generator.uniform(0.5, 1.5) * (generator.below(2) == 0 ? 1 : -1));
    }
    const std::uint32_t operand = block.operand(gate, k);
    const auto* numbers = static_cast<const double*>(block.value(operand));
    x_.assign(numbers, numbers + block.count(operand));
    for (std::size_t i = 0; i < x_.size(); ++i) direction_.push_back(generator.normal());
    gradient_ = vector_jacobian_product(block, gate, k, u_);
    noise_ = noise();
  }

  std::optional<RuleError> check() {
    // All elements at once first; one by one to say which, or where kinks leave no other way.
    const Quotient along = quotient(direction_);
    double got = 0;
    for (std::size_t i = 0; i < x_.size(); ++i) got += direction_[i] * gradient_[i];
    const bool certain =
        along.evidence == Evidence::both_sides || along.evidence == Evidence::one_side;
    if (certain && !contradicts(got, along)) return std::nullopt;
    std::vector<double> one(x_.size(), 0.0);
    for (const std::int64_t i : some_of(static_cast<std::int64_t>(x_.size()), 200, gate_)) {
      const auto element = static_cast<std::size_t>(i);
      one[element] = 1;
      const Quotient own = quotient(one);
      one[element] = 0;
      if (contradicts(gradient_[element], own)) {
        return RuleError{gate_, k_, i, own.estimate().number, gradient_[element]};
      }
    }
    if (!certain) return std::nullopt;
    return RuleError{gate_, k_, -1, along.derivative.number, got};
  }

 private:
  Quotient quotient(const std::vector<double>& direction) {
    double largest = 0;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (direction[i] != 0) largest = std::max(largest, std::abs(x_[i]));
    }
    const FunctionOnLine f{[&](double t) { return at(direction, t); }, noise_, largest};
    return difference_quotient(f, ladder_for(largest), Difference::centred);
  }

  /// How far rounding may move the sum: the gate rounds once for each of some dozens of elements.
  double noise() {
    double carried = 0;
    at(direction_, 0);
    for (std::size_t i = 0; i < y_.size(); ++i) carried += std::abs(u_[i] * y_[i]);
    for (std::size_t i = 0; i < x_.size(); ++i) {
      const double own = std::abs(x_[i] * gradient_[i]);
      if (std::isfinite(own)) carried += own;
    }
    return 64 * epsilon * carried;
  }

  Sample at(const std::vector<double>& direction, double t) {
    std::vector<double> x = x_;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += t * direction[i];
    std::vector<View> views;
    std::vector<ops::In<double>> operands;
    for (std::uint32_t k = 0; k < block_.operand_count(gate_); ++k) {
      const std::uint32_t operand = block_.operand(gate_, k);
      const void* numbers = k == k_ ? x.data() : block_.value(operand);
      views.push_back({numbers, block_.shape(operand)});
      operands.push_back({static_cast<const double*>(numbers), block_.shape(operand)});
    }
    or_nothing(y_, [&] {
      run_forward(table_, block_.attributes(gate_), f64, views.data(), views.size(),
                  block_.shape(gate_), y_.data(), false);
    });
    Sample sample;
    for (std::size_t i = 0; i < y_.size(); ++i) sample.value += u_[i] * y_[i];
    if (table_.branches != nullptr && std::isfinite(sample.value)) {
      std::vector<std::int64_t> branches;
      table_.branches(block_.attributes(gate_), block_.count(gate_),
                      {operands.data(), static_cast<int>(operands.size())}, branches);
      sample.branches = hash(branches, 0);
    }
    return sample;
  }

  Block& block_;
  std::uint32_t gate_;
  const GateTable& table_;
  std::uint32_t k_;
  std::vector<double> x_, y_, u_, direction_, gradient_;
  double noise_ = 0;
};

std::optional<RuleError> wrong_rule(Block& block, std::uint32_t gate) {
  const bool pointwise = table_of_gate(block, gate).pointwise;
  std::optional<PointwiseElements> elements;
  for (std::uint32_t k = 0; k < block.operand_count(gate); ++k) {
    if (!is_checked(block, gate, k)) continue;
    if (pointwise && !elements) elements.emplace(block, gate);
    const std::optional<RuleError> error =
        pointwise ? elements->check(gate, k) : WeightedOutput(block, gate, k).check();
    if (error) return error;
  }
  return std::nullopt;
}

}  // namespace

std::optional<RuleError> first_wrong_rule(Block& block, std::uint32_t output) {
  const std::vector<char> upstream = upstream_of(block, output, Path::any);
  for (std::uint32_t i = 0; i <= output; ++i) {
    if (upstream[i] == 0 || block.is_leaf(i)) continue;
    const std::optional<RuleError> error = wrong_rule(block, i);
    if (error) return error;
  }
  return std::nullopt;
}

}  // namespace tapegrad::detail
