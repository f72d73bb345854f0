#include <tapegrad/optim/lbfgs.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/optim/detail/checks.hpp>
#include <tapegrad/optim/detail/line_search.hpp>
#include <tapegrad/optim/detail/saved_state.hpp>

namespace tapegrad::optim {

namespace {

using detail::LinePoint;
using Vector = std::vector<double>;

/// PyTorch's: trials in one line search.
constexpr int most_trials = 25;

const LBFGSOptions& checked(const LBFGSOptions& options) {
  const auto count = [](const char* name, int value) {
    detail::check_number(
        "LBFGS", {name, static_cast<double>(value), 1, std::numeric_limits<int>::max(), true});
  };
  detail::check_number("LBFGS", {"learning_rate", options.learning_rate});
  count("max_iter", options.max_iter);
  count("max_eval", options.max_eval);
  count("history_size", options.history_size);
  detail::check_number("LBFGS", {"tolerance_grad", options.tolerance_grad});
  detail::check_number("LBFGS", {"tolerance_change", options.tolerance_change});
  return options;
}

double dot(const double* a, const double* b, std::size_t n) {
  return ops::kernels::dot(a, b, static_cast<std::int64_t>(n));
}

double dot(const Vector& a, const Vector& b) {
  return dot(a.data(), b.data(), a.size());
}

/// a += factor·b
void add(Vector& a, double factor, const double* b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
}

double largest(const Vector& a) {
  double most = 0;
  for (const double x : a) most = std::max(most, std::abs(x));
  return most;
}

double sum_of_sizes(const Vector& a) {
  double sum = 0;
  for (const double x : a) sum += std::abs(x);
  return sum;
}

}  // namespace

LBFGS::LBFGS(std::vector<Parameter> parameters, const LBFGSOptions& options)
    : parameters_("LBFGS", std::move(parameters)),
      options_(checked(options)),
      s_(Parameter::zeros({options.history_size, parameters_.size()}, f64)),
      y_(Parameter::zeros({options.history_size, parameters_.size()}, f64)) {}

double* LBFGS::row(const Parameter& history, std::int64_t which) const {
  return static_cast<double*>(history.state()->value) +
         which % options_.history_size * parameters_.size();
}

std::int64_t LBFGS::oldest() const {
  return std::max<std::int64_t>(0, count_ - options_.history_size);
}

LBFGS::Evaluation LBFGS::evaluate(const Closure& closure) {
  parameters_.zero_grad();
  const double loss = closure();
  detail::check_has_gradients("LBFGS", parameters_.have_grads());
  return {loss, parameters_.grads()};
}

LBFGS::Evaluation LBFGS::evaluate_at(const Vector& x, const Closure& closure) {
  parameters_.set_values(x);
  try {
    return evaluate(closure);
  } catch (const NonFiniteError&) {
    // The line search goes back from here.
    const double infinity = std::numeric_limits<double>::infinity();
    return {infinity, Vector(x.size(), infinity)};
  }
}

Vector LBFGS::direction(const Vector& gradient) const {
  Vector d = gradient;
  for (double& x : d) x = -x;
  if (count_ == 0) return d;
  const std::size_t n = d.size();
  Vector shares(static_cast<std::size_t>(options_.history_size));
  const auto share = [&](std::int64_t k) -> double& {
    return shares[static_cast<std::size_t>(k % options_.history_size)];
  };
  const auto curvature = [&](std::int64_t k) { return dot(row(s_, k), row(y_, k), n); };
  for (std::int64_t k = count_; k-- > oldest();) {
    share(k) = dot(row(s_, k), d.data(), n) / curvature(k);
    add(d, -share(k), row(y_, k));
  }
  const std::int64_t newest = count_ - 1;
  const double scale = curvature(newest) / dot(row(y_, newest), row(y_, newest), n);
  for (double& x : d) x *= scale;
  for (std::int64_t k = oldest(); k < count_; ++k) {
    add(d, share(k) - dot(row(y_, k), d.data(), n) / curvature(k), row(s_, k));
  }
  return d;
}

void LBFGS::remember(const Vector& s, const Vector& y) {
  // Without curvature along s the estimate would not stay positive definite.
  if (!(dot(s, y) > std::numeric_limits<double>::epsilon() * dot(y, y))) return;
  std::copy(s.begin(), s.end(), row(s_, count_));
  std::copy(y.begin(), y.end(), row(y_, count_));
  ++count_;
}

double LBFGS::step(const Closure& closure) {
  Evaluation now = evaluate(closure);
  const double first_loss = now.loss;
  if (!std::isfinite(now.loss) || !std::isfinite(sum_of_sizes(now.gradient))) {
    throw NonFiniteError("[LBFGS] needs a finite loss and gradient to begin with, got a loss of " +
                         ops::number_text(now.loss));
  }
  Vector x = parameters_.values();
  int evaluations = 1;
  for (int iteration = 0; iteration < options_.max_iter; ++iteration) {
    if (evaluations >= options_.max_eval) break;
    if (largest(now.gradient) <= options_.tolerance_grad) break;
    const Vector d = direction(now.gradient);
    const double slope = dot(d, now.gradient);
    if (!(slope < 0)) break;

    Evaluation trial;
    Vector trial_x;
    double trial_t = 0;
    const auto at = [&](double t) {
      trial_x = x;
      add(trial_x, t, d.data());
      trial = evaluate_at(trial_x, closure);
      trial_t = t;
      ++evaluations;
      return LinePoint{t, trial.loss, dot(trial.gradient, d)};
    };
    const double first =
        count_ > 0 ? options_.learning_rate
                   : options_.learning_rate * std::min(1.0, 1 / sum_of_sizes(now.gradient));
    LinePoint found{0, now.loss, slope};
    try {
      found = detail::strong_wolfe(at, found, first, most_trials);
      if (found.t != trial_t && found.t > 0) at(found.t);
    } catch (...) {
      parameters_.set_values(x);
      throw;
    }
    if (found.t == 0) {
      parameters_.set_values(x);
      break;
    }
    Vector s = d, y = trial.gradient;
    for (double& number : s) number *= found.t;
    add(y, -1, now.gradient.data());
    remember(s, y);
    x = std::move(trial_x);
    const double change = std::abs(trial.loss - now.loss);
    now = std::move(trial);
    if (change <= options_.tolerance_change || largest(s) <= options_.tolerance_change) break;
  }
  return first_loss;
}

NamedParameters LBFGS::state_dict() const {
  return detail::saved_state(arrays(), {{"count", static_cast<double>(count_), 0, 0x1p53, true}});
}

void LBFGS::load_state_dict(const NamedParameters& state) {
  const std::vector<double> loaded = detail::load_saved_state(
      "LBFGS", arrays(), {{"count", static_cast<double>(count_), 0, 0x1p53, true}}, state);
  count_ = static_cast<std::int64_t>(loaded.front());
}

}  // namespace tapegrad::optim
