#include <tapegrad/optim/clip_grad.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels.hpp>

namespace tapegrad::optim {

namespace {

using ops::number_text;

/// Calls f(gradient, size) for every gradient there is, in its precision.
template <class F>
void for_each_grad(const std::vector<Parameter>& parameters, F f) {
  for (const Parameter& parameter : parameters) {
    if (!parameter.has_grad()) continue;
    with_precision(parameter.precision(), [&](auto type) {
      f(static_cast<decltype(type)*>(parameter.state()->grad), parameter.size());
    });
  }
}

/// The norm of n numbers, of which there is at least one.
template <class T>
double norm_of(const T* g, std::int64_t n, double p) {
  if (p == 2) {
    T norm = 0;
    ops::kernels::norm({n}, {}, g, &norm, false);
    return norm;
  }
  double total = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double size = std::abs(static_cast<double>(g[i]));
    // A maximum that keeps NaN.
    total = std::isinf(p) ? (size <= total ? total : size) : total + std::pow(size, p);
  }
  return std::isinf(p) ? total : std::pow(total, 1 / p);
}

}  // namespace

double clip_grad_norm(const std::vector<Parameter>& parameters, double max_norm, double norm_type) {
  if (!(max_norm >= 0) || !(norm_type > 0)) {
    throw ValueError(
        "[clip_grad_norm] needs a max_norm of 0 or more and a norm_type above 0, got " +
        number_text(max_norm) + " and " + number_text(norm_type));
  }
  std::vector<double> norms;
  for_each_grad(parameters, [&](const auto* g, std::int64_t n) {
    if (n > 0) norms.push_back(norm_of(g, n, norm_type));
  });
  // The norm of the norms is that of all elements.
  const auto count = static_cast<std::int64_t>(norms.size());
  const double norm = norms.empty() ? 0.0 : norm_of(norms.data(), count, norm_type);
  if (!std::isfinite(norm)) {
    throw NonFiniteError("[clip_grad_norm] needs gradients with a finite norm, got " +
                         number_text(norm) + "; non_finite_gates(tape) shows where it began");
  }
  if (norm <= max_norm) return norm;
  for_each_grad(parameters, [&](auto* g, std::int64_t n) {
    using T = std::decay_t<decltype(*g)>;
    const T factor = static_cast<T>(max_norm / norm);
    for (std::int64_t i = 0; i < n; ++i) g[i] *= factor;
  });
  return norm;
}

void clip_grad_value(const std::vector<Parameter>& parameters, double max_value) {
  if (!(max_value >= 0)) {
    throw ValueError("[clip_grad_value] needs a max_value of 0 or more, got " +
                     number_text(max_value));
  }
  for_each_grad(parameters, [&](auto* g, std::int64_t n) {
    using T = std::decay_t<decltype(*g)>;
    const T most = static_cast<T>(max_value);
    for (std::int64_t i = 0; i < n; ++i) g[i] = std::clamp(g[i], -most, most);
  });
}

}  // namespace tapegrad::optim
