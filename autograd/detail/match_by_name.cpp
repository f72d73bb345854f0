#include <tapegrad/autograd/detail/match_by_name.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace tapegrad::detail {

namespace {

/// A parameter's numbers where they lie.
ArrayRef numbers_of(const Parameter& parameter) {
  return with_precision(parameter.precision(), [&](auto type) {
    return ArrayRef(static_cast<const decltype(type)*>(parameter.state()->value),
                    parameter.shape());
  });
}

/// A value that `target` can take over as it is: of its precision, in memory of its own.
Parameter staged(const Parameter& source, const Parameter& target) {
  return Parameter(numbers_of(source), target.precision());
}

/// True if a number is finite in `source` and no longer in `converted`.
bool overflows(const Parameter& source, const Parameter& converted) {
  if (source.precision() == f32 || converted.precision() == f64) return false;
  const auto wide = source.view<double>();
  const auto narrow = converted.view<float>();
  return !std::equal(wide.begin(), wide.end(), narrow.begin(), [](double before, float after) {
    return std::isfinite(before) == std::isfinite(after);
  });
}

}  // namespace

MatchedValues match_by_name(const NamedParameters& targets, const NamedParameters& given) {
  MatchedValues result;
  const auto add = [&](const std::string& problem) { result.problems += "; " + problem; };

  std::map<std::string_view, const Parameter*> left;
  for (const auto& [name, parameter] : given) {
    if (!left.emplace(name, &parameter).second) add("'" + name + "' comes twice");
  }
  for (const auto& [name, target] : targets) {
    const auto found = left.find(name);
    if (found == left.end()) {
      add("'" + name + "' is missing");
      continue;
    }
    const Parameter& source = *found->second;
    left.erase(found);
    if (source.shape() != target.shape()) {
      add("'" + name + "' has shape " + to_string(source.shape()) + " where " +
          to_string(target.shape()) + " is needed");
      continue;
    }
    result.values.push_back(staged(source, target));
    if (overflows(source, result.values.back())) {
      add("'" + name + "' has a number beyond the range of a float");
    }
  }
  for (const auto& [name, parameter] : given) {
    if (left.count(name) != 0) add("'" + name + "' is unexpected");
  }
  return result;
}

void set_values(NamedParameters& targets, const std::vector<Parameter>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    targets[i].second.set_value(numbers_of(values[i]));
  }
}

}  // namespace tapegrad::detail
