#include <tapegrad/data/mean_subtraction.hpp>

#include <tapegrad/data/detail/state_reader.hpp>
#include <tapegrad/data/detail/statistics.hpp>

namespace tapegrad::data {

MeanSubtraction::MeanSubtraction(const Dataset& training, Per per) : MeanSubtraction(per) {
  fit(training);
}

std::unique_ptr<Transform> MeanSubtraction::clone() const {
  return std::make_unique<MeanSubtraction>(*this);
}

Shape MeanSubtraction::learn(const Dataset& training) {
  const detail::Groups groups = detail::groups_of(training.sample_shape(), per_, kind());
  mean_ = detail::to_array(detail::statistics(training, groups).mean, groups.shape);
  return training.sample_shape();
}

void MeanSubtraction::forward(Array<float>& inputs) const {
  detail::subtract(inputs, detail::groups_of(input_shape(), per_, kind()), mean_);
}

void MeanSubtraction::backward(Array<float>& inputs) const {
  detail::add(inputs, detail::groups_of(input_shape(), per_, kind()), mean_);
}

NamedParameters MeanSubtraction::learned() const {
  return {{"per", detail::to_parameter(std::vector<double>{static_cast<double>(per_)})},
          {"mean", detail::to_parameter(mean_)}};
}

Shape MeanSubtraction::restore(const Shape& input, detail::StateReader& state) {
  const auto per = static_cast<Per>(state.choice("per", 2));
  Array<float> mean = state.take("mean", detail::groups_of(input, per, kind()).shape);
  state.finish();
  per_ = per;
  mean_ = std::move(mean);
  return input;
}

}  // namespace tapegrad::data
