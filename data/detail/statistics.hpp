#pragma once

#include <cstddef>
#include <vector>

#include <tapegrad/data/dataset.hpp>
#include <tapegrad/data/per.hpp>

/// Statistics of features, channels or all numbers.
namespace tapegrad::data::detail {

/// The numbers of a sample in groups: `count` of them, each of as many neighbours.
struct Groups {
  Shape shape;             ///< Of one number per group: the sample's, (C) or (1).
  std::size_t count;       ///< Their number.
  std::size_t neighbours;  ///< Numbers of a group.
};

/// The groups of samples of this shape. Throws ShapeError naming `kind` for channels of samples
/// that are no images (C, H, W).
Groups groups_of(const Shape& sample, Per per, const char* kind);

/// The statistics of each group over all samples.
struct Statistics {
  std::vector<double> mean;
  std::vector<double> deviation;  ///< The standard deviation, exactly 0 of equal numbers.
  std::vector<double> least;
  std::vector<double> largest;
};

/// Those of finite numbers, of which there are some. Sums are double: numbers of many samples lose
/// no digits.
Statistics statistics(const Dataset& dataset, const Groups& groups);

/// One number per group as an array of floats.
Array<float> to_array(const std::vector<double>& numbers, const Shape& shape);

// All numbers of inputs (N, …), each with the number of its group.

/// x ← x − number.
void subtract(Array<float>& inputs, const Groups& groups, const Array<float>& numbers);

/// x ← x + number.
void add(Array<float>& inputs, const Groups& groups, const Array<float>& numbers);

/// x ← x / number.
void divide(Array<float>& inputs, const Groups& groups, const Array<float>& numbers);

/// x ← x · number.
void multiply(Array<float>& inputs, const Groups& groups, const Array<float>& numbers);

}  // namespace tapegrad::data::detail
