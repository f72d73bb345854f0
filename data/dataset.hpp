#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <tapegrad/ops/array.hpp>
#include <tapegrad/ops/error.hpp>

namespace tapegrad::data {

/// Labelled samples for classification: sample i is row i of `inputs` and has label `labels[i]`.
struct Dataset {
  /// Shape (N, D): N samples of D features each.
  Array<float> inputs;
  /// N class numbers, 0 to classes − 1.
  std::vector<int> labels;
  /// The number of classes.
  int classes = 0;

  /// The number of samples N.
  std::size_t size() const { return labels.size(); }

  /// The number of features D of a sample. Throws ShapeError unless `inputs` is (N, D).
  std::size_t features() const {
    check_rank();
    return inputs.shape()[1];
  }

  /// Throws ShapeError unless `inputs` is (N, D) with one label per row, ValueError unless there is
  /// at least one class and every label is from 0 to classes − 1.
  void validate() const {
    check_rank();
    if (inputs.shape()[0] != labels.size()) {
      throw ShapeError("[dataset] needs one label per row of inputs; got " +
                       std::to_string(inputs.shape()[0]) + " rows and " +
                       std::to_string(labels.size()) + " labels; drop what has no counterpart");
    }
    if (classes < 1) {
      throw ValueError("[dataset] needs at least 1 class; got " + std::to_string(classes) +
                       "; set classes to the largest label + 1");
    }
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] < 0 || labels[i] >= classes) {
        throw ValueError("[dataset] needs labels from 0 to " + std::to_string(classes - 1) +
                         "; got " + std::to_string(labels[i]) + " at sample " + std::to_string(i) +
                         "; count classes from 0, or raise classes");
      }
    }
  }

 private:
  void check_rank() const {
    if (inputs.dimension() == 2) return;
    std::string shape;
    for (const std::size_t size : inputs.shape()) {
      shape += (shape.empty() ? "" : ", ") + std::to_string(size);
    }
    throw ShapeError("[dataset] needs inputs of shape (N, D); got (" + shape +
                     "); reshape each sample to a row");
  }
};

}  // namespace tapegrad::data
