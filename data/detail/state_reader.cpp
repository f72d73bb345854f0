#include <tapegrad/data/detail/state_reader.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace tapegrad::data::detail {

Parameter to_parameter(const Array<float>& array) {
  return Parameter(array, f32);
}

Parameter to_parameter(const std::vector<double>& numbers) {
  return Parameter(numbers, f64);
}

StateReader::StateReader(std::string kind, NamedParameters state)
    : kind_(std::move(kind)), left_(std::move(state)) {}

NamedParameters StateReader::part(const std::string& prefix) {
  NamedParameters part, others;
  for (const auto& [name, parameter] : left_) {
    if (name.compare(0, prefix.size(), prefix) == 0) {
      part.emplace_back(name.substr(prefix.size()), parameter);
    } else {
      others.emplace_back(name, parameter);
    }
  }
  left_ = std::move(others);
  return part;
}

Array<float> StateReader::take(const std::string& name, const Shape& shape) {
  const Parameter parameter = find(name);
  bool fits = parameter.shape().rank() == shape.rank();
  for (int axis = 0; fits && axis < shape.rank(); ++axis) {
    fits = shape[axis] < 0 || parameter.shape()[axis] == shape[axis];
  }
  if (!fits) {
    refuse(name, "of shape " + to_string(shape) + ", got " + to_string(parameter.shape()));
  }
  const Array<double> numbers = parameter.value();
  Array<float> array = Array<float>::from_shape(numbers.shape());
  std::transform(numbers.begin(), numbers.end(), array.begin(),
                 [](double number) { return static_cast<float>(number); });
  if (!std::all_of(array.begin(), array.end(),
                   [](float number) { return std::isfinite(number); })) {
    refuse(name, "of finite numbers");
  }
  return array;
}

std::vector<double> StateReader::numbers(const std::string& name) {
  const Parameter parameter = find(name);
  if (parameter.shape().rank() != 1) {
    refuse(name, "of one axis, got " + to_string(parameter.shape()));
  }
  const Array<double> numbers = parameter.value();
  if (!std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); })) {
    refuse(name, "of finite numbers");
  }
  return {numbers.begin(), numbers.end()};
}

double StateReader::number(const std::string& name) {
  const std::vector<double> list = numbers(name);
  if (list.size() != 1) refuse(name, fmt::format("of one number, got {}", list.size()));
  return list.front();
}

int StateReader::choice(const std::string& name, int largest) {
  const double value = number(name);
  if (!(value >= 0 && value <= largest && value == std::floor(value))) {
    refuse(name, fmt::format("as a whole number from 0 to {}, got {}", largest, value));
  }
  return static_cast<int>(value);
}

Shape StateReader::shape(const std::string& name) {
  const std::vector<double> list = numbers(name);
  const bool sizes = std::all_of(list.begin(), list.end(), [](double size) {
    return size >= 1 && size <= 0x1p31 && size == std::floor(size);
  });
  if (!sizes || list.empty() || list.size() > max_rank - 1) {
    refuse(name, fmt::format("as the sizes of a sample, got {}", fmt::join(list, " ")));
  }
  const Shape result(list.begin(), list.end());
  try {
    checked_size(result, "state");
  } catch (const ShapeError&) {
    refuse(name, "as the sizes of a sample that fits into memory, got " + to_string(result));
  }
  return result;
}

void StateReader::finish() const {
  if (!left_.empty()) {
    throw ValueError(
        fmt::format("[{}] needs a state of its own kind, got one with '{}', which it "
                    "does not know; load what state_dict() has made",
                    kind_, left_.front().first));
  }
}

void StateReader::refuse(const std::string& name, const std::string& needed) const {
  throw ValueError(fmt::format("[{}] needs '{}' {} in its state; load what state_dict() has made",
                               kind_, name, needed));
}

Parameter StateReader::find(const std::string& name) {
  const auto is_it = [&](const auto& entry) { return entry.first == name; };
  const auto found = std::find_if(left_.begin(), left_.end(), is_it);
  if (found == left_.end()) refuse(name, "once");
  Parameter parameter = found->second;
  left_.erase(found);
  return parameter;
}

}  // namespace tapegrad::data::detail
