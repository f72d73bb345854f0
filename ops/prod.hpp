#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/reduction.hpp>

namespace tapegrad::ops {

struct Mul;
struct ProdGrad;
struct Reshape;

/// The product over the given axes (all by default); with `keepdims` they stay as size 1. A product
/// over no elements is 1; partial products may be beyond the numbers of the precision. Up to 1024
/// floats are multiplied in float, more in double. ∂y/∂x_k is the product of all others, zeros
/// among them or not.
struct Prod : Reduction {
  using Reduction::Reduction;

  Shape shape(Shapes x) const { return reduced(x[0], "prod"); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::prod(x[0].shape, axes, x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape kept = reduced_shape(e.operand(0).shape(), axes, true, "prod");
    const auto g = e.eval(Listed<Reshape, Executor>{kept}, e.upstream());
    const auto others = e.eval(Listed<ProdGrad, Executor>{axes}, e.operand(0));
    e.add(0, Listed<Mul, Executor>{}, others, g);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Prod{}, {{2, 3}});
    s.add(Prod{}, {Shape{}});
    s.add(Prod{{0}}, {{4, 3}});
    s.add(Prod{{-1}, true}, {{4, 3}});
    s.add(Prod{{0, 2}}, {{2, 3, 4}});
    s.add(Prod{{1, 3}, true}, {{2, 3, 2, 2, 2}});
    s.add(Prod{{0}}, {{0, 3}});
    s.add(Prod{{0}}, {{4, 3}}, {{0, 1, true}});
  }
};

}  // namespace tapegrad::ops
