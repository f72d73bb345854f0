#include <tapegrad/nn/weights.hpp>

#include <string_view>

namespace tapegrad::nn {

namespace {

/// Whether the last part of a path such as `0.bias` is `bias`.
bool is_bias(std::string_view path) {
  return path.substr(path.rfind('.') + 1) == "bias";
}

template <class Chosen>
NamedParameters chosen(const Module& module, Chosen is_chosen) {
  NamedParameters result;
  for (auto& [name, parameter] : module.named_parameters()) {
    if (is_chosen(name, parameter)) result.emplace_back(name, parameter);
  }
  return result;
}

}  // namespace

NamedParameters weights(const Module& module) {
  return chosen(module, [](const std::string& name, const Parameter& parameter) {
    return parameter.shape().rank() >= 2 && !is_bias(name);
  });
}

NamedParameters biases(const Module& module) {
  return chosen(module, [](const std::string& name, const Parameter&) { return is_bias(name); });
}

}  // namespace tapegrad::nn
