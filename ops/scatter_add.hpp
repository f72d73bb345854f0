#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Gather;

/// Zeros of the given shape to which each element of x is added at its index: for axis 0,
/// y[index[i, j, …], j, …] += x[i, j, …]. The gradient of gather. Throws ValueError as gather.
struct ScatterAdd : Whole<2, 0b01> {
  Shape to;               ///< The shape of the output.
  std::int64_t axis = 0;  ///< Along which; negative ones count from the end.

  ScatterAdd() = default;
  ScatterAdd(const Shape& target, std::int64_t along) : to(target), axis(along) {}

  Shape shape(Shapes x) const {
    const int front = normalize_axis(axis, to.rank(), "scatter_add");
    bool fits = x[0] == x[1] && x[0].rank() == to.rank();
    for (int i = 0; fits && i < to.rank(); ++i) fits = i == front || x[0][i] <= to[i];
    if (!fits) {
      throw ShapeError(
          "[scatter_add] needs values and indices of one shape, no longer than the result but "
          "along "
          "axis " +
          std::to_string(axis) + ", got " + to_string(x[0]) + " and " + to_string(x[1]) + " for " +
          to_string(to));
    }
    return to;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const int front = normalize_axis(axis, to.rank(), "scatter_add");
    kernels::check_indices(x[1].data, x[1].shape.size(), to[front], "scatter_add");
    if (!y.accumulate) kernels::fill_zero(y.data, y.shape.size());
    Strides strides = contiguous_strides(to);
    const std::int64_t step = strides[front];
    strides[front] = 0;
    std::int64_t i = 0;
    for_each_offset(x[0].shape, strides, [&](std::int64_t base) {
      y.data[base + static_cast<std::int64_t>(x[1].data[i]) * step] += x[0].data[i];
      ++i;
    });
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<Gather, Executor>{axis}, e.upstream(), e.operand(1));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(ScatterAdd{{4}, 0}, {{6}, {6}}, {{}, {0, 3, true}});
    s.add(ScatterAdd{{3, 2}, 0}, {{4, 2}, {4, 2}}, {{}, {0, 2, true}});
    s.add(ScatterAdd{{3, 4}, -1}, {{2, 5}, {2, 5}}, {{}, {0, 3, true}});
    s.add(ScatterAdd{{2, 3, 2}, 1}, {{2, 1, 2}, {2, 1, 2}}, {{}, {0, 2, true}});
  }
};

}  // namespace tapegrad::ops
