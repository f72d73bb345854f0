#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/reduction.hpp>

namespace tapegrad::ops {

struct BroadcastTo;
struct Reshape;

/// The sum over the given axes (all by default); with `keepdims` they stay as size 1. A sum over
/// no elements is 0.
struct Sum : Reduction {
  using Reduction::Reduction;

  Shape shape(Shapes x) const { return reduced(x[0], "sum"); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const Shape kept = reduced_shape(x[0].shape, axes, true, "sum");
    if (!y.accumulate) kernels::fill_zero(y.data, y.shape.size());
    kernels::strided_copy(x[0].shape, x[0].data, contiguous_strides(x[0].shape), y.data,
                          broadcast_strides(kept, x[0].shape), true);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape from = e.operand(0).shape();
    const auto kept =
        e.eval(Listed<Reshape, Executor>{reduced_shape(from, axes, true, "sum")}, e.upstream());
    e.add(0, Listed<BroadcastTo, Executor>{from}, kept);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Sum{}, {{2, 3}});
    s.add(Sum{}, {Shape{}});
    s.add(Sum{{0}}, {{4, 3}});
    s.add(Sum{{-1}}, {{4, 3}});
    s.add(Sum{{0, 2}, true}, {{2, 3, 4}});
    s.add(Sum{{1, 3}}, {{2, 3, 2, 2, 2}});
    s.add(Sum{{0}}, {{0, 3}});
  }
};

}  // namespace tapegrad::ops
