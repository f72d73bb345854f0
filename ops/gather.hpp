#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct ScatterAdd;

/// One element of x per element of `index`, which has x's rank: for axis 0,
/// y[i, j, …] = x[index[i, j, …], j, …]. Along the other axes the index may be shorter than x.
/// Throws ValueError on an index that is no whole number from 0 to x's size − 1.
struct Gather : Whole<2, 0b01> {
  std::int64_t axis = 0;  ///< Along which; negative ones count from the end.

  Gather() = default;
  Gather(std::int64_t along) : axis(along) {}

  Shape shape(Shapes x) const {
    const int front = normalize_axis(axis, x[0].rank(), "gather");
    bool fits = x[0].rank() == x[1].rank();
    for (int i = 0; fits && i < x[0].rank(); ++i) fits = i == front || x[1][i] <= x[0][i];
    if (!fits) {
      throw ShapeError(
          "[gather] needs an index of its value's rank, no longer than it but along axis " +
          std::to_string(axis) + ", got " + to_string(x[1]) + " for " + to_string(x[0]));
    }
    return x[1];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const int front = normalize_axis(axis, y.shape.rank(), "gather");
    kernels::check_indices(x[1].data, y.shape.size(), x[0].shape[front], "gather");
    Strides strides = contiguous_strides(x[0].shape);
    const std::int64_t step = strides[front];
    strides[front] = 0;
    std::int64_t i = 0;
    for_each_offset(y.shape, strides, [&](std::int64_t base) {
      y.put(i, x[0].data[base + static_cast<std::int64_t>(x[1].data[i]) * step]);
      ++i;
    });
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<ScatterAdd, Executor>{e.operand(0).shape(), axis}, e.upstream(), e.operand(1));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Gather{}, {{4}, {6}}, {{}, {0, 3, true}});
    s.add(Gather{0}, {{3, 2}, {4, 2}}, {{}, {0, 2, true}});
    s.add(Gather{-1}, {{3, 4}, {2, 5}}, {{}, {0, 3, true}});
    s.add(Gather{1}, {{2, 3, 2}, {2, 1, 2}}, {{}, {0, 2, true}});
    s.add(Gather{0}, {{3, 2}, {0, 2}}, {{}, {0, 2, true}});
  }
};

}  // namespace tapegrad::ops
