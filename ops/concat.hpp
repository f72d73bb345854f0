#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Slice;

/// Joins any number of values along one axis; all other sizes must agree.
struct Concat : Whole<variadic> {
  std::int64_t axis = 0;  ///< Along which; negative ones count from the end.

  Concat() = default;
  Concat(std::int64_t along) : axis(along) {}

  Shape shape(Shapes x) const {
    if (x.count == 0) throw ShapeError("[concat] needs at least one operand, got none");
    const int front = normalize_axis(axis, x[0].rank(), "concat");
    Shape result = x[0];
    for (int k = 1; k < x.count; ++k) {
      bool fits = x[k].rank() == result.rank();
      for (int i = 0; fits && i < result.rank(); ++i) fits = i == front || x[k][i] == result[i];
      if (!fits) {
        throw ShapeError("[concat] needs shapes that differ along axis " + std::to_string(axis) +
                         " only, got " + to_string(x[0]) + " and, as operand " + std::to_string(k) +
                         ", " + to_string(x[k]));
      }
      result[front] += x[k][front];
    }
    return result;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const int front = normalize_axis(axis, y.shape.rank(), "concat");
    const Strides strides = contiguous_strides(y.shape);
    T* out = y.data;
    for (int k = 0; k < x.count; ++k) {
      kernels::strided_copy(x[k].shape, x[k].data, contiguous_strides(x[k].shape), out, strides,
                            y.accumulate);
      out += x[k].shape[front] * strides[front];
    }
  }

  template <class Executor>
  void backward(Executor& e) const {
    const int front = normalize_axis(axis, e.upstream().shape().rank(), "concat");
    std::int64_t start = 0;
    for (int k = 0; k < e.operand_count(); ++k) {
      const std::int64_t stop = start + e.operand(k).shape()[front];
      e.add(k, Listed<Slice, Executor>{front, start, stop}, e.upstream());
      start = stop;
    }
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Concat{0}, {{3}});
    s.add(Concat{0}, {{3}, {2}});
    s.add(Concat{-1}, {{2, 1}, {2, 3}, {2, 2}});
    s.add(Concat{1}, {{2, 1, 2}, {2, 0, 2}, {2, 2, 2}, {2, 3, 2}});
  }
};

}  // namespace tapegrad::ops
