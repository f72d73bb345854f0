#pragma once

#include <cmath>
#include <functional>

#include <tapegrad/ops/strides.hpp>

namespace tapegrad::ops {

/// For every group of elements that a reduction over `axes` merges: calls
/// f(index of the group, position of its first winner in x), which no other element beats: the
/// largest one by default. NaN beats every number.
template <class Beats = std::greater<>, class T, class F>
void for_each_winner(const T* x, const Shape& shape, const Axes& axes, F f) {
  const ReductionSplit split = split_reduction(shape, axes, "amax");
  std::int64_t group = 0;
  for_each_offset(split.kept, split.kept_strides, [&](std::int64_t base) {
    std::int64_t winner = base;
    for_each_offset(split.reduced, split.reduced_strides, [&](std::int64_t offset) {
      const T candidate = x[base + offset];
      const bool wins = Beats{}(candidate, x[winner]) || std::isnan(candidate);
      if (wins && !std::isnan(x[winner])) winner = base + offset;
    });
    f(group++, winner);
  });
}

}  // namespace tapegrad::ops
