#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct SliceScatter;

/// The entries start, start + step, … before stop along one axis. Negative positions count from the
/// end; the step is 1 or more. Entries that lie together in memory, such as rows, are
/// not copied: they change with their operand.
struct Slice : Whole<1> {
  std::int64_t axis = 0;   ///< Along which; negative ones count from the end.
  std::int64_t start = 0;  ///< The first entry.
  std::int64_t stop = 0;   ///< No entry from here on.
  std::int64_t step = 1;   ///< From one entry to the next, 1 or more.

  Slice() = default;
  Slice(std::int64_t along, std::int64_t first, std::int64_t last, std::int64_t every = 1)
      : axis(along), start(first), stop(last), step(every) {}

  /// This slice of a value of the given shape with axis and positions counted from the front.
  Slice resolved(const Shape& x) const {
    const int front = normalize_axis(axis, x.rank(), "slice");
    const std::int64_t size = x[front];
    const std::int64_t first = start < 0 ? start + size : start;
    const std::int64_t last = stop < 0 ? stop + size : stop;
    if (first < 0 || last > size || first > last) {
      throw ShapeError("[slice] needs 0 <= start <= stop <= " + std::to_string(size) +
                       " along axis " + std::to_string(axis) + " of " + to_string(x) + ", got " +
                       std::to_string(start) + " and " + std::to_string(stop));
    }
    if (step < 1) {
      throw ShapeError("[slice] needs a step of 1 or more, got " + std::to_string(step) +
                       "; flip() the value to go backward");
    }
    return {front, first, last, step};
  }

  Shape shape(Shapes x) const {
    const Slice part = resolved(x[0]);
    Shape result = x[0];
    result[static_cast<int>(part.axis)] =
        part.stop == part.start ? 0 : (part.stop - part.start - 1) / step + 1;
    return result;
  }

  /// Neighbours along the first axis that has several lie together.
  std::int64_t view_offset(const Shape& x) const {
    const Slice part = resolved(x);
    for (int outer = 0; outer < static_cast<int>(part.axis); ++outer) {
      if (x[outer] != 1) return -1;
    }
    return step == 1 ? part.start * contiguous_strides(x)[static_cast<int>(part.axis)] : -1;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const Slice part = resolved(x[0].shape);
    Strides strides = contiguous_strides(x[0].shape);
    const T* const from = x[0].data + part.start * strides[static_cast<int>(part.axis)];
    if (y.shape[static_cast<int>(part.axis)] > 1) strides[static_cast<int>(part.axis)] *= step;
    kernels::strided_copy(y.shape, from, strides, y.data, contiguous_strides(y.shape),
                          y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape whole = e.operand(0).shape();
    const Slice part = resolved(whole);
    const std::int64_t size = whole[static_cast<int>(part.axis)];
    e.add(0, Listed<SliceScatter, Executor>{part.axis, part.start, size, step}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Slice{0, 1, 3}, {{4}});
    s.add(Slice{0, 1, 3}, {{4, 3}});
    s.add(Slice{-1, 0, -1}, {{4, 3}});
    s.add(Slice{1, 1, 1}, {{2, 3}});
    s.add(Slice{2, -2, 3}, {{2, 2, 3, 1, 2}});
    s.add(Slice{0, 1, 7, 3}, {{7}});
    s.add(Slice{1, 0, 5, 2}, {{3, 5, 2}});
  }
};

}  // namespace tapegrad::ops
