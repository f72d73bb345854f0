#include <tapegrad/data/mean_subtraction.hpp>

#include <algorithm>

namespace tapegrad::data {

MeanSubtraction::MeanSubtraction(const Dataset& training) {
  training.validate();
  if (training.size() == 0) {
    throw ValueError("[mean_subtraction] needs at least one training sample, got none");
  }
  const std::size_t features = training.features();
  std::vector<double> sum(features, 0.0);
  const float* x = training.inputs.data();
  for (std::size_t n = 0; n < training.size(); ++n, x += features) {
    for (std::size_t i = 0; i < features; ++i) sum[i] += static_cast<double>(x[i]);
  }
  mean_ = Array<float>::from_shape({features});
  std::transform(sum.begin(), sum.end(), mean_.data(), [&](double s) {
    return static_cast<float>(s / static_cast<double>(training.size()));
  });
}

void MeanSubtraction::apply(Dataset& dataset) const {
  dataset.validate();
  const std::size_t features = mean_.size();
  if (dataset.features() != features) {
    throw ShapeError("[mean_subtraction] needs samples of " + std::to_string(features) +
                     " features as in training, got " + std::to_string(dataset.features()));
  }
  float* x = dataset.inputs.data();
  for (std::size_t n = 0; n < dataset.size(); ++n, x += features) {
    for (std::size_t i = 0; i < features; ++i) x[i] -= mean_.data()[i];
  }
}

}  // namespace tapegrad::data
