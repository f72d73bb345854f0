#pragma once

#include <deque>
#include <utility>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/optim/detail/plan.hpp>
#include <tapegrad/optim/detail/saved_state.hpp>
#include <tapegrad/optim/detail/slot.hpp>

namespace tapegrad::optim {

/// Parameters that learn alike, with the options of their optimizer.
template <class Options>
struct ParameterGroup {
  std::vector<Parameter> parameters;  ///< May be none, as the biases of a model without.
  Options options;                    ///< For these parameters.
};

/// What rules that change parameters by their gradients have in common: parameters in groups, a
/// learning rate per group, and a state that can be saved.
///
///     data::save_safetensors("optimizer.safetensors", adam.state_dict());
///     adam.load_state_dict(data::load_safetensors("optimizer.safetensors"));
///
/// continues exactly where it was, given the same parameters. Optimizers can be moved but not
/// copied: a copy would share its state unseen. A schedule refers to its optimizer, which must stay
/// where it is.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Changes every parameter that has a gradient; others stay, as does what is remembered of them.
  /// Throws TapeError if none has one.
  void step();
  /// Forgets the gradients of all parameters.
  void zero_grad();

  /// How many groups of parameters there are.
  std::size_t group_count() const { return groups_.size(); }
  /// How far a step goes along the gradient, in the given group. Throws ValueError if there is no
  /// such group.
  double learning_rate(std::size_t group = 0) const;
  /// Sets it for all groups. Throws ValueError below 0 or if not finite.
  void set_learning_rate(double rate);
  /// Sets it for one group. Throws as the two above.
  void set_learning_rate(double rate, std::size_t group);

  /// All that the next steps depend on besides parameters and gradients. Of parameter i, counted
  /// through all groups: what the rule remembers, as `i.velocity`, handles to the optimizer's own
  /// arrays; and how often it was changed, `i.step`. Of group k: each option that is a number, as
  /// `groups.k.learning_rate`. Numbers are scalars in double, copied.
  NamedParameters state_dict() const;
  /// Restores such a set, in the order of names that suits. Throws ValueError that lists everything
  /// that does not fit, and changes nothing, unless all is there once with its shape, nothing else
  /// is there, and each number is in its range.
  void load_state_dict(const NamedParameters& state);

 protected:
  /// `name` is how errors call it; a literal.
  explicit Optimizer(const char* name) : name_(name) {}
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  /// Adds parameters, with their state at zero. Throws ValueError, and changes nothing, for an
  /// option out of its range or a parameter that is there already. The pointers to options stay
  /// in use.
  void add_group(const std::vector<Parameter>& parameters, detail::Plan plan);
  /// Throws ValueError if no group has a parameter.
  void check_not_empty() const;

  /// Changes one parameter, which has a gradient, by the rule.
  virtual void update(detail::Slot& slot) = 0;

  const char* name() const { return name_; }
  const std::vector<detail::Slot>& slots() const { return slots_; }
  /// Throws ValueError if there is no such group.
  void check_group(std::size_t group) const;
  /// Sets an option. Throws ValueError, and changes nothing, if the value is out of its range.
  void set(const detail::Option& option, double value);

 private:
  /// All numbers of the state: steps of all parameters, then options of all groups.
  std::vector<detail::Number> numbers() const;
  /// All arrays of the state.
  NamedParameters arrays() const;

  const char* name_;
  std::vector<detail::Slot> slots_;
  std::vector<std::vector<detail::Option>> groups_;
};

/// An optimizer whose groups have options of one type. A rule of one's own derives from this: its
/// constructor calls `add_groups`, `plan` says which options and arrays it has, `update` changes a
/// parameter.
template <class Options>
class GroupedOptimizer : public Optimizer {
 public:
  /// Parameters with options of this optimizer.
  using Group = ParameterGroup<Options>;

  /// The options of a group as they are now. Throws ValueError if there is no such group.
  const Options& options(std::size_t group = 0) const {
    check_group(group);
    return options_[group];
  }

  /// Takes further parameters with options of their own, PyTorch's add_param_group. Throws
  /// ValueError, and changes nothing, for an option out of its range or a parameter that is in a
  /// group already.
  void add_group(const Group& group) {
    options_.push_back(group.options);
    try {
      Optimizer::add_group(group.parameters, plan(options_.back()));
    } catch (...) {
      options_.pop_back();
      throw;
    }
  }

 protected:
  using Optimizer::Optimizer;

  void add_groups(const std::vector<Group>& groups) {
    for (const Group& group : groups) add_group(group);
    check_not_empty();
  }

  /// What a group with these options consists of. Throws ValueError for options that contradict
  /// each other.
  virtual detail::Plan plan(Options& options) const = 0;

  Options& mutable_options(std::size_t group) { return options_[group]; }

 private:
  /// A deque does not move its elements, to which the base keeps pointers.
  std::deque<Options> options_;
};

}  // namespace tapegrad::optim
