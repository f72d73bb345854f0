#pragma once

#include <array>

#include <tapegrad/ops/shape.hpp>

namespace tapegrad::ops {

/// Distances in elements between neighbours along each axis.
using Strides = Shape;

/// The strides of contiguous row-major elements.
inline Strides contiguous_strides(const Shape& shape) {
  Strides strides = shape;
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

/// The strides with which a contiguous value of shape `from` is read at shape `to`: 0 along every
/// axis that is repeated.
inline Strides broadcast_strides(const Shape& from, const Shape& to) {
  const Strides own = contiguous_strides(from);
  Strides strides = to;
  for (int axis = 0; axis < to.rank(); ++axis) {
    const int axis_from = axis - (to.rank() - from.rank());
    strides[axis] = axis_from < 0 || from[axis_from] == 1 ? 0 : own[axis_from];
  }
  return strides;
}

/// Calls f(offset) for every index of `shape` in row-major order, offset = Σ index · stride.
template <class F>
void for_each_offset(const Shape& shape, const Strides& strides, F f) {
  std::array<std::int64_t, max_rank> index{};
  const int last = shape.rank() - 1;
  if (last < 0) return f(std::int64_t{0});
  if (shape.size() == 0) return;
  std::int64_t offset = 0;
  while (true) {
    for (std::int64_t i = 0; i < shape[last]; ++i) f(offset + i * strides[last]);
    int axis = last - 1;
    for (; axis >= 0; --axis) {
      std::int64_t& i = index[static_cast<std::size_t>(axis)];
      offset += strides[axis];
      if (++i < shape[axis]) break;
      offset -= i * strides[axis];
      i = 0;
    }
    if (axis < 0) return;
  }
}

/// Σ index · stride for the i-th index of `shape` in row-major order.
inline std::int64_t offset_of(std::int64_t i, const Shape& shape, const Strides& strides) {
  std::int64_t offset = 0;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    offset += i % shape[axis] * strides[axis];
    i /= shape[axis];
  }
  return offset;
}

/// A shape split for a reduction into the axes that stay and those that are reduced away, with the
/// strides of the contiguous operand along each.
struct ReductionSplit {
  Shape kept;               ///< The sizes of the axes that stay.
  Shape reduced;            ///< The sizes of the others.
  Strides kept_strides;     ///< Between neighbours along axes that stay.
  Strides reduced_strides;  ///< Between neighbours along the others.
};

/// Splits a shape by the axes to be reduced (all if there are none). Throws ShapeError naming
/// `gate` on an axis that does not exist or comes twice.
inline ReductionSplit split_reduction(const Shape& shape, const Axes& axes, const char* gate) {
  const auto chosen = chosen_axes(axes, shape.rank(), gate);
  const Strides strides = contiguous_strides(shape);
  ReductionSplit split;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool reduce = chosen[static_cast<std::size_t>(axis)];
    (reduce ? split.reduced : split.kept).push_back(shape[axis]);
    (reduce ? split.reduced_strides : split.kept_strides).push_back(strides[axis]);
  }
  return split;
}

/// The shape that remains when `axes` are reduced; with `keepdims` they stay as size 1.
inline Shape reduced_shape(const Shape& shape, const Axes& axes, bool keepdims, const char* gate) {
  const auto chosen = chosen_axes(axes, shape.rank(), gate);
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!chosen[static_cast<std::size_t>(axis)]) {
      result.push_back(shape[axis]);
    } else if (keepdims) {
      result.push_back(1);
    }
  }
  return result;
}

}  // namespace tapegrad::ops
