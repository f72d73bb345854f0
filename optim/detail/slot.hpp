#pragma once

#include <cstddef>
#include <vector>

#include <tapegrad/autograd/parameter.hpp>

namespace tapegrad::optim::detail {

/// A parameter that an optimizer changes, and what its rule remembers of it.
struct Slot {
  Parameter parameter;
  std::size_t group;
  /// Arrays of the parameter's shape and precision.
  std::vector<Parameter> state;
  /// How often the parameter was changed, the step that is being made included. A whole number; a
  /// double as the set in which it is saved.
  double steps = 0;

  std::int64_t size() const { return parameter.size(); }
  /// The numbers themselves; T must be the parameter's type.
  template <class T>
  T* value() const {
    return static_cast<T*>(parameter.state()->value);
  }
  template <class T>
  const T* grad() const {
    return static_cast<const T*>(parameter.state()->grad);
  }
  template <class T>
  T* state_values(std::size_t which) const {
    return static_cast<T*>(state[which].state()->value);
  }
};

}  // namespace tapegrad::optim::detail
