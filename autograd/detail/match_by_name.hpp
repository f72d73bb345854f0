#pragma once

#include <string>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>

namespace tapegrad::detail {

/// What a set that was loaded has for each of some targets.
struct MatchedValues {
  /// If all fit, one per target: in its precision and in memory of its own, so that a set of the
  /// targets themselves under each other's names works like any other.
  std::vector<Parameter> values;
  /// All that does not fit, each as `; 'a' is missing`; empty if everything does.
  std::string problems;
};

/// Finds the value of each target by its name, in the order of names that suits. It fits if every
/// target is there once with its shape, nothing else is there, and no finite number is beyond the
/// range of the target's precision. Targets stay as they are.
MatchedValues match_by_name(const NamedParameters& targets, const NamedParameters& given);

/// Gives each target its value; cannot fail after match_by_name.
void set_values(NamedParameters& targets, const std::vector<Parameter>& values);

}  // namespace tapegrad::detail
