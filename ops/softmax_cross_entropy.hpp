#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/labels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct SoftmaxCrossEntropyGrad;

/// The loss of each row: y[n] = log Σⱼ exp(x[n, j]) − x[n, labels[n]], for scores x (N, K) and
/// labels (N), whole numbers from 0 to K − 1. Shifted by the row's maximum, so scores of any
/// size are safe. ∂y[n]/∂x[n, j] = softmax(x)[n, j] − 1(j = labels[n]).
struct SoftmaxCrossEntropy : Whole<2, 0b01> {
  Shape shape(Shapes x) const {
    check_rows_and_labels(x[0], x[1], "softmax_cross_entropy");
    return x[1];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::check_labels(x[1].data, y.shape[0], x[0].shape[1], "softmax_cross_entropy");
    kernels::softmax_cross_entropy(x[0].shape[0], x[0].shape[1], x[0].data, x[1].data, y.data,
                                   y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<SoftmaxCrossEntropyGrad, Executor>{}, e.operand(0), e.operand(1), e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(SoftmaxCrossEntropy{}, {{4, 3}, {4}}, {{}, {0, 2, true}});
    s.add(SoftmaxCrossEntropy{}, {{2, 11}, {2}}, {{}, {0, 10, true}});
    s.add(SoftmaxCrossEntropy{}, {{1, 1}, {1}}, {{}, {0, 0, true}});
  }
};

}  // namespace tapegrad::ops
