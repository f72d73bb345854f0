#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct BroadcastTo;

/// Sums x down to a shape that broadcasts to x's: what a broadcast operand receives as gradient.
struct SumTo : Whole<1> {
  Shape to;  ///< The shape of the output.

  SumTo() = default;
  SumTo(const Shape& target) : to(target) {}
  SumTo(std::initializer_list<Shape::Entry> target) : to(target) {}

  Shape shape(Shapes x) const {
    if (broadcast(to, x[0], "sum_to") != x[0]) {
      throw ShapeError("[sum_to] needs a shape that broadcasts to its operand's, got " +
                       to_string(to) + " for " + to_string(x[0]));
    }
    return to;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    if (!y.accumulate) kernels::fill_zero(y.data, y.shape.size());
    kernels::strided_copy(x[0].shape, x[0].data, contiguous_strides(x[0].shape), y.data,
                          broadcast_strides(to, x[0].shape), true);
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<BroadcastTo, Executor>{e.operand(0).shape()}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(SumTo{3}, {{2, 3}});
    s.add(SumTo{{2, 1}}, {{4, 2, 3}});
    s.add(SumTo{Shape{}}, {{2, 3}});
    s.add(SumTo{{1, 3, 1, 1, 2}}, {{2, 3, 2, 2, 2}});
  }
};

}  // namespace tapegrad::ops
