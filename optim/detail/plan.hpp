#pragma once

#include <limits>
#include <vector>

namespace tapegrad::optim::detail {

/// An option of a group that is a number of at least 0: where it is, and what it must stay below.
struct Option {
  const char* name;
  double* value;
  double below = std::numeric_limits<double>::infinity();
};

/// What a group of an optimizer consists of besides its parameters.
struct Plan {
  /// The learning rate first.
  std::vector<Option> options;
  /// What is remembered of each parameter, in arrays of its shape.
  std::vector<const char*> state;
};

}  // namespace tapegrad::optim::detail
