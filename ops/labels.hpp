#pragma once

#include <string>

#include <tapegrad/ops/shape.hpp>

namespace tapegrad::ops {

/// The shape check that gates with one label per row of scores share: (N, K) and (N).
inline void check_rows_and_labels(const Shape& scores, const Shape& labels, const char* gate) {
  if (scores.rank() != 2 || labels.rank() != 1 || scores[0] != labels[0]) {
    throw ShapeError(std::string("[") + gate + "] needs scores (N, K) and labels (N), got " +
                     to_string(scores) + " and " + to_string(labels));
  }
}

}  // namespace tapegrad::ops
