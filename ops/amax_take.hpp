#pragma once

#include <tapegrad/ops/rule.hpp>
#include <tapegrad/ops/winner.hpp>

namespace tapegrad::ops {

struct AmaxScatter;

/// Elements of u at the places where x is largest over the given axes: amax(x) = amax_take(x, x).
/// Only u gets a gradient; the places are constant between ties.
struct AmaxTake : Whole<2, 0b10> {
  Axes axes;              ///< Negative ones count from the end; none means all.
  bool keepdims = false;  ///< Keeps reduced axes as size 1.

  AmaxTake() = default;
  explicit AmaxTake(const Axes& over, bool keep = false) : axes(over), keepdims(keep) {}

  Shape shape(Shapes x) const {
    if (x[0] != x[1] || x[0].size() == 0) {
      throw ShapeError("[amax_take] needs two equal shapes with elements, got " + to_string(x[0]) +
                       " and " + to_string(x[1]));
    }
    return reduced_shape(x[0], axes, keepdims, "amax_take");
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    for_each_winner(x[0].data, x[0].shape, axes,
                    [&](std::int64_t out, std::int64_t winner) { y.put(out, x[1].data[winner]); });
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(1, Listed<AmaxScatter, Executor>{axes}, e.operand(0), e.upstream());
  }

  template <class Report>
  void branches(Operands<double> x, Report report) const {
    report_winners(x[0].data, x[0].shape, axes, report);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(AmaxTake{}, {{2, 3}, {2, 3}});
    s.add(AmaxTake{{1}}, {{2, 3}, {2, 3}});
    s.add(AmaxTake{{0, 2}, true}, {{2, 3, 2}, {2, 3, 2}});
  }
};

}  // namespace tapegrad::ops
