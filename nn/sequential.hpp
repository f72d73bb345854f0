#pragma once

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// A module that can be moved from; an lvalue would have to be copied.
template <class M>
inline constexpr bool is_module_rvalue =
    std::is_base_of_v<Module, M> && !std::is_reference_v<M> && !std::is_const_v<M>;

/// Modules in a row, named 0, 1, 2, …: each gets the output of the one before.
class Sequential : public Module {
  /// One Sequential alone is not a layer: it is copied or moved.
  template <class... Modules>
  static constexpr bool are_layers = (std::is_base_of_v<Module, Modules> && ...) &&
                                     !(sizeof...(Modules) == 1 &&
                                       (std::is_same_v<Sequential, Modules> && ...));

 public:
  Sequential() = default;
  /// Takes over any number of modules: `Sequential(Linear(2, 100), ReLU(), Linear(100, 3))`.
  template <class... Modules, class = std::enable_if_t<are_layers<std::decay_t<Modules>...>>>
  explicit Sequential(Modules&&... modules) {
    (add(std::forward<Modules>(modules)), ...);
  }

  /// Appends a module and returns it.
  template <class M, class = std::enable_if_t<std::is_base_of_v<Module, std::decay_t<M>>>>
  std::shared_ptr<std::decay_t<M>> add(M&& module) {
    static_assert(is_module_rvalue<M>,
                  "a module is moved in, add(std::move(layer)), or shared as a shared_ptr: a copy "
                  "would share its weights unseen");
    return add(std::make_shared<std::decay_t<M>>(std::forward<M>(module)));
  }
  /// Appends a module that has other owners too; listed twice, it shares its weights.
  template <class M>
  std::shared_ptr<M> add(std::shared_ptr<M> module) {
    modules_.push_back(register_module(std::to_string(modules_.size()), module));
    return module;
  }

  /// The last module's output.
  Var forward(const Var& x) override {
    Var y = x;
    for (const auto& module : modules_) y = (*module)(y);
    return y;
  }

  /// The number of modules.
  std::size_t size() const { return modules_.size(); }
  /// The module at a position. Throws ValueError unless that is below size().
  Module& operator[](std::size_t index) {
    if (index < modules_.size()) return *modules_[index];
    throw ValueError("[Sequential] needs a position below its size of " +
                     std::to_string(modules_.size()) + ", got " + std::to_string(index));
  }

 private:
  std::vector<std::shared_ptr<Module>> modules_;
};

}  // namespace tapegrad::nn
