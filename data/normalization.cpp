#include <tapegrad/data/normalization.hpp>

#include <algorithm>
#include <limits>

#include <tapegrad/data/detail/state_reader.hpp>
#include <tapegrad/data/detail/statistics.hpp>

namespace tapegrad::data {

Normalization::Normalization(const Dataset& training, Per per, NormalizeBy by)
    : Normalization(per, by) {
  fit(training);
}

std::unique_ptr<Transform> Normalization::clone() const {
  return std::make_unique<Normalization>(*this);
}

Shape Normalization::learn(const Dataset& training) {
  const detail::Groups groups = detail::groups_of(training.sample_shape(), per_, kind());
  detail::Statistics found = detail::statistics(training, groups);
  std::vector<double> shift(groups.count, 0.0);
  std::vector<double> scale = std::move(found.deviation);
  if (by_ == NormalizeBy::range) {
    for (std::size_t group = 0; group < groups.count; ++group) {
      shift[group] = (found.least[group] + found.largest[group]) / 2;
      scale[group] = (found.largest[group] - found.least[group]) / 2;
    }
  }
  // Neither 0 nor what a float can hardly tell from it.
  constexpr double tiny = std::numeric_limits<float>::min();
  std::replace_if(
      scale.begin(), scale.end(), [=](double x) { return x < tiny; }, 1.0);
  shift_ = detail::to_array(shift, groups.shape);
  scale_ = detail::to_array(scale, groups.shape);
  return training.sample_shape();
}

void Normalization::forward(Array<float>& inputs) const {
  const detail::Groups groups = detail::groups_of(input_shape(), per_, kind());
  if (by_ == NormalizeBy::range) detail::subtract(inputs, groups, shift_);
  detail::divide(inputs, groups, scale_);
}

void Normalization::backward(Array<float>& inputs) const {
  const detail::Groups groups = detail::groups_of(input_shape(), per_, kind());
  detail::multiply(inputs, groups, scale_);
  if (by_ == NormalizeBy::range) detail::add(inputs, groups, shift_);
}

NamedParameters Normalization::learned() const {
  return {{"per", detail::to_parameter(std::vector<double>{static_cast<double>(per_)})},
          {"by", detail::to_parameter(std::vector<double>{static_cast<double>(by_)})},
          {"shift", detail::to_parameter(shift_)},
          {"scale", detail::to_parameter(scale_)}};
}

Shape Normalization::restore(const Shape& input, detail::StateReader& state) {
  const auto per = static_cast<Per>(state.choice("per", 2));
  const auto by = static_cast<NormalizeBy>(state.choice("by", 1));
  const Shape shape = detail::groups_of(input, per, kind()).shape;
  Array<float> shift = state.take("shift", shape);
  Array<float> scale = state.take("scale", shape);
  if (std::any_of(scale.begin(), scale.end(), [](float x) { return x <= 0; })) {
    state.refuse("scale", "of numbers above 0");
  }
  state.finish();
  per_ = per;
  by_ = by;
  shift_ = std::move(shift);
  scale_ = std::move(scale);
  return input;
}

}  // namespace tapegrad::data
