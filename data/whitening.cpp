#include <tapegrad/data/whitening.hpp>

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/data/detail/state_reader.hpp>
#include <tapegrad/data/detail/statistics.hpp>

namespace tapegrad::data {

Whitening::Whitening(std::int64_t components, double epsilon)
    : pca_(components), epsilon_(epsilon) {
  if (!(epsilon > 0 && std::isfinite(epsilon))) {
    throw ValueError(
        fmt::format("[whitening] needs a finite epsilon above 0, got {}; 1e-5 is usual", epsilon));
  }
}

Whitening::Whitening(const Dataset& training, std::int64_t components, double epsilon)
    : Whitening(components, epsilon) {
  fit(training);
}

std::unique_ptr<Transform> Whitening::clone() const {
  return std::make_unique<Whitening>(*this);
}

Array<float> Whitening::scale() const {
  Array<float> scale = pca_.explained_variance();
  for (float& x : scale) x = static_cast<float>(std::sqrt(static_cast<double>(x) + epsilon_));
  return scale;
}

Shape Whitening::learn(const Dataset& training) {
  pca_.fit(training);
  return pca_.output_shape();
}

void Whitening::forward(Array<float>& inputs) const {
  static_cast<const Transform&>(pca_).forward(inputs);
  detail::divide(inputs, detail::groups_of(output_shape(), Per::feature, kind()), scale());
}

void Whitening::backward(Array<float>& inputs) const {
  Array<float> rotated = inputs;
  detail::multiply(rotated, detail::groups_of(output_shape(), Per::feature, kind()), scale());
  static_cast<const Transform&>(pca_).backward(rotated);
  inputs = std::move(rotated);
}

NamedParameters Whitening::learned() const {
  NamedParameters state = {{"epsilon", detail::to_parameter(std::vector<double>{epsilon_})}};
  for (const auto& [name, parameter] : pca_.state_dict()) {
    state.emplace_back("pca." + name, parameter);
  }
  return state;
}

Shape Whitening::restore(const Shape& input, detail::StateReader& state) {
  const double epsilon = state.number("epsilon");
  if (!(epsilon > 0)) state.refuse("epsilon", "above 0");
  PCA pca;
  pca.load_state_dict(state.part("pca."));
  if (pca.input_shape() != input) state.refuse("pca.input_shape", "equal to 'input_shape'");
  state.finish();
  epsilon_ = epsilon;
  pca_ = std::move(pca);
  return pca_.output_shape();
}

}  // namespace tapegrad::data
