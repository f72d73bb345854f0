#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct SumTo;

/// Repeats x along new or size-1 axes until it has the given shape. The gradient is the sum over
/// the repetitions.
struct BroadcastTo : Whole<1> {
  Shape to;  ///< The shape of the output.

  BroadcastTo() = default;
  BroadcastTo(const Shape& target) : to(target) {}
  BroadcastTo(std::initializer_list<Shape::Entry> target) : to(target) {}

  Shape shape(Shapes x) const {
    if (broadcast(x[0], to, "broadcast_to") != to) {
      throw ShapeError("[broadcast_to] needs a shape that only repeats axes of size 1, got " +
                       to_string(x[0]) + " to " + to_string(to));
    }
    return to;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::strided_copy(y.shape, x[0].data, broadcast_strides(x[0].shape, y.shape), y.data,
                          contiguous_strides(y.shape), y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<SumTo, Executor>{e.operand(0).shape()}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(BroadcastTo{{2, 3}}, {{3}});
    s.add(BroadcastTo{{4, 2, 3}}, {{2, 1}});
    s.add(BroadcastTo{{2, 3}}, {Shape{}});
    s.add(BroadcastTo{{2, 0}}, {{2, 1}});
    s.add(BroadcastTo{{2, 3, 2, 2, 2}}, {{1, 3, 1, 1, 2}});
  }
};

}  // namespace tapegrad::ops
