#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/autograd/tape.hpp>

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
  /// The same, `model(x)`, with the module's gates in a group of their own on the tape (Scope).
  Var operator()(const Var& x);

  /// All parameters of this module and its children, each once.
  std::vector<Parameter> parameters() const;
  /// The same with names that are paths such as `0.weight`. A shared parameter has the name under
  /// which it is met first.
  NamedParameters named_parameters() const;
  /// What this module and its children keep besides parameters, such as running averages: no
  /// optimizer changes it, and it is saved and loaded with the parameters. Names as above.
  NamedParameters named_buffers() const;
  /// Forgets the gradients of all parameters.
  void zero_grad();

  /// Calls f for this module and everything below it, parents before their children.
  void apply(const std::function<void(Module&)>& f);

  /// Switches this module and its children to training behaviour; only modules such as dropout
  /// differ.
  void train(bool training = true);
  /// Switches to evaluation behaviour.
  void eval() { train(false); }
  /// Whether this module behaves as in training.
  bool is_training() const { return training_; }

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
  void add_child(const std::string& name, std::shared_ptr<Module> child);
  void check_name(const std::string& name) const;
  using Kept = NamedParameters Module::*;
  /// Appends what this module and its children keep in a list, or in several, each once.
  void collect(const std::string& prefix, std::initializer_list<Kept> lists,
               NamedParameters& found) const;
  friend NamedParameters state_dict(const Module& module);

  NamedParameters parameters_;
  NamedParameters buffers_;
  std::vector<std::pair<std::string, std::shared_ptr<Module>>> children_;
  bool training_ = true;
  /// Under which it was first registered; null if it was not.
  std::shared_ptr<const std::string> name_;
};

}  // namespace tapegrad::nn
