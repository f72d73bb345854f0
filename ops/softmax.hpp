#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Mul;
struct Sub;
struct Sum;

/// y = eˣ / Σ eˣ along the last axis, shifted by the maximum so that it cannot overflow.
/// ∂L/∂x = y · (g − Σ g·y).
struct Softmax : Whole<1> {
  Shape shape(Shapes x) const {
    if (x[0].rank() == 0) throw ShapeError("[softmax] needs at least one axis, got a scalar");
    return x[0];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const std::int64_t k = y.shape.back();
    if (k > 0) kernels::softmax(y.shape.size() / k, k, x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const auto g = e.upstream();
    const auto y = e.output();
    const auto weighted = e.eval(Listed<Mul, Executor>{}, g, y);
    const auto mean = e.eval(Listed<Sum, Executor>{{-1}, true}, weighted);
    e.add(0, Listed<Mul, Executor>{}, y, e.eval(Listed<Sub, Executor>{}, g, mean));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Softmax{}, {{5}});
    s.add(Softmax{}, {{2, 3}});
    s.add(Softmax{}, {{2, 3, 11}});
    s.add(Softmax{}, {{3, 1}});
    s.add(Softmax{}, {{0, 3}});
  }
};

}  // namespace tapegrad::ops
