#include <tapegrad/optim/sgd.hpp>

#include <algorithm>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/optim/detail/for_all_elements.hpp>

namespace tapegrad::optim {

namespace {

/// The gradient at an element, with that of the weight decay where there is one: reading x for
/// nothing takes a tenth of the time of a step.
template <bool decays, class T>
T slope(const T* x, const T* g, std::int64_t i, T decay) {
  return decays ? g[i] + decay * x[i] : g[i];
}

template <bool decays, class T>
void plain_step(T* __restrict x, const T* __restrict g, std::int64_t n, T rate, T decay) {
  for (std::int64_t i = 0; i < n; ++i) x[i] -= rate * slope<decays>(x, g, i, decay);
}

template <bool decays, class T>
void momentum_step(T* __restrict x, T* __restrict v, const T* __restrict g, std::int64_t n, T rate,
                   T momentum, T decay) {
  for (std::int64_t i = 0; i < n; ++i) {
    v[i] = momentum * v[i] - rate * slope<decays>(x, g, i, decay);
    x[i] += v[i];
  }
}

template <bool decays, class T>
void nesterov_step(T* __restrict x, T* __restrict v, const T* __restrict g, std::int64_t n, T rate,
                   T momentum, T decay) {
  for (std::int64_t i = 0; i < n; ++i) {
    const T before = v[i];
    v[i] = momentum * before - rate * slope<decays>(x, g, i, decay);
    x[i] += (1 + momentum) * v[i] - momentum * before;
  }
}

template <bool decays>
void update_slot(const Optimizer::Slot& slot, const SGDOptions& options) {
  detail::for_all_elements(slot, [&](auto type, std::int64_t first, std::int64_t n) {
    using T = decltype(type);
    const T rate = static_cast<T>(options.learning_rate);
    const T momentum = static_cast<T>(options.momentum);
    const T decay = static_cast<T>(options.weight_decay);
    T* const x = slot.value<T>() + first;
    const T* const g = slot.grad<T>() + first;
    if (slot.state.empty()) return plain_step<decays>(x, g, n, rate, decay);
    T* const v = slot.state_values<T>(0) + first;
    if (options.nesterov) {
      nesterov_step<decays>(x, v, g, n, rate, momentum, decay);
    } else {
      momentum_step<decays>(x, v, g, n, rate, momentum, decay);
    }
  });
}

}  // namespace

SGD::SGD(std::vector<Parameter> parameters, const SGDOptions& options)
    : SGD(std::vector<Group>{{std::move(parameters), options}}) {}

SGD::SGD(const std::vector<Group>& groups) : GroupedOptimizer("SGD") {
  add_groups(groups);
}

Optimizer::Plan SGD::plan(SGDOptions& options) const {
  if (options.nesterov && options.momentum == 0) {
    throw ValueError("[SGD] needs a momentum above 0 for Nesterov's form, got 0");
  }
  Plan result{{{"learning_rate", &options.learning_rate},
               {"momentum", &options.momentum},
               {"weight_decay", &options.weight_decay}},
              {}};
  if (options.momentum != 0) result.state = {"velocity"};
  return result;
}

void SGD::set_momentum(double momentum) {
  if (std::any_of(slots().begin(), slots().end(),
                  [](const Slot& slot) { return slot.state.empty(); })) {
    throw ValueError(
        "[SGD] needs groups made with momentum to change it, got one made without; make it with "
        "the first momentum of the schedule");
  }
  for (std::size_t group = 0; group < group_count(); ++group) {
    set({"momentum", &mutable_options(group).momentum}, momentum);
  }
}

void SGD::update(Slot& slot) {
  const SGDOptions& options = mutable_options(slot.group);
  if (options.weight_decay == 0) {
    update_slot<false>(slot, options);
  } else {
    update_slot<true>(slot, options);
  }
}

}  // namespace tapegrad::optim
