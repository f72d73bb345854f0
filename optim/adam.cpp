#include <tapegrad/optim/adam.hpp>

#include <cmath>

#include <tapegrad/optim/detail/for_all_elements.hpp>

namespace tapegrad::optim {

namespace {

/// What a step multiplies with, the same for all elements.
template <class T>
struct Factors {
  T beta1, rest1, beta2, rest2, eps;
  T rate;    ///< lr, divided by what corrects m.
  T root;    ///< What √v is multiplied with to correct v.
  T decay;   ///< How much of x is added to the gradient.
  T shrink;  ///< What x is multiplied with.
};

template <class T>
void adam_step(T* __restrict x, T* __restrict m, T* __restrict v, const T* __restrict g,
               std::int64_t n, Factors<T> f) {
  for (std::int64_t i = 0; i < n; ++i) {
    const T slope = g[i] + f.decay * x[i];
    m[i] = f.beta1 * m[i] + f.rest1 * slope;
    v[i] = f.beta2 * v[i] + f.rest2 * slope * slope;
    x[i] = f.shrink * x[i] - f.rate * m[i] / (std::sqrt(v[i]) * f.root + f.eps);
  }
}

Optimizer::Plan plan_of(AdamOptions& options) {
  return {{{"learning_rate", &options.learning_rate},
           {"beta1", &options.beta1, 1},
           {"beta2", &options.beta2, 1},
           {"eps", &options.eps},
           {"weight_decay", &options.weight_decay}},
          {"exp_avg", "exp_avg_sq"}};
}

void update_slot(const Optimizer::Slot& slot, const AdamOptions& options, double decay,
                 double shrink) {
  const bool corrects = options.bias_correction;
  const double correction1 = corrects ? 1 - std::pow(options.beta1, slot.steps) : 1;
  const double correction2 = corrects ? 1 - std::pow(options.beta2, slot.steps) : 1;
  detail::for_all_elements(slot, [&](auto type, std::int64_t first, std::int64_t n) {
    using T = decltype(type);
    const auto as = [](double number) { return static_cast<T>(number); };
    const Factors<T> factors{as(options.beta1),
                             as(1 - options.beta1),
                             as(options.beta2),
                             as(1 - options.beta2),
                             as(options.eps),
                             as(options.learning_rate / correction1),
                             as(1 / std::sqrt(correction2)),
                             as(decay),
                             as(shrink)};
    adam_step(slot.value<T>() + first, slot.state_values<T>(0) + first,
              slot.state_values<T>(1) + first, slot.grad<T>() + first, n, factors);
  });
}

}  // namespace

Adam::Adam(std::vector<Parameter> parameters, const AdamOptions& options)
    : Adam(std::vector<Group>{{std::move(parameters), options}}) {}

Adam::Adam(const std::vector<Group>& groups) : GroupedOptimizer("Adam") {
  add_groups(groups);
}

Optimizer::Plan Adam::plan(AdamOptions& options) const {
  return plan_of(options);
}

void Adam::update(Slot& slot) {
  const AdamOptions& options = mutable_options(slot.group);
  update_slot(slot, options, options.weight_decay, 1);
}

AdamW::AdamW(std::vector<Parameter> parameters, const AdamWOptions& options)
    : AdamW(std::vector<Group>{{std::move(parameters), options}}) {}

AdamW::AdamW(const std::vector<Group>& groups) : GroupedOptimizer("AdamW") {
  add_groups(groups);
}

Optimizer::Plan AdamW::plan(AdamWOptions& options) const {
  return plan_of(options);
}

void AdamW::update(Slot& slot) {
  const AdamWOptions& options = mutable_options(slot.group);
  update_slot(slot, options, 0, 1 - options.learning_rate * options.weight_decay);
}

}  // namespace tapegrad::optim
