#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/optim/detail/saved_state.hpp>

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

  /// A parameter that an optimizer changes, and what its rule remembers of it.
  struct Slot {
    Parameter parameter;           ///< The parameter.
    std::size_t group;             ///< Its group.
    std::vector<Parameter> state;  ///< Arrays of its shape and precision, at first zero.
    /// How often it was changed, the step that is being made included.
    double steps = 0;

    /// The number of elements of each array.
    std::int64_t size() const { return parameter.size(); }
    /// The elements of the parameter. T must be its type, here and below.
    template <class T>
    T* value() const {
      return static_cast<T*>(parameter.state()->value);
    }
    /// The elements of its gradient.
    template <class T>
    const T* grad() const {
      return static_cast<const T*>(parameter.state()->grad);
    }
    /// The elements of one of the arrays that are remembered.
    template <class T>
    T* state_values(std::size_t which) const {
      return static_cast<T*>(state[which].state()->value);
    }
  };

  /// An option of a group that is a number of at least 0.
  struct Option {
    const char* name;  ///< Under which errors and state_dict() show it; a literal.
    double* value;     ///< Where it is.
    /// What it must stay below.
    double below = std::numeric_limits<double>::infinity();
  };

  /// What a group consists of besides its parameters.
  struct Plan {
    std::vector<Option> options;     ///< The learning rate first.
    std::vector<const char*> state;  ///< The names of what is remembered of each parameter.
  };

 protected:
  /// `name` is how errors call it; a literal.
  explicit Optimizer(const char* name) : name_(name) {}
  /// Takes over parameters and state.
  Optimizer(Optimizer&&) = default;
  /// Takes over parameters and state, giving up its own.
  Optimizer& operator=(Optimizer&&) = default;

  /// Adds parameters, with their state at zero. Throws ValueError, and changes nothing, for an
  /// option out of its range or a parameter that is there already. The pointers to options stay
  /// in use.
  void add_group(const std::vector<Parameter>& parameters, Plan plan);
  /// Throws ValueError if no group has a parameter.
  void check_not_empty() const;

  /// Changes one parameter, which has a gradient, by the rule.
  virtual void update(Slot& slot) = 0;

  /// All parameters with their state.
  const std::vector<Slot>& slots() const { return slots_; }
  /// Throws ValueError if there is no such group.
  void check_group(std::size_t group) const;
  /// Sets an option. Throws ValueError, and changes nothing, if the value is out of its range.
  void set(const Option& option, double value);

 private:
  /// All numbers of the state: steps of all parameters, then options of all groups.
  std::vector<detail::Number> numbers() const;
  /// All arrays of the state.
  NamedParameters arrays() const;

  const char* name_;
  std::vector<Slot> slots_;
  std::vector<std::vector<Option>> groups_;
};

/// An optimizer whose groups have options of one type. A rule of one's own derives from this:
///
///     struct SignOptions { double learning_rate; };
///
///     class SignSGD : public optim::GroupedOptimizer<SignOptions> {
///      public:
///       SignSGD(std::vector<Parameter> parameters, double rate) : GroupedOptimizer("SignSGD") {
///         add_groups({{parameters, {rate}}});
///       }
///
///      private:
///       Plan plan(SignOptions& options) const override {
///         return {{{"learning_rate", &options.learning_rate}}, {}};
///       }
///       void update(Slot& slot) override {
///         with_precision(slot.parameter.precision(), [&](auto type) {
///           using T = decltype(type);
///           const T rate = static_cast<T>(options(slot.group).learning_rate);
///           for (std::int64_t i = 0; i < slot.size(); ++i) {
///             const T g = slot.grad<T>()[i];
///             slot.value<T>()[i] -= g > 0 ? rate : g < 0 ? -rate : 0;
///           }
///         });
///       }
///     };
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
  /// `name` is how errors call it; a literal.
  explicit GroupedOptimizer(const char* name) : Optimizer(name) {}

  /// For constructors: adds all groups. Throws as add_group, and ValueError if no group has a
  /// parameter.
  void add_groups(const std::vector<Group>& groups) {
    for (const Group& group : groups) add_group(group);
    check_not_empty();
  }

  /// What a group with these options consists of. Throws ValueError for options that contradict
  /// each other.
  virtual Plan plan(Options& options) const = 0;

  /// The options of a group, to be changed within their ranges.
  Options& mutable_options(std::size_t group) { return options_[group]; }

 private:
  /// A deque does not move its elements, to which the base keeps pointers.
  std::deque<Options> options_;
};

}  // namespace tapegrad::optim
