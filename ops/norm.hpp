#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/reduction.hpp>

namespace tapegrad::ops {

struct Div;
struct Mul;
struct Reshape;
struct Where;

/// The Euclidean (L2) norm over the given axes (all by default), y = √Σx²; with `keepdims` they
/// stay as size 1. ∂y/∂x = x/y, 0 at the kink y = 0.
struct Norm : Reduction {
  using Reduction::Reduction;

  Shape shape(Shapes x) const { return reduced(x[0], "norm"); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::norm(x[0].shape, axes, x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape kept = reduced_shape(e.operand(0).shape(), axes, true, "norm");
    const auto g = e.eval(Listed<Reshape, Executor>{kept}, e.upstream());
    const auto y = e.eval(Listed<Reshape, Executor>{kept}, e.output());
    // x/y is a direction, of length 1 however small both are; g/y might overflow.
    const auto direction =
        e.eval(Listed<Where, Executor>{}, y, e.eval(Listed<Div, Executor>{}, e.operand(0), y), y);
    e.add(0, Listed<Mul, Executor>{}, direction, g);
  }

  /// Calls report(0 for a norm of zero, else 1) per element of the output.
  template <class Report>
  void branches(Operands<double> x, Report report) const {
    const ReductionSplit split = split_reduction(x[0].shape, axes, "norm");
    for_each_offset(split.kept, split.kept_strides, [&](std::int64_t base) {
      bool zero = true;
      for_each_offset(split.reduced, split.reduced_strides,
                      [&](std::int64_t offset) { zero = zero && x[0].data[base + offset] == 0; });
      report(zero ? 0 : 1);
    });
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Norm{}, {{2, 3}});
    s.add(Norm{}, {Shape{}});
    s.add(Norm{{0}}, {{4, 3}});
    s.add(Norm{{-1}, true}, {{4, 3}});
    s.add(Norm{{0, 2}}, {{2, 3, 4}});
    s.add(Norm{{1, 3}, true}, {{2, 3, 2, 2, 2}});
    s.add(Norm{{0}}, {{0, 3}});
  }
};

}  // namespace tapegrad::ops
