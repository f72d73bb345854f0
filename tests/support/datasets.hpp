#pragma once

#include <algorithm>
#include <vector>

#include <tapegrad/data/dataset.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::testing {

/// Samples of one class.
inline data::Dataset unlabelled(const Array<float>& inputs) {
  data::Dataset dataset;
  dataset.inputs = inputs;
  dataset.labels.assign(inputs.shape()[0], 0);
  dataset.classes = 1;
  return dataset;
}

/// Samples of one feature.
inline data::Dataset one_feature(const std::vector<float>& numbers) {
  Array<float> inputs = Array<float>::from_shape({numbers.size(), 1});
  std::copy(numbers.begin(), numbers.end(), inputs.begin());
  return unlabelled(inputs);
}

/// `samples` samples of this shape: normal numbers z, mixed so that features are correlated and
/// differ in mean and variance: x_i = 3 + i + z_i·(1 + i) + z_0 + z_{i−1}.
inline data::Dataset correlated(std::size_t samples, const std::vector<std::size_t>& sample,
                                std::uint64_t seed = 1) {
  std::vector<std::size_t> shape{samples};
  shape.insert(shape.end(), sample.begin(), sample.end());
  Array<float> inputs = Array<float>::from_shape(shape);
  const std::size_t features = inputs.size() / samples;
  Generator generator(seed);
  std::vector<double> z(features);
  float* x = inputs.data();
  for (std::size_t n = 0; n < samples; ++n) {
    for (double& number : z) number = generator.normal();
    for (std::size_t i = 0; i < features; ++i) {
      const auto place = static_cast<double>(i);
      *x++ = static_cast<float>(3 + place + z[i] * (1 + place) + z[0] + (i > 0 ? z[i - 1] : 0));
    }
  }
  return unlabelled(inputs);
}

/// Σ (a − mean a)(b − mean b) / N of two features, by plain sums in double.
inline double covariance(const data::Dataset& dataset, std::size_t a, std::size_t b) {
  const std::size_t features = dataset.features();
  const auto count = static_cast<double>(dataset.size());
  const auto at = [&](std::size_t n, std::size_t i) {
    return static_cast<double>(dataset.inputs.data()[n * features + i]);
  };
  double mean_a = 0, mean_b = 0, sum = 0;
  for (std::size_t n = 0; n < dataset.size(); ++n) {
    mean_a += at(n, a) / count;
    mean_b += at(n, b) / count;
  }
  for (std::size_t n = 0; n < dataset.size(); ++n) {
    sum += (at(n, a) - mean_a) * (at(n, b) - mean_b) / count;
  }
  return sum;
}

}  // namespace tapegrad::testing
