#include <tapegrad/optim/sgd.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <tapegrad/ops/error.hpp>

namespace tapegrad::optim {

namespace {

void check_not_negative(double number, const char* what) {
  if (!(number >= 0) || !std::isfinite(number)) {
    throw ValueError(std::string("[SGD] needs a ") + what + " of 0 or more, got " +
                     tapegrad::ops::number_text(number));
  }
}

template <class T>
void plain_step(T* __restrict x, const T* __restrict g, std::int64_t n, T rate) {
  for (std::int64_t i = 0; i < n; ++i) x[i] -= rate * g[i];
}

template <class T>
void momentum_step(T* __restrict x, T* __restrict v, const T* __restrict g, std::int64_t n, T rate,
                   T momentum) {
  for (std::int64_t i = 0; i < n; ++i) {
    v[i] = momentum * v[i] - rate * g[i];
    x[i] += v[i];
  }
}

}  // namespace

SGD::SGD(std::vector<Parameter> parameters, double learning_rate, double momentum)
    : parameters_(std::move(parameters)), learning_rate_(learning_rate), momentum_(momentum) {
  check_not_negative(learning_rate, "learning rate");
  check_not_negative(momentum, "momentum");
  if (parameters_.empty()) throw ValueError("[SGD] needs parameters to train, got none");
  for (auto parameter = parameters_.begin(); parameter != parameters_.end(); ++parameter) {
    if (std::any_of(parameters_.begin(), parameter,
                    [&](const Parameter& earlier) { return same(earlier, *parameter); })) {
      throw ValueError("[SGD] needs each parameter once, got one of shape " +
                       to_string(parameter->shape()) +
                       " twice; Module::parameters() lists shared ones once");
    }
  }
  if (momentum == 0) return;
  for (const Parameter& parameter : parameters_) {
    velocities_.push_back(Parameter::zeros(parameter.shape(), parameter.precision()));
  }
}

void SGD::set_learning_rate(double rate) {
  check_not_negative(rate, "learning rate");
  learning_rate_ = rate;
}

void SGD::zero_grad() {
  for (Parameter& parameter : parameters_) parameter.zero_grad();
}

void SGD::step() {
  bool moved = false;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    detail::ParameterState& state = *parameters_[i].state();
    if (state.grad_is_zero) continue;
    moved = true;
    ++state.version;
    with_precision(state.precision, [&](auto type) {
      using T = decltype(type);
      T* const x = static_cast<T*>(state.value);
      const T* const g = static_cast<const T*>(state.grad);
      const T rate = static_cast<T>(learning_rate_);
      if (velocities_.empty()) {
        plain_step(x, g, state.size, rate);
      } else {
        T* const v = static_cast<T*>(velocities_[i].state()->value);
        momentum_step(x, v, g, state.size, rate, static_cast<T>(momentum_));
      }
    });
  }
  if (!moved) {
    throw TapeError(
        "[SGD] needs gradients to step along, got none since zero_grad(); call backward() on the "
        "loss first, and check that the loss depends on these parameters");
  }
}

}  // namespace tapegrad::optim
