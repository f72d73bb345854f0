#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// Reorders the axes: axis k of y is axis `order[k]` of x. Without an order all axes are reversed,
/// which transposes a matrix.
struct Transpose : Whole<1> {
  Axes order;  ///< Which axis of x each axis of y is; none reverses them.

  Transpose() = default;
  Transpose(const Axes& axes) : order(axes) {}
  Transpose(std::initializer_list<Shape::Entry> axes) : order(axes) {}

  /// The order with negative axes resolved. Throws ShapeError unless it is a permutation.
  Axes permutation(int rank) const {
    Axes result;
    if (order.empty()) {
      for (int axis = rank - 1; axis >= 0; --axis) result.push_back(axis);
      return result;
    }
    chosen_axes(order, rank, "transpose");
    if (order.rank() != rank) {
      throw ShapeError("[transpose] needs every axis of a value of rank " + std::to_string(rank) +
                       " once, got " + to_string(order));
    }
    for (const std::int64_t axis : order) {
      result.push_back(normalize_axis(axis, rank, "transpose"));
    }
    return result;
  }

  Shape shape(Shapes x) const {
    Shape result;
    for (const std::int64_t axis : permutation(x[0].rank())) {
      result.push_back(x[0][static_cast<int>(axis)]);
    }
    return result;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const Strides strides = contiguous_strides(x[0].shape);
    Strides permuted;
    for (const std::int64_t axis : permutation(x[0].shape.rank())) {
      permuted.push_back(strides[static_cast<int>(axis)]);
    }
    kernels::strided_copy(y.shape, x[0].data, permuted, y.data, contiguous_strides(y.shape),
                          y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Axes axes = permutation(e.operand(0).shape().rank());
    Axes inverse = axes;
    for (int axis = 0; axis < axes.rank(); ++axis) inverse[static_cast<int>(axes[axis])] = axis;
    e.add(0, Transpose{inverse}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Transpose{}, {{2, 3}});
    s.add(Transpose{}, {{4}});
    s.add(Transpose{}, {Shape{}});
    s.add(Transpose{{1, 2, 0}}, {{2, 3, 4}});
    s.add(Transpose{{-1, 0, 2, 1, 3}}, {{2, 1, 3, 2, 2}});
    s.add(Transpose{}, {{0, 3}});
  }
};

}  // namespace tapegrad::ops
