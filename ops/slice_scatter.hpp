#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Slice;

/// Zeros of length `size` along one axis, with x placed from `start` on: the gradient of a slice.
struct SliceScatter : Whole<1> {
  std::int64_t axis = 0;
  std::int64_t start = 0;
  std::int64_t size = 0;

  SliceScatter() = default;
  SliceScatter(std::int64_t along, std::int64_t first, std::int64_t length)
      : axis(along), start(first), size(length) {}

  Shape shape(Shapes x) const {
    const int front = normalize_axis(axis, x[0].rank(), "slice_scatter");
    if (start < 0 || start > size - x[0][front]) {
      throw ShapeError("[slice_scatter] needs start >= 0 and start + " +
                       std::to_string(x[0][front]) + " <= size, got start " +
                       std::to_string(start) + " and size " + std::to_string(size));
    }
    Shape result = x[0];
    result[front] = size;
    return result;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const Strides strides = contiguous_strides(y.shape);
    const int front = normalize_axis(axis, y.shape.rank(), "slice_scatter");
    if (!y.accumulate) kernels::fill_zero(y.data, y.shape.size());
    kernels::strided_copy(x[0].shape, x[0].data, contiguous_strides(x[0].shape),
                          y.data + start * strides[front], strides, true);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape part = e.operand(0).shape();
    const int front = normalize_axis(axis, part.rank(), "slice_scatter");
    e.add(0, Listed<Slice, Executor>{front, start, start + part[front]}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(SliceScatter{0, 1, 5}, {{3}});
    s.add(SliceScatter{-1, 0, 4}, {{2, 3}});
    s.add(SliceScatter{1, 2, 4}, {{2, 2, 3}});
  }
};

}  // namespace tapegrad::ops
