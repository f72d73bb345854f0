#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/labels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Mul;
struct Neg;
struct Reshape;
struct Softmax;
struct Sub;
struct Sum;

/// y[n, j] = g[n] · (softmax(x)[n, j] − 1(j = labels[n])) for scores x (N, K), labels (N) and
/// g (N): the gradient of softmax_cross_entropy, itself differentiable in x and g.
struct SoftmaxCrossEntropyGrad : Whole<3, 0b101> {
  Shape shape(Shapes x) const {
    check_rows_and_labels(x[0], x[1], "softmax_cross_entropy_grad");
    if (x[2] != x[1]) {
      throw ShapeError("[softmax_cross_entropy_grad] needs one upstream gradient per row " +
                       to_string(x[1]) + ", got " + to_string(x[2]));
    }
    return x[0];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::check_labels(x[1].data, x[1].shape[0], x[0].shape[1], "softmax_cross_entropy_grad");
    kernels::softmax_cross_entropy_grad(x[0].shape[0], x[0].shape[1], x[0].data, x[1].data,
                                        x[2].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const auto u = e.upstream();
    const Listed<Mul, Executor> times{};
    const auto p = e.eval(Listed<Softmax, Executor>{}, e.operand(0));
    const auto up = e.eval(times, u, p);
    const Listed<Sum, Executor> over_classes{{-1}};
    e.add(2, over_classes, up);
    e.add(2, Listed<Neg, Executor>{}, e.eval(Pick{}, u, e.operand(1)));

    const std::int64_t rows = e.operand(1).shape()[0];
    const Listed<Reshape, Executor> as_column{Shape{rows, 1}};
    const auto mean = e.eval(as_column, e.eval(over_classes, up));
    const auto g = e.eval(as_column, e.operand(2));
    const auto centred = e.eval(times, p, e.eval(Listed<Sub, Executor>{}, u, mean));
    e.add(0, times, centred, g);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(SoftmaxCrossEntropyGrad{}, {{4, 3}, {4}, {4}}, {{}, {0, 2, true}, {}});
    s.add(SoftmaxCrossEntropyGrad{}, {{2, 11}, {2}, {2}}, {{}, {0, 10, true}, {}});
  }
};

}  // namespace tapegrad::ops
