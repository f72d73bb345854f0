#include <tapegrad/train/direction.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tapegrad/ops/philox.hpp>
#include <tapegrad/optim/detail/checks.hpp>

namespace tapegrad::train {

namespace {

constexpr std::uint64_t landscape_stream =
    0x6C616E64'00000000;  // "land", see NOTE [Random numbers]

void check_parameters(const std::vector<Parameter>& parameters) {
  if (parameters.empty()) throw ValueError("[Direction] needs parameters to move, got none");
  optim::detail::check_distinct("Direction", parameters);
}

double norm_of(const double* numbers, std::size_t count) {
  double squares = 0;
  for (std::size_t i = 0; i < count; ++i) squares += numbers[i] * numbers[i];
  return std::sqrt(squares);
}

/// Gives each of `rows` equal parts of a step the norm of the same part of the value.
void scale_rows(Array<double>& step, const Array<double>& value, std::size_t rows) {
  const std::size_t length = rows == 0 ? 0 : step.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    double* const numbers = step.data() + row * length;
    const double norm = norm_of(numbers, length);
    // A row without elements, or whose normal numbers are all 0, has no direction to keep.
    const double factor = norm > 0 ? norm_of(value.data() + row * length, length) / norm : 0.0;
    for (std::size_t i = 0; i < length; ++i) numbers[i] *= factor;
  }
}

void scale(Array<double>& step, const Parameter& parameter, Scaling scaling) {
  if (scaling == Scaling::none) return;
  if (scaling == Scaling::layer) return scale_rows(step, parameter.value(), 1);
  if (parameter.shape().rank() < 2) return step.fill(0.0);
  scale_rows(step, parameter.value(), static_cast<std::size_t>(parameter.shape()[0]));
}

bool moves(const Direction::Part& part) {
  return std::any_of(part.step.begin(), part.step.end(), [](double step) { return step != 0; });
}

}  // namespace

Direction::Direction(std::string name, std::vector<Part> parts, std::optional<std::size_t> element)
    : name_(std::move(name)), parts_(std::move(parts)), element_(element) {}

Direction Direction::weight(const Parameter& parameter, const std::vector<std::int64_t>& index,
                            std::string name) {
  const Shape& shape = parameter.shape();
  bool fits = index.size() == static_cast<std::size_t>(shape.rank());
  std::size_t element = 0;
  for (int axis = 0; fits && axis < shape.rank(); ++axis) {
    const std::int64_t at = index[static_cast<std::size_t>(axis)];
    fits = at >= 0 && at < shape[axis];
    element = element * static_cast<std::size_t>(shape[axis]) + static_cast<std::size_t>(at);
  }
  const std::string place = fmt::format("[{}]", fmt::join(index, ", "));
  if (!fits) {
    throw ShapeError(fmt::format(
        "[Direction] needs the index of an element of a parameter of shape {}, got {}; give one "
        "number per axis, counted from 0",
        to_string(shape), place));
  }
  if (name.empty()) {
    const std::string& known = parameter.state()->name;
    name = (known.empty() ? "weight" : known) + (index.empty() ? "" : place);
  }
  Array<double> step = parameter.value();
  step.fill(0.0);
  step.data()[element] = 1;
  return {std::move(name), {{parameter, std::move(step)}}, element};
}

Direction Direction::random(const std::vector<Parameter>& parameters, std::uint64_t seed,
                            Scaling scaling) {
  check_parameters(parameters);
  Generator generator(seed, landscape_stream);
  std::vector<Part> parts;
  for (const Parameter& parameter : parameters) {
    Array<double> step = parameter.value();
    std::generate(step.begin(), step.end(), [&] { return generator.normal(); });
    scale(step, parameter, scaling);
    parts.push_back({parameter, std::move(step)});
  }
  if (std::none_of(parts.begin(), parts.end(), moves)) {
    throw ValueError(
        "[Direction] needs parameters that scaling leaves movable, got only zeros or, with "
        "Scaling::filter, only parameters with fewer than two axes; ask for Scaling::none");
  }
  return {fmt::format("random direction {}", seed), std::move(parts)};
}

Direction Direction::given(const std::vector<Parameter>& parameters,
                           const std::vector<Array<double>>& steps, std::string name) {
  check_parameters(parameters);
  if (steps.size() != parameters.size()) {
    throw ShapeError(
        fmt::format("[Direction] needs one step per parameter, got {} steps for {} parameters",
                    steps.size(), parameters.size()));
  }
  std::vector<Part> parts;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Shape shape(steps[i].shape().begin(), steps[i].shape().end());
    if (shape != parameters[i].shape()) {
      throw ShapeError(fmt::format(
          "[Direction] needs steps of the parameters' shapes, got {} for parameter {} of shape {}",
          to_string(shape), i, to_string(parameters[i].shape())));
    }
    if (!std::all_of(steps[i].begin(), steps[i].end(), [](double x) { return std::isfinite(x); })) {
      throw ValueError(
          fmt::format("[Direction] needs finite steps, got NaN or infinity for parameter {}", i));
    }
    parts.push_back({parameters[i], steps[i]});
  }
  if (std::none_of(parts.begin(), parts.end(), moves)) {
    throw ValueError("[Direction] needs steps that move something, got only zeros");
  }
  return {std::move(name), std::move(parts)};
}

}  // namespace tapegrad::train
