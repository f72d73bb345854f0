#include <tapegrad/data/transform.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tapegrad/data/detail/state_reader.hpp>

namespace tapegrad::data {

void Transform::fit(const Dataset& training) {
  training.validate();
  if (training.inputs.size() == 0) {
    throw ValueError(
        fmt::format("[{}] needs at least one training sample with a number, got none", kind()));
  }
  const float* const first = training.inputs.data();
  const float* const end = first + training.inputs.size();
  const float* const wrong = std::find_if(first, end, [](float x) { return !std::isfinite(x); });
  if (wrong != end) {
    const auto sample = static_cast<std::size_t>(wrong - first) / training.features();
    throw NonFiniteError(fmt::format(
        "[{}] needs finite numbers to learn from, got {} in sample {}; find out where it was made",
        kind(), *wrong, sample));
  }
  const Shape input = training.sample_shape();
  output_ = learn(training);
  input_ = input;
}

void Transform::apply(Dataset& dataset) const {
  check(dataset, input_, "apply");
  forward(dataset.inputs);
}

void Transform::fit_apply(Dataset& training) {
  fit(training);
  apply(training);
}

void Transform::invert(Dataset& dataset) const {
  check(dataset, output_, "invert");
  backward(dataset.inputs);
}

void Transform::check(const Dataset& dataset, const Shape& sample, const char* function) const {
  if (!fitted()) {
    throw ValueError(fmt::format("[{}] needs training data before {}(), got none; call fit() first",
                                 kind(), function));
  }
  dataset.validate();
  if (dataset.sample_shape() != sample) {
    throw ShapeError(
        fmt::format("[{}] needs samples of shape {} {}, got {}; prepare all data alike", kind(),
                    to_string(sample),
                    sample == input_ ? "as in training" : "as apply() makes them, before invert()",
                    to_string(dataset.sample_shape())));
  }
}

NamedParameters Transform::state_dict() const {
  if (!fitted()) {
    throw ValueError(fmt::format(
        "[{}] needs training data before it has a state, got none; call fit() first", kind()));
  }
  NamedParameters state = learned();
  state.emplace_back("input_shape",
                     detail::to_parameter(std::vector<double>(input_.begin(), input_.end())));
  return state;
}

void Transform::load_state_dict(const NamedParameters& state) {
  detail::StateReader reader(kind(), state);
  const Shape input = reader.shape("input_shape");
  output_ = restore(input, reader);
  input_ = input;
}

}  // namespace tapegrad::data
