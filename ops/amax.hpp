#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/reduction.hpp>
#include <tapegrad/ops/winner.hpp>

namespace tapegrad::ops {

struct AmaxScatter;

/// The largest element over the given axes (all by default); with `keepdims` they stay as size 1.
/// The gradient goes to the winner, at a tie to the first. NaN wins over every number.
struct Amax : Reduction {
  using Reduction::Reduction;

  Shape shape(Shapes x) const { return reduced_of_some(x[0], "amax"); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::amax(x[0].shape, axes, x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<AmaxScatter, Executor>{axes}, e.operand(0), e.upstream());
  }

  /// Calls report(winner's position in x) per element of the output.
  template <class Report>
  void branches(Operands<double> x, Report report) const {
    report_winners(x[0].data, x[0].shape, axes, report);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Amax{}, {{2, 3}});
    s.add(Amax{}, {Shape{}});
    s.add(Amax{{0}}, {{4, 3}});
    s.add(Amax{{-1}, true}, {{4, 3}});
    s.add(Amax{{0, 2}}, {{2, 3, 4}});
    s.add(Amax{{1, 3}, true}, {{2, 3, 2, 2, 2}});
  }
};

}  // namespace tapegrad::ops
