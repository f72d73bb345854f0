#pragma once

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// Modules in a row, named 0, 1, 2, …: each gets the output of the one before.
class Sequential : public Module {
 public:
  /// Takes over any number of modules: `Sequential(Linear(2, 100), ReLU(), Linear(100, 3))`.
  template <class... Modules,
            class = std::enable_if_t<(std::is_base_of_v<Module, std::decay_t<Modules>> && ...)>>
  explicit Sequential(Modules&&... modules) {
    (add(std::forward<Modules>(modules)), ...);
  }

  /// Appends a module and returns it.
  template <class M>
  std::shared_ptr<std::decay_t<M>> add(M&& module) {
    auto child = register_module(std::to_string(modules_.size()), std::forward<M>(module));
    modules_.push_back(child);
    return child;
  }

  Var forward(const Var& x) override {
    Var y = x;
    for (const auto& module : modules_) y = (*module)(y);
    return y;
  }

  std::size_t size() const { return modules_.size(); }

 private:
  std::vector<std::shared_ptr<Module>> modules_;
};

}  // namespace tapegrad::nn
