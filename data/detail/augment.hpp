#pragma once

#include <cstdint>

#include <tapegrad/data/augmentation.hpp>

/// Copies of samples with the changes of an Augmentation.
namespace tapegrad::data::detail {

/// Which random numbers a sample gets.
struct Draw {
  std::uint64_t seed;
  std::uint64_t epoch;
  std::uint64_t sample;  ///< Its place in the data set.
};

/// Copies a sample of this shape, augmented. `augmentation` is valid for the shape.
void augmented_copy(const Augmentation& augmentation, const Shape& shape, const Draw& draw,
                    const float* from, float* to);

}  // namespace tapegrad::data::detail
