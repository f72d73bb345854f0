#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>
#include <tapegrad/ops/winner.hpp>

namespace tapegrad::ops {

struct AmaxTake;

/// Zeros of x's shape with the elements of g at the places where x is largest over the given axes:
/// the gradient of amax. Only g gets a gradient.
struct AmaxScatter : Whole<2, 0b10> {
  Axes axes;  ///< Those of the amax; none means all.

  AmaxScatter() = default;
  explicit AmaxScatter(const Axes& over) : axes(over) {}

  Shape shape(Shapes x) const {
    if (x[1].size() != reduced_shape(x[0], axes, false, "amax_scatter").size()) {
      throw ShapeError("[amax_scatter] needs one element per maximum of " + to_string(x[0]) +
                       " over axes " + to_string(axes) + ", got " + to_string(x[1]));
    }
    return x[0];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    if (!y.accumulate) kernels::fill_zero(y.data, y.shape.size());
    for_each_winner(x[0].data, x[0].shape, axes, [&](std::int64_t out, std::int64_t winner) {
      y.data[winner] += x[1].data[out];
    });
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape taken = e.operand(1).shape();
    const bool keepdims = taken.rank() == e.operand(0).shape().rank();
    e.add(1, Listed<AmaxTake, Executor>{axes, keepdims}, e.operand(0), e.upstream());
  }

  template <class Report>
  void branches(Operands<double> x, Report report) const {
    report_winners(x[0].data, x[0].shape, axes, report);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(AmaxScatter{}, {{2, 3}, Shape{}});
    s.add(AmaxScatter{{1}}, {{2, 3}, {2}});
    s.add(AmaxScatter{{0, 2}}, {{2, 3, 2}, {1, 3, 1}});
  }
};

}  // namespace tapegrad::ops
