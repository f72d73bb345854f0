#pragma once

#include <tapegrad/ops/kernels.hpp>

namespace tapegrad::ops {

/// For every group of elements that a reduction over `axes` merges: calls
/// f(index of the group, position of its first winner in x), which no other element beats: the
/// largest one, or the smallest with sign = −1. NaN beats every number.
template <int sign = 1, class T, class F>
void for_each_winner(const T* x, const Shape& shape, const Axes& axes, F f) {
  const std::int64_t groups = reduced_shape(shape, axes, false, "amax").size();
  const std::int64_t* const winner = kernels::winners<T, sign>(shape, axes, x);
  for (std::int64_t group = 0; group < groups; ++group) f(group, winner[group]);
}

/// Calls report(position in x) for the winner of every group: the branches of such a gate.
template <int sign = 1, class T, class Report>
void report_winners(const T* x, const Shape& shape, const Axes& axes, Report report) {
  for_each_winner<sign>(x, shape, axes, [&](std::int64_t, std::int64_t winner) { report(winner); });
}

}  // namespace tapegrad::ops
