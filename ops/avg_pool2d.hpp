#pragma once

#include <tapegrad/ops/pooling.hpp>

namespace tapegrad::ops {

struct AvgPool2dGrad;

/// The mean of each window of images x (N, C, H, W), padding counted as zeros:
/// ∂y/∂x = 1/(FH·FW) for every element in the window.
struct AvgPool2d : Whole<1>, Pooling {
  using Pooling::Pooling;
  AvgPool2d() = default;
  explicit AvgPool2d(const Pooling& form) : Pooling(form) {}

  Shape shape(Shapes x) const { return pooled_shape(x[0], sizes(x[0], "avg_pool2d")); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::avg_pool2d(sizes(x[0].shape, "avg_pool2d"), x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<AvgPool2dGrad, Executor>{*this, e.operand(0).shape()}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(AvgPool2d{}, {{2, 3, 4, 6}});
    s.add(AvgPool2d{3, 2}, {{1, 2, 5, 5}});
    s.add(AvgPool2d{{3, 2}, {2, 1}, 1}, {{2, 1, 5, 4}});
    s.add(AvgPool2d{2, 2, 0, Fit::floor}, {{1, 1, 5, 3}});
  }
};

}  // namespace tapegrad::ops
