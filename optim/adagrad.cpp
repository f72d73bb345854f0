#include <tapegrad/optim/adagrad.hpp>

#include <cmath>

#include <tapegrad/optim/detail/for_all_elements.hpp>

namespace tapegrad::optim {

namespace {

template <class T>
void adagrad_step(T* __restrict x, T* __restrict s, const T* __restrict g, std::int64_t n, T rate,
                  T eps, T decay) {
  for (std::int64_t i = 0; i < n; ++i) {
    const T slope = g[i] + decay * x[i];
    s[i] += slope * slope;
    x[i] -= rate * slope / (std::sqrt(s[i]) + eps);
  }
}

}  // namespace

Adagrad::Adagrad(std::vector<Parameter> parameters, const AdagradOptions& options)
    : Adagrad(std::vector<Group>{{std::move(parameters), options}}) {}

Adagrad::Adagrad(const std::vector<Group>& groups) : GroupedOptimizer("Adagrad") {
  add_groups(groups);
}

Optimizer::Plan Adagrad::plan(AdagradOptions& options) const {
  return {{{"learning_rate", &options.learning_rate},
           {"eps", &options.eps},
           {"weight_decay", &options.weight_decay}},
          {"sum"}};
}

void Adagrad::update(Slot& slot) {
  const AdagradOptions& options = mutable_options(slot.group);
  detail::for_all_elements(slot, [&](auto type, std::int64_t first, std::int64_t n) {
    using T = decltype(type);
    adagrad_step(slot.value<T>() + first, slot.state_values<T>(0) + first, slot.grad<T>() + first,
                 n, static_cast<T>(options.learning_rate), static_cast<T>(options.eps),
                 static_cast<T>(options.weight_decay));
  });
}

}  // namespace tapegrad::optim
