#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Mul;
struct ProdGrad;
struct Reshape;

/// The product over the given axes (all by default); with `keepdims` they stay as size 1. A product
/// over no elements is 1. ∂y/∂x_k is the product of all others, zeros among them or not.
struct Prod : Whole<1> {
  Axes axes;              ///< Negative ones count from the end; none means all.
  bool keepdims = false;  ///< Keeps reduced axes as size 1.

  Prod() = default;
  Prod(const Axes& over, bool keep = false) : axes(over), keepdims(keep) {}

  Shape shape(Shapes x) const { return reduced_shape(x[0], axes, keepdims, "prod"); }

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
