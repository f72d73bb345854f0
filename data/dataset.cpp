#include <tapegrad/data/dataset.hpp>

#include <fmt/format.h>

namespace tapegrad::data {

Shape Dataset::sample_shape() const {
  const auto& sizes = inputs.shape();
  if (sizes.size() < 2) {
    throw ShapeError(
        "[dataset] needs inputs of shape (N, …), such as (N, D) or (N, C, H, W); got " +
        to_string(Shape(sizes.begin(), sizes.end())) + "; let each sample be a row or an image");
  }
  return {sizes.begin() + 1, sizes.end()};
}

std::size_t Dataset::features() const {
  return static_cast<std::size_t>(sample_shape().size());
}

void Dataset::validate() const {
  sample_shape();
  if (inputs.shape()[0] != labels.size()) {
    throw ShapeError(
        fmt::format("[dataset] needs one label per row of inputs; got {} rows and {} labels; drop "
                    "what has no counterpart",
                    inputs.shape()[0], labels.size()));
  }
  if (classes < 1) {
    throw ValueError(fmt::format(
        "[dataset] needs at least 1 class; got {}; set classes to the largest label + 1", classes));
  }
  if (!class_names.empty() && class_names.size() != static_cast<std::size_t>(classes)) {
    throw ValueError(
        fmt::format("[dataset] needs a name for each of {} classes, or none; got {}; name them all",
                    classes, class_names.size()));
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= classes) {
      throw ValueError(
          fmt::format("[dataset] needs labels from 0 to {}; got {} at sample {}; count classes "
                      "from 0, or raise classes",
                      classes - 1, labels[i], i));
    }
  }
}

Dataset flatten(Dataset dataset) {
  const std::size_t features = dataset.features();
  dataset.inputs.reshape({dataset.inputs.shape()[0], features});
  return dataset;
}

}  // namespace tapegrad::data
