#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/reduction.hpp>

namespace tapegrad::ops {

struct BroadcastTo;
struct MulConstant;
struct Reshape;

/// The mean over the given axes (all by default); with `keepdims` they stay as size 1.
/// ∂y/∂x = 1/n for n elements.
struct Mean : Reduction {
  using Reduction::Reduction;

  Shape shape(Shapes x) const { return reduced_of_some(x[0], "mean"); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::mean(x[0].shape, axes, x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape from = e.operand(0).shape();
    const Shape kept = reduced_shape(from, axes, true, "mean");
    const double share = static_cast<double>(kept.size()) / static_cast<double>(from.size());
    const auto g = e.eval(Listed<Reshape, Executor>{kept}, e.upstream());
    e.add(0, Listed<BroadcastTo, Executor>{from}, e.eval(Listed<MulConstant, Executor>{share}, g));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Mean{}, {{2, 3}});
    s.add(Mean{}, {Shape{}});
    s.add(Mean{{0}}, {{4, 3}});
    s.add(Mean{{-1}, true}, {{4, 3}});
    s.add(Mean{{0, 2}}, {{2, 3, 4}});
    s.add(Mean{{1, 3}, true}, {{2, 3, 2, 2, 2}});
  }
};

}  // namespace tapegrad::ops
