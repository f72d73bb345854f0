#include <tapegrad/optim/newton.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/optim/detail/saved_state.hpp>

namespace tapegrad::optim {

namespace {

using Vector = std::vector<double>;

/// The share of the slope by which the loss must sink.
constexpr double least_descent = 1e-4;
/// How often a step is halved.
constexpr int most_halvings = 50;

double dot(const double* a, const double* b, std::int64_t n) {
  return ops::kernels::dot(a, b, n);
}

Var record_loss(const Newton::Closure& closure, const Tape& tape) {
  const Place place = Place::here();
  Var loss = closure();
  if (!loss.valid() || &tapegrad::detail::live_block(loss, "Newton", place) != &tape.block()) {
    throw TapeError(
        "[Newton] needs a closure that records the loss on this thread's innermost tape, got a "
        "loss on another one; make no tape in the closure");
  }
  if (loss.size() != 1) {
    throw ShapeError("[Newton] needs a loss of one element, got shape " + to_string(loss.shape()) +
                     "; sum it up or take its mean");
  }
  return loss;
}

double loss_of(const Newton::Closure& closure) {
  const NoGrad no_grad;
  const Tape tape(f64);
  return record_loss(closure, tape).item();
}

/// The loss near the parameters: value, gradient and Hessian, row by row.
struct Model {
  double loss;
  Vector gradient;
  Vector hessian;
};

Model model_of(const Newton::Closure& closure, const detail::FlatParameters& parameters) {
  Tape tape(f64);
  tape.block().private_grads = true;
  const Var loss = record_loss(closure, tape);
  if (!loss.requires_grad()) {
    throw TapeError(
        "[Newton] needs a loss that depends on the parameters, got one that depends on none");
  }
  std::vector<Var> nodes;
  for (const Parameter& parameter : parameters.list()) nodes.push_back(tape.parameter(parameter));
  const std::vector<Var> gradients = grad(loss, nodes);

  Model model{loss.item(), {}, {}};
  model.hessian.reserve(static_cast<std::size_t>(parameters.size() * parameters.size()));
  for (const Var& gradient : gradients) {
    const Array<double> value = gradient.value();
    model.gradient.insert(model.gradient.end(), value.begin(), value.end());
    Array<double> one(value.shape(), 0.0);
    for (std::size_t i = 0; i < value.size(); ++i) {
      tape.zero_grad();
      one.data()[i] = 1;
      if (gradient.requires_grad()) gradient.backward(one);
      one.data()[i] = 0;
      for (const Var& node : nodes) {
        const Array<double> row = node.grad();
        model.hessian.insert(model.hessian.end(), row.begin(), row.end());
      }
    }
  }
  if (!std::all_of(model.hessian.begin(), model.hessian.end(),
                   [](double element) { return std::isfinite(element); })) {
    throw NonFiniteError("[Newton] needs a finite Hessian, got NaN or infinity");
  }
  return model;
}

/// The lower triangle L of H + τI = LLᵀ in place of H's; false if that is not positive definite.
bool factorise(Vector& h, std::int64_t n, double damping) {
  double* const rows = h.data();
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      rows[i * n + j] = (rows[i * n + j] - dot(rows + i * n, rows + j * n, j)) / rows[j * n + j];
    }
    const double pivot = rows[i * n + i] + damping - dot(rows + i * n, rows + i * n, i);
    if (!(pivot > 0) || !std::isfinite(pivot)) return false;
    rows[i * n + i] = std::sqrt(pivot);
  }
  return true;
}

/// (LLᵀ)⁻¹·b
Vector solve(const Vector& l, Vector b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    b[i] = (b[i] - dot(&l[i * n], b.data(), static_cast<std::int64_t>(i))) / l[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    b[i] /= l[i * n + i];
    for (std::size_t j = 0; j < i; ++j) b[j] -= l[i * n + j] * b[i];
  }
  return b;
}

/// −(H + τI)⁻¹·g with the first τ of a rising series that makes the matrix positive definite.
Vector descent(const Model& model, double damping) {
  const auto n = static_cast<std::int64_t>(model.gradient.size());
  double largest = 0, least_diagonal = std::numeric_limits<double>::infinity();
  for (const double element : model.hessian) largest = std::max(largest, std::abs(element));
  for (std::int64_t i = 0; i < n; ++i) {
    least_diagonal = std::min(least_diagonal, model.hessian[static_cast<std::size_t>(i * n + i)]);
  }
  const double unit = largest > 0 ? 1e-3 * largest : 1;
  double tau = least_diagonal > 0 ? damping : std::max(damping, unit - least_diagonal);
  Vector factor = model.hessian;
  while (!factorise(factor, n, tau)) {
    tau = std::max(2 * tau, unit);
    factor = model.hessian;
  }
  Vector direction = solve(factor, model.gradient);
  for (double& x : direction) x = -x;
  return direction;
}

}  // namespace

Newton::Newton(std::vector<Parameter> parameters, const NewtonOptions& options)
    : parameters_("Newton", std::move(parameters)), options_(options) {
  detail::check_number("Newton", {"damping", options.damping});
  detail::check_number("Newton",
                       {"max_size", static_cast<double>(options.max_size), 1, 0x1p53, true});
  if (parameters_.size() > options.max_size) {
    const auto n = static_cast<double>(parameters_.size());
    constexpr double bytes_per_gib = 0x1p30;
    throw ValueError(fmt::format(
        "[Newton] needs a small problem, of at most max_size = {} numbers to train, got {}; their "
        "Hessian takes {:.{}f} GiB in float32, twice that in double; use LBFGS, which does not "
        "write it out, or SGD",
        options.max_size, parameters_.size(), n * n * 4 / bytes_per_gib, n < 100000 ? 2 : 0));
  }
}

double Newton::step(const Closure& closure) {
  const Model model = model_of(closure, parameters_);
  const Vector x = parameters_.values();
  const Vector direction = descent(model, options_.damping);
  const double slope =
      dot(direction.data(), model.gradient.data(), static_cast<std::int64_t>(x.size()));
  if (!(slope < 0)) return model.loss;
  try {
    double t = 1;
    for (int halvings = 0; halvings < most_halvings; ++halvings, t /= 2) {
      Vector moved = x;
      for (std::size_t i = 0; i < x.size(); ++i) moved[i] += t * direction[i];
      parameters_.set_values(moved);
      if (loss_of(closure) <= model.loss + least_descent * t * slope) return model.loss;
    }
  } catch (...) {
    parameters_.set_values(x);
    throw;
  }
  parameters_.set_values(x);
  return model.loss;
}

}  // namespace tapegrad::optim
