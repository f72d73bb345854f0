#include <tapegrad/data/mean_subtraction.hpp>

#include <algorithm>

namespace tapegrad::data {

namespace {

/// The shape of the means of samples of this shape. Each mean is that of the same number of
/// neighbours.
Shape mean_shape(const Shape& sample, MeanOf of) {
  if (of == MeanOf::feature) return sample;
  if (of == MeanOf::all) return {1};
  if (sample.rank() != 3) {
    throw ShapeError(
        "[mean_subtraction] needs images (C, H, W) for the means of their channels, got samples of "
        "shape " +
        to_string(sample) + "; do not flatten them before");
  }
  return {sample[0]};
}

}  // namespace

MeanSubtraction::MeanSubtraction(const Dataset& training, MeanOf of) {
  training.validate();
  if (training.inputs.size() == 0) {
    throw ValueError(
        "[mean_subtraction] needs at least one training sample with a number, got none");
  }
  sample_ = training.sample_shape();
  const Shape shape = mean_shape(sample_, of);
  const auto means = static_cast<std::size_t>(shape.size());
  const std::size_t neighbours = training.features() / means;
  std::vector<double> sum(means, 0.0);
  const float* x = training.inputs.data();
  for (std::size_t n = 0; n < training.size(); ++n) {
    for (double& s : sum) {
      for (std::size_t i = 0; i < neighbours; ++i) s += static_cast<double>(*x++);
    }
  }
  mean_.resize(std::vector<std::size_t>(shape.begin(), shape.end()));
  const auto count = static_cast<double>(training.size() * neighbours);
  std::transform(sum.begin(), sum.end(), mean_.data(),
                 [&](double s) { return static_cast<float>(s / count); });
}

void MeanSubtraction::apply(Dataset& dataset) const {
  dataset.validate();
  if (dataset.sample_shape() != sample_) {
    throw ShapeError("[mean_subtraction] needs samples of shape " + to_string(sample_) +
                     " as in training, got " + to_string(dataset.sample_shape()));
  }
  const std::size_t neighbours = dataset.features() / mean_.size();
  float* x = dataset.inputs.data();
  for (std::size_t n = 0; n < dataset.size(); ++n) {
    for (const float mean : mean_) {
      for (std::size_t i = 0; i < neighbours; ++i) *x++ -= mean;
    }
  }
}

}  // namespace tapegrad::data
