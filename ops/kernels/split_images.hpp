#pragma once

#include <algorithm>
#include <cstdint>

#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/sliding.hpp>

namespace tapegrad::ops::kernels {

/// Images between zeros, their even columns apart from their odd ones: so what neighbouring tiles
/// have at the same place lies side by side. A thread has the memory of one per Tag.
template <class T, class Tag>
class SplitImages {
 public:
  SplitImages(std::int64_t channels, HeightWidth size, HeightWidth padding, HeightWidth tiles)
      : channels_(channels),
        size_(size),
        padding_(padding),
        rows_(2 * tiles.height + 2),
        line_(tiles.width + Lanes<T>::width) {
    const std::int64_t count = channels * rows_ * 2 * line_;
    numbers_ = scratch<T, SplitImages>(count);
    std::fill_n(numbers_, count, T(0));
  }

  void turn_to(const T* images) {
    for (std::int64_t c = 0; c < channels_; ++c) {
      for (std::int64_t i = 0; i < size_.height; ++i, images += size_.width) {
        T* const row = numbers_ + (c * rows_ + i + padding_.height) * 2 * line_;
        for (const std::int64_t odd : {0, 1}) {
          const std::int64_t first = (padding_.width + odd) % 2;
          T* to = row + odd * line_ + (first + padding_.width) / 2;
          for (std::int64_t j = first; j < size_.width; j += 2) *to++ = images[j];
        }
      }
    }
  }

  /// The even columns of a row; the odd ones begin `line()` numbers later.
  const T* row(std::int64_t channel, std::int64_t i) const {
    return numbers_ + (channel * rows_ + i) * 2 * line_;
  }
  std::int64_t line() const { return line_; }

 private:
  std::int64_t channels_;
  HeightWidth size_, padding_;
  std::int64_t rows_, line_;
  T* numbers_;
};

}  // namespace tapegrad::ops::kernels
