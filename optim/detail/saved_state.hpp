#pragma once

#include <limits>
#include <string>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>

/// What optimizers and schedules share inside.
namespace tapegrad::optim::detail {

/// A number with a name and a range: an option of an optimizer, a count of steps.
struct Number {
  std::string name;
  double value;
  /// The least that it may be, and what it must stay below: infinity means any finite number.
  double least = 0;
  double below = std::numeric_limits<double>::infinity();
  /// Whether it counts something.
  bool whole = false;
};

/// Throws ValueError, naming `who`, unless the number is in its range.
void check_number(const char* who, const Number& number);

/// Arrays and numbers as a set that can be saved: handles to the arrays, the numbers as scalars in
/// double.
NamedParameters saved_state(NamedParameters arrays, const std::vector<Number>& numbers);

/// Restores arrays from what saved_state has returned, given their present state, and returns the
/// numbers that were saved. Throws ValueError, naming `who` and listing everything that does not
/// fit, and changes nothing.
std::vector<double> load_saved_state(const char* who, const NamedParameters& arrays,
                                     const std::vector<Number>& numbers,
                                     const NamedParameters& given);

}  // namespace tapegrad::optim::detail
