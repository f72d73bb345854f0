#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/nn/hooks.hpp>
#include <tapegrad/nn/window.hpp>

namespace tapegrad::nn {

/// A part of a network: named parameters, named child modules and a forward function made of gates.
///
/// A module of one's own derives from this, registers what it owns and writes `forward`:
///
///     class Residual : public nn::Module {
///      public:
///       explicit Residual(int width)
///           : inner_(register_module("inner", nn::Linear(width, width))) {}
///       Var forward(const Var& x) override { return x + relu((*inner_)(x)); }
///
///      private:
///       std::shared_ptr<nn::Linear> inner_;
///     };
///
/// Registering the same Parameter or module twice shares its weights. Modules can be moved but not
/// copied: a copy would share its weights unseen.
class Module {
 public:
  Module() = default;
  virtual ~Module() = default;
  /// Takes over parameters and children.
  Module(Module&&) = default;
  /// Takes over parameters and children, giving up its own.
  Module& operator=(Module&&) = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// The output for the input x, whose first axis counts samples.
  virtual Var forward(const Var& x) = 0;
  /// The same, `model(x)`, between the module's hooks, and with its gates in a group of their own
  /// on the tape (Scope). Errors of shapes and values say in which module, called from where.
  Var operator()(const Var& x, Place place = Place::here());

  /// Lets `hook(module, x)` run before each forward, the hooks of earlier registrations first. It
  /// returns the Var that takes the place of x, or nothing. As in PyTorch, forward(x) itself runs
  /// no hooks.
  template <class Hook>
  HookHandle register_forward_pre_hook(Hook hook) {
    if constexpr (std::is_void_v<std::invoke_result_t<Hook&, Module&, const Var&>>) {
      return add_pre_hook([hook = std::move(hook)](Module& module, const Var& x) mutable {
        hook(module, x);
        return x;
      });
    } else {
      return add_pre_hook(std::move(hook));
    }
  }
  /// Lets `hook(module, x, y)` run after each forward, where x is the input as forward got it. It
  /// returns the Var that takes the place of the output y, or nothing.
  ///
  ///     Array<double> seen;
  ///     auto handle = layer.register_forward_hook(
  ///         [&](nn::Module&, const Var&, const Var& y) { seen = y.value(); });
  ///     model(x);
  ///     handle.remove();
  template <class Hook>
  HookHandle register_forward_hook(Hook hook) {
    if constexpr (std::is_void_v<std::invoke_result_t<Hook&, Module&, const Var&, const Var&>>) {
      return add_hook([hook = std::move(hook)](Module& module, const Var& x, const Var& y) mutable {
        hook(module, x, y);
        return y;
      });
    } else {
      return add_hook(std::move(hook));
    }
  }

  /// All parameters of this module and its children, each once.
  std::vector<Parameter> parameters() const;
  /// The same with names that are paths such as `0.weight`. A shared parameter has the name under
  /// which it is met first. Without `recurse` only the module's own, not those of its children.
  NamedParameters named_parameters(bool recurse = true) const;
  /// What this module and its children keep besides parameters, such as running averages: no
  /// optimizer changes it, and it is saved and loaded with the parameters. Names as above.
  NamedParameters named_buffers() const;
  /// Forgets the gradients of all parameters.
  void zero_grad();

  /// This module, under the name "", and everything below it with paths such as `0.pieces`,
  /// parents before their children, each module once.
  std::vector<std::pair<std::string, Module*>> named_modules();
  /// Calls f for this module and everything below it, parents before their children.
  void apply(const std::function<void(Module&)>& f);

  /// Switches this module and its children to training behaviour; only modules such as dropout
  /// differ.
  void train(bool training = true);
  /// Switches to evaluation behaviour.
  void eval() { train(false); }
  /// Whether this module behaves as in training.
  bool is_training() const { return training_; }

  /// What a position of its output sees of its input, for summary(); to be overridden by a module
  /// whose own gates look at more than one element.
  virtual Window window() const { return {}; }
  /// True for a module that draws random numbers in training, such as dropout.
  virtual bool is_random() const { return false; }

 protected:
  /// Makes a parameter known under a name. Throws ValueError if the name is empty, taken or has
  /// a dot.
  Parameter register_parameter(const std::string& name, Parameter parameter);

  /// Makes numbers known that are kept with the module but not trained. Throws as
  /// register_parameter.
  Parameter register_buffer(const std::string& name, Parameter buffer);

  /// Makes a child known under a name and returns it. Throws as register_parameter.
  template <class M, class = std::enable_if_t<std::is_base_of_v<Module, std::decay_t<M>>>>
  std::shared_ptr<std::decay_t<M>> register_module(const std::string& name, M&& module) {
    auto child = std::make_shared<std::decay_t<M>>(std::forward<M>(module));
    add_child(name, child);
    return child;
  }
  /// The same for a child that has other owners too; registered twice, it shares its weights.
  template <class M>
  std::shared_ptr<M> register_module(const std::string& name, std::shared_ptr<M> module) {
    add_child(name, module);
    return module;
  }

 private:
  /// forward between the hooks.
  Var run(const Var& x);
  /// What errors call it: `0: Linear`, or `Linear` if it belongs to no other.
  std::string label() const;
  void add_child(const std::string& name, std::shared_ptr<Module> child);
  void check_name(const std::string& name) const;
  void collect_modules(const std::string& path,
                       std::vector<std::pair<std::string, Module*>>& found);
  HookHandle add_pre_hook(ForwardPreHook hook);
  HookHandle add_hook(ForwardHook hook);
  detail::Hooks& hooks();
  using Kept = NamedParameters Module::*;
  /// Appends what this module and its children keep in a list, or in several, each once.
  void collect(const std::string& prefix, std::initializer_list<Kept> lists, NamedParameters& found,
               bool recurse = true) const;
  friend NamedParameters state_dict(const Module& module);

  NamedParameters parameters_;
  NamedParameters buffers_;
  std::vector<std::pair<std::string, std::shared_ptr<Module>>> children_;
  bool training_ = true;
  /// Under which it was first registered; null if it was not.
  std::shared_ptr<const std::string> name_;
  /// Null until the first one is registered.
  std::shared_ptr<detail::Hooks> hooks_;
};

}  // namespace tapegrad::nn
