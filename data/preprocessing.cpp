#include <tapegrad/data/preprocessing.hpp>

#include <string>

#include <fmt/format.h>

#include <tapegrad/data/detail/state_reader.hpp>
#include <tapegrad/data/mean_subtraction.hpp>
#include <tapegrad/data/normalization.hpp>
#include <tapegrad/data/pca.hpp>
#include <tapegrad/data/whitening.hpp>

namespace tapegrad::data {

namespace {

/// A transform of this kind, not fitted; null if there is none.
std::unique_ptr<Transform> make_transform(const std::string& kind) {
  std::unique_ptr<Transform> known[] = {
      std::make_unique<MeanSubtraction>(), std::make_unique<Normalization>(),
      std::make_unique<PCA>(), std::make_unique<Whitening>(), std::make_unique<Preprocessing>()};
  for (std::unique_ptr<Transform>& transform : known) {
    if (transform->kind() == kind) return std::move(transform);
  }
  return nullptr;
}

}  // namespace

Preprocessing::Preprocessing(const Preprocessing& other) : Transform(other) {
  steps_.reserve(other.size());
  for (const auto& step : other.steps_) steps_.push_back(step->clone());
}

Preprocessing& Preprocessing::operator=(const Preprocessing& other) {
  if (this != &other) *this = Preprocessing(other);
  return *this;
}

std::unique_ptr<Transform> Preprocessing::clone() const {
  return std::make_unique<Preprocessing>(*this);
}

void Preprocessing::push_back(const Transform& step) {
  steps_.push_back(step.clone());
  forget();
}

Shape Preprocessing::learn(const Dataset& training) {
  Preprocessing fitted = *this;
  Dataset copy;
  const Dataset* samples = &training;
  for (const auto& step : fitted.steps_) {
    step->fit(*samples);
    if (step == fitted.steps_.back()) break;
    if (samples == &training) copy = training;
    samples = &copy;
    step->apply(copy);
  }
  steps_ = std::move(fitted.steps_);
  return steps_.empty() ? training.sample_shape() : steps_.back()->output_shape();
}

void Preprocessing::forward(Array<float>& inputs) const {
  for (const auto& step : steps_) step->forward(inputs);
}

void Preprocessing::backward(Array<float>& inputs) const {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) (*step)->backward(inputs);
}

NamedParameters Preprocessing::learned() const {
  NamedParameters state;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    for (const auto& [name, parameter] : steps_[i]->state_dict()) {
      state.emplace_back(fmt::format("{}.{}.{}", i, steps_[i]->kind(), name), parameter);
    }
  }
  return state;
}

Shape Preprocessing::restore(const Shape& input, detail::StateReader& state) {
  Steps steps;
  Shape output = input;
  while (true) {
    const std::string place = fmt::format("{}.", steps.size());
    detail::StateReader part(kind(), state.part(place));
    const std::string name = part.any();
    if (name.empty()) break;
    const std::string step_kind = name.substr(0, name.find('.'));
    std::unique_ptr<Transform> step = make_transform(step_kind);
    if (!step) state.refuse(place + name, "to be of a kind of transform that this library has");
    step->load_state_dict(part.part(step_kind + '.'));
    part.finish();
    if (step->input_shape() != output) {
      state.refuse(place + step_kind + ".input_shape", "to be what the step before makes");
    }
    output = step->output_shape();
    steps.push_back(std::move(step));
  }
  state.finish();
  steps_ = std::move(steps);
  return output;
}

}  // namespace tapegrad::data
