#pragma once

#include <tapegrad/ops/kernels/loops.hpp>

namespace tapegrad::ops::kernels {

// NOTE [Rows and columns]
// A reduction meets contiguous elements in two ways: a row, all of which belong to one group (the
// last axis is reduced), or slices of columns, of which each element belongs to the next group (the
// last axis stays). Slices that lie below one another come several at a time, which saves loading
// and storing what has been gathered. Memory is read once.

/// Calls rule.row(x, n, group) or rule.columns<number of rows>(x, distance between rows, n, first
/// group) until all of x is taken.
template <class T, class Rule>
void take_all(const Shape& shape, const Axes& axes, const T* x, Rule& rule) {
  if (shape.size() == 0) return;
  const Shape kept = reduced_shape(shape, axes, true, "reduction");
  const Loops loops =
      merged_loops(shape, contiguous_strides(shape), broadcast_strides(kept, shape));
  const Loop& inner = loops.loop[static_cast<std::size_t>(loops.count - 1)];
  for_each_rows<4>(loops, x, std::int64_t{0},
                   [&](const T* from, std::int64_t group, std::int64_t pitch, auto rows) {
                     if (inner.out == 0) return rule.row(from, inner.size, group);
                     rule.template columns<decltype(rows)::value>(from, pitch, inner.size, group);
                   });
}

/// The number of groups that a reduction over `axes` makes of `shape`.
inline std::int64_t group_count(const Shape& shape, const Axes& axes) {
  return reduced_shape(shape, axes, false, "reduction").size();
}

}  // namespace tapegrad::ops::kernels
