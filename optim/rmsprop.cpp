#include <tapegrad/optim/rmsprop.hpp>

#include <cmath>

#include <tapegrad/optim/detail/for_all_elements.hpp>

namespace tapegrad::optim {

namespace {

template <class T>
void rmsprop_step(T* __restrict x, T* __restrict s, const T* __restrict g, std::int64_t n, T rate,
                  T alpha, T beta, T eps, T decay) {
  for (std::int64_t i = 0; i < n; ++i) {
    const T slope = g[i] + decay * x[i];
    s[i] = alpha * s[i] + beta * slope * slope;
    x[i] -= rate * slope / (std::sqrt(s[i]) + eps);
  }
}

}  // namespace

RMSprop::RMSprop(std::vector<Parameter> parameters, const RMSpropOptions& options)
    : RMSprop(std::vector<Group>{{std::move(parameters), options}}) {}

RMSprop::RMSprop(const std::vector<Group>& groups) : GroupedOptimizer("RMSprop") {
  add_groups(groups);
}

Optimizer::Plan RMSprop::plan(RMSpropOptions& options) const {
  return {{{"learning_rate", &options.learning_rate},
           {"alpha", &options.alpha, 1},
           {"eps", &options.eps},
           {"weight_decay", &options.weight_decay}},
          {"square_avg"}};
}

void RMSprop::update(Slot& slot) {
  const RMSpropOptions& options = mutable_options(slot.group);
  detail::for_all_elements(slot, [&](auto type, std::int64_t first, std::int64_t n) {
    using T = decltype(type);
    rmsprop_step(slot.value<T>() + first, slot.state_values<T>(0) + first, slot.grad<T>() + first,
                 n, static_cast<T>(options.learning_rate), static_cast<T>(options.alpha),
                 static_cast<T>(1 - options.alpha), static_cast<T>(options.eps),
                 static_cast<T>(options.weight_decay));
  });
}

}  // namespace tapegrad::optim
