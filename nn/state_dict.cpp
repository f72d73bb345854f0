#include <tapegrad/nn/state_dict.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <string_view>

namespace tapegrad::nn {
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

void load_state_dict(Module& module, const NamedParameters& state) {
  std::string problems;
  const auto add = [&](const std::string& problem) { problems += "; " + problem; };

  std::map<std::string_view, const Parameter*> given;
  for (const auto& [name, parameter] : state) {
    if (!given.emplace(name, &parameter).second) add("'" + name + "' comes twice");
  }

  // Whatever may fail happens to copies, before the first value is overwritten; a set of the
  // module's own parameters under each other's names works like any other.
  NamedParameters targets = state_dict(module);
  std::vector<Parameter> values;
  for (const auto& [name, target] : targets) {
    const auto found = given.find(name);
    if (found == given.end()) {
      add("'" + name + "' is missing");
      continue;
    }
    const Parameter& source = *found->second;
    given.erase(found);
    if (source.shape() != target.shape()) {
      add("'" + name + "' has shape " + to_string(source.shape()) + " where " +
          to_string(target.shape()) + " is needed");
      continue;
    }
    values.push_back(staged(source, target));
    if (overflows(source, values.back())) {
      add("'" + name + "' has a number beyond the range of a float");
    }
  }
  for (const auto& [name, parameter] : state) {
    if (given.count(name) != 0) add("'" + name + "' is unexpected");
  }
  if (!problems.empty()) {
    throw ValueError(
        "[load_state_dict] needs the module's parameters and buffers by name and shape, each once" +
        problems + "; load what was saved from a module built alike");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    targets[i].second.set_value(numbers_of(values[i]));
  }
}

}  // namespace tapegrad::nn
