#include <tapegrad/data/subset.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace tapegrad::data {

Dataset subset(const Dataset& dataset, const std::vector<std::size_t>& indices) {
  dataset.validate();
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= dataset.size()) {
      throw ValueError(fmt::format(
          "[subset] needs indices below the number of samples, {}; got {} at position {}; count "
          "samples from 0",
          dataset.size(), indices[i], i));
    }
  }
  Dataset part;
  part.classes = dataset.classes;
  part.class_names = dataset.class_names;
  auto shape = dataset.inputs.shape();
  shape[0] = indices.size();
  part.inputs.resize(shape);
  part.labels.reserve(indices.size());
  const std::size_t features = dataset.features();
  float* to = part.inputs.data();
  for (const std::size_t index : indices) {
    to = std::copy_n(dataset.inputs.data() + index * features, features, to);
    part.labels.push_back(dataset.labels[index]);
  }
  return part;
}

}  // namespace tapegrad::data
