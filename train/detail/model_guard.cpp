#include <tapegrad/train/detail/model_guard.hpp>

#include <cstring>

#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/state_dict.hpp>

namespace tapegrad::detail {

ModelGuard::ModelGuard(nn::Module& model)
    : modes_(model, true), generator_(nn::default_generator()) {
  for (const auto& [name, parameter] : nn::state_dict(model)) {
    const ParameterState& state = *parameter.state();
    const auto bytes = static_cast<std::size_t>(state.size) *
                       (state.precision == f32 ? sizeof(float) : sizeof(double));
    const char* value = static_cast<const char*>(state.value);
    const char* grad = static_cast<const char*>(state.grad);
    Copy copy{parameter, {value, value + bytes}, {}, state.grad_is_zero};
    if (!state.grad_is_zero) copy.grad.assign(grad, grad + bytes);
    copies_.push_back(std::move(copy));
  }
}

ModelGuard::~ModelGuard() {
  restore();
}

void ModelGuard::restore() noexcept {
  for (const Copy& copy : copies_) {
    ParameterState& state = *copy.parameter.state();
    ++state.version;
    std::memcpy(state.value, copy.value.data(), copy.value.size());
    if (!copy.grad.empty()) std::memcpy(state.grad, copy.grad.data(), copy.grad.size());
    state.grad_is_zero = copy.grad_is_zero;
  }
  nn::default_generator() = generator_;
}

}  // namespace tapegrad::detail
