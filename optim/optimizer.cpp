#include <tapegrad/optim/optimizer.hpp>

#include <limits>
#include <string>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/optim/detail/checks.hpp>

namespace tapegrad::optim {

void Optimizer::add_group(const std::vector<Parameter>& parameters, Plan plan) {
  for (const Option& option : plan.options) {
    detail::check_number(name_, {option.name, *option.value, 0, option.below});
  }
  std::vector<Parameter> all;
  for (const Slot& slot : slots_) all.push_back(slot.parameter);
  all.insert(all.end(), parameters.begin(), parameters.end());
  detail::check_distinct(name_, all);

  std::vector<Slot> slots = slots_;
  for (const Parameter& parameter : parameters) {
    Slot slot{parameter, groups_.size(), {}};
    for (const char* const what : plan.state) {
      slot.state.push_back(Parameter::zeros(parameter.shape(), parameter.precision()));
      slot.state.back().state()->name = what;
    }
    slots.push_back(std::move(slot));
  }
  groups_.push_back(std::move(plan.options));
  slots_ = std::move(slots);
}

void Optimizer::check_not_empty() const {
  detail::check_not_empty(name_, slots_.empty());
}

void Optimizer::check_group(std::size_t group) const {
  if (group < groups_.size()) return;
  throw ValueError(std::string("[") + name_ + "] needs a group from 0 to " +
                   std::to_string(groups_.size() - 1) + ", got " + std::to_string(group));
}

double Optimizer::learning_rate(std::size_t group) const {
  check_group(group);
  return *groups_[group].front().value;
}

void Optimizer::set_learning_rate(double rate) {
  for (std::size_t group = 0; group < groups_.size(); ++group) set_learning_rate(rate, group);
}

void Optimizer::set_learning_rate(double rate, std::size_t group) {
  check_group(group);
  set(groups_[group].front(), rate);
}

void Optimizer::set(const Option& option, double value) {
  detail::check_number(name_, {option.name, value, 0, option.below});
  *option.value = value;
}

void Optimizer::zero_grad() {
  for (Slot& slot : slots_) slot.parameter.zero_grad();
}

void Optimizer::step() {
  bool moved = false;
  for (Slot& slot : slots_) {
    if (!slot.parameter.has_grad()) continue;
    moved = true;
    ++slot.parameter.state()->version;
    ++slot.steps;
    update(slot);
  }
  detail::check_has_gradients(name_, moved);
}

NamedParameters Optimizer::arrays() const {
  NamedParameters result;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    for (const Parameter& state : slots_[i].state) {
      result.emplace_back(std::to_string(i) + "." + state.state()->name, state);
    }
  }
  return result;
}

std::vector<detail::Number> Optimizer::numbers() const {
  constexpr double unbounded = std::numeric_limits<double>::infinity();
  std::vector<detail::Number> result;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    result.push_back({std::to_string(i) + ".step", slots_[i].steps, 0, unbounded, true});
  }
  for (std::size_t k = 0; k < groups_.size(); ++k) {
    for (const Option& option : groups_[k]) {
      const std::string name = "groups." + std::to_string(k) + "." + option.name;
      result.push_back({name, *option.value, 0, option.below});
    }
  }
  return result;
}

NamedParameters Optimizer::state_dict() const {
  return detail::saved_state(arrays(), numbers());
}

void Optimizer::load_state_dict(const NamedParameters& state) {
  const std::vector<double> loaded = detail::load_saved_state(name_, arrays(), numbers(), state);
  const double* next = loaded.data();
  for (Slot& slot : slots_) slot.steps = *next++;
  for (const std::vector<Option>& options : groups_) {
    for (const Option& option : options) *option.value = *next++;
  }
}

}  // namespace tapegrad::optim
