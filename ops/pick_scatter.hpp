#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Pick;

/// Zeros (N, classes) with y[n, labels[n]] = g[n]: the gradient of pick. With g = 1 it is the
/// one-hot code of the labels.
struct PickScatter : Whole<2, 0b01> {
  std::int64_t classes = 0;  ///< How long the rows of the output are.

  PickScatter() = default;
  explicit PickScatter(std::int64_t count) : classes(count) {}

  Shape shape(Shapes x) const {
    if (x[0].rank() != 1 || x[0] != x[1]) {
      throw ShapeError("[pick_scatter] needs values (N) and labels (N), got " + to_string(x[0]) +
                       " and " + to_string(x[1]));
    }
    return {x[0][0], classes};
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::check_labels(x[1].data, y.shape[0], classes, "pick_scatter");
    if (!y.accumulate) kernels::fill_zero(y.data, y.shape.size());
    for (std::int64_t n = 0; n < y.shape[0]; ++n) {
      y.data[n * classes + static_cast<std::int64_t>(x[1].data[n])] += x[0].data[n];
    }
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<Pick, Executor>{}, e.upstream(), e.operand(1));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(PickScatter{3}, {{4}, {4}}, {{}, {0, 2, true}});
    s.add(PickScatter{1}, {{2}, {2}}, {{}, {0, 0, true}});
  }
};

}  // namespace tapegrad::ops
