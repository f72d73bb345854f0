#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/reduction.hpp>
#include <tapegrad/ops/winner.hpp>

namespace tapegrad::ops {

struct AmaxScatter;
struct Neg;

/// The smallest element over the given axes (all by default); with `keepdims` they stay as size 1.
/// The gradient goes to the winner, at a tie to the first. NaN wins over every number.
struct Amin : Reduction {
  using Reduction::Reduction;

  Shape shape(Shapes x) const { return reduced_of_some(x[0], "amin"); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::amin(x[0].shape, axes, x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const auto negated = e.eval(Listed<Neg, Executor>{}, e.operand(0));
    e.add(0, Listed<AmaxScatter, Executor>{axes}, negated, e.upstream());
  }

  /// Calls report(winner's position in x) per element of the output.
  template <class Report>
  void branches(Operands<double> x, Report report) const {
    report_winners<-1>(x[0].data, x[0].shape, axes, report);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Amin{}, {{2, 3}});
    s.add(Amin{}, {Shape{}});
    s.add(Amin{{0}}, {{4, 3}});
    s.add(Amin{{-1}, true}, {{4, 3}});
    s.add(Amin{{0, 2}}, {{2, 3, 4}});
    s.add(Amin{{1, 3}, true}, {{2, 3, 2, 2, 2}});
  }
};

}  // namespace tapegrad::ops
