#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/reduction.hpp>

namespace tapegrad::ops {

struct Amax;
struct Detach;
struct Div;
struct Exp;
struct Mul;
struct Reshape;
struct Sub;
struct Sum;

/// y = log Σ eˣ over the given axes (all by default), shifted by the maximum so that it cannot
/// overflow; with `keepdims` they stay as size 1. ∂y/∂x = eˣ/Σ eˣ, the softmax of x.
struct Logsumexp : Reduction {
  using Reduction::Reduction;

  Shape shape(Shapes x) const { return reduced_of_some(x[0], "logsumexp"); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::logsumexp(x[0].shape, axes, x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape kept = reduced_shape(e.operand(0).shape(), axes, true, "logsumexp");
    const auto g = e.eval(Listed<Reshape, Executor>{kept}, e.upstream());
    // Not e^(x − y): far from zero y has lost the digits that make the shares add up to 1.
    const auto largest = e.eval(Listed<Amax, Executor>{axes, true}, e.operand(0));
    const auto shift = e.eval(Listed<Detach, Executor>{}, largest);
    const auto shifted = e.eval(Listed<Sub, Executor>{}, e.operand(0), shift);
    const auto part = e.eval(Listed<Exp, Executor>{}, shifted);
    const auto total = e.eval(Listed<Sum, Executor>{axes, true}, part);
    e.add(0, Listed<Mul, Executor>{}, part, e.eval(Listed<Div, Executor>{}, g, total));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Logsumexp{}, {{2, 3}});
    s.add(Logsumexp{}, {Shape{}});
    s.add(Logsumexp{{0}}, {{4, 3}});
    s.add(Logsumexp{{-1}, true}, {{4, 3}});
    s.add(Logsumexp{{0, 2}}, {{2, 3, 4}});
    s.add(Logsumexp{{1, 3}, true}, {{2, 3, 2, 2, 2}});
  }
};

}  // namespace tapegrad::ops
