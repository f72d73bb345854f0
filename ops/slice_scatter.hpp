#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Slice;

/// Zeros of length `size` along one axis, with x placed at start, start + step, …: the gradient of
/// a slice.
struct SliceScatter : Whole<1> {
  std::int64_t axis = 0;   ///< Along which; negative ones count from the end.
  std::int64_t start = 0;  ///< Where x begins in the output.
  std::int64_t size = 0;   ///< The output's size along the axis.
  std::int64_t step = 1;   ///< From one entry of x to the next in the output, 1 or more.

  SliceScatter() = default;
  SliceScatter(std::int64_t along, std::int64_t first, std::int64_t length, std::int64_t every = 1)
      : axis(along), start(first), size(length), step(every) {}

  Shape shape(Shapes x) const {
    const int front = normalize_axis(axis, x[0].rank(), "slice_scatter");
    const std::int64_t count = x[0][front];
    const std::int64_t last = size - 1;
    const bool fits = start >= 0 && step >= 1 && start <= size &&
                      (count == 0 || (start <= last && count - 1 <= (last - start) / step));
    if (!fits) {
      throw ShapeError("[slice_scatter] needs a size with room for " + std::to_string(count) +
                       " entries from a start >= 0 on, a step >= 1 apart, got size " +
                       std::to_string(size) + ", start " + std::to_string(start) + " and step " +
                       std::to_string(step));
    }
    Shape result = x[0];
    result[front] = size;
    return result;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    Strides strides = contiguous_strides(y.shape);
    const int front = normalize_axis(axis, y.shape.rank(), "slice_scatter");
    T* const to = y.data + start * strides[front];
    if (x[0].shape[front] > 1) strides[front] *= step;
    if (!y.accumulate) kernels::fill_zero(y.data, y.shape.size());
    kernels::strided_copy(x[0].shape, x[0].data, contiguous_strides(x[0].shape), to, strides, true);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape part = e.operand(0).shape();
    const int front = normalize_axis(axis, part.rank(), "slice_scatter");
    const std::int64_t count = part[front];
    const std::int64_t stop = count == 0 ? start : start + (count - 1) * step + 1;
    e.add(0, Listed<Slice, Executor>{front, start, stop, step}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(SliceScatter{0, 1, 5}, {{3}});
    s.add(SliceScatter{-1, 0, 4}, {{2, 3}});
    s.add(SliceScatter{1, 2, 4}, {{2, 2, 3}});
    s.add(SliceScatter{0, 1, 8, 3}, {{2}});
    s.add(SliceScatter{1, 0, 5, 2}, {{3, 3, 2}});
  }
};

}  // namespace tapegrad::ops
