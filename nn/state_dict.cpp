#include <tapegrad/nn/state_dict.hpp>

#include <tapegrad/autograd/detail/match_by_name.hpp>

namespace tapegrad::nn {

void load_state_dict(Module& module, const NamedParameters& state) {
  NamedParameters targets = state_dict(module);
  const auto [values, problems] = detail::match_by_name(targets, state);
  if (!problems.empty()) {
    throw ValueError(
        "[load_state_dict] needs the module's parameters and buffers by name and shape, each once" +
        problems + "; load what was saved from a module built alike");
  }
  detail::set_values(targets, values);
}

}  // namespace tapegrad::nn
