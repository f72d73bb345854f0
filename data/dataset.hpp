#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <tapegrad/ops/array.hpp>
#include <tapegrad/ops/shape.hpp>

namespace tapegrad::data {

/// The two parts in which a data set is published.
enum class Split {
  train,  ///< To learn from.
  test,   ///< To be looked at once, at the end.
};

/// Labelled samples for classification: sample i is `inputs[i]`, a row of features or an image, and
/// has label `labels[i]`.
struct Dataset {
  /// Shape (N, …): (N, D) for N rows of D features, (N, C, H, W) for N images.
  Array<float> inputs;
  /// N class numbers, 0 to classes − 1.
  std::vector<int> labels;
  /// The number of classes.
  int classes = 0;
  /// What the classes are called, in their order; empty where nobody knows.
  std::vector<std::string> class_names = {};

  /// The number of samples N.
  std::size_t size() const { return labels.size(); }

  /// The shape of one sample: (D) or (C, H, W). Throws ShapeError unless `inputs` is (N, …).
  Shape sample_shape() const;

  /// The number of features of a sample: D or C·H·W. Throws ShapeError unless `inputs` is (N, …).
  std::size_t features() const;

  /// Throws ShapeError unless `inputs` is (N, …) with one label per sample, ValueError unless there
  /// is at least one class, as many names as classes or none, and every label is from 0 to
  /// classes − 1.
  void validate() const;
};

/// The same samples as rows (N, D), as a fully connected network takes them; no number is copied if
/// the data set is moved in: `train = flatten(std::move(train))`. Throws ShapeError unless `inputs`
/// is (N, …).
[[nodiscard]] Dataset flatten(Dataset dataset);

}  // namespace tapegrad::data
