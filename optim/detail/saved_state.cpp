#include <tapegrad/optim/detail/saved_state.hpp>

#include <cmath>

#include <tapegrad/autograd/detail/match_by_name.hpp>

namespace tapegrad::optim::detail {

namespace {

bool in_range(const Number& number) {
  return number.value >= number.least && number.value < number.below &&
         (!number.whole || number.value == std::floor(number.value));
}

std::string range_text(const Number& number) {
  using ops::number_text;
  std::string text = number.whole ? "a whole number" : "a number";
  const bool open = std::isinf(number.below);
  if (number.least == std::numeric_limits<double>::lowest()) return text + " that is finite";
  if (open) return text + " of " + number_text(number.least) + " or more";
  return text + " from " + number_text(number.least) + " to below " + number_text(number.below);
}

}  // namespace

void check_number(const char* who, const Number& number) {
  if (in_range(number)) return;
  std::string name = number.name;
  for (char& letter : name) {
    if (letter == '_') letter = ' ';
  }
  throw ValueError(std::string("[") + who + "] needs " + range_text(number) + " as " + name +
                   ", got " + ops::number_text(number.value));
}

NamedParameters saved_state(NamedParameters arrays, const std::vector<Number>& numbers) {
  for (const Number& number : numbers)
    arrays.emplace_back(number.name, Parameter(number.value, f64));
  return arrays;
}

std::vector<double> load_saved_state(const char* who, const NamedParameters& arrays,
                                     const std::vector<Number>& numbers,
                                     const NamedParameters& given) {
  NamedParameters targets = saved_state(arrays, numbers);
  auto [values, problems] = tapegrad::detail::match_by_name(targets, given);
  std::vector<double> loaded;
  if (problems.empty()) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      Number number = numbers[i];
      number.value = values[arrays.size() + i].view<double>()();
      loaded.push_back(number.value);
      if (in_range(number)) continue;
      problems += "; '" + number.name + "' is " + ops::number_text(number.value) + " where " +
                  range_text(number) + " is needed";
    }
  }
  if (!problems.empty()) {
    throw ValueError(std::string("[") + who +
                     "] needs its state by name and shape, each part once" + problems +
                     "; load what state_dict() of one made alike has returned");
  }
  tapegrad::detail::set_values(targets, values);
  return loaded;
}

}  // namespace tapegrad::optim::detail
