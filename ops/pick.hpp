#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/labels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct PickScatter;

/// One score per row: y[n] = x[n, labels[n]] for x (N, K) and labels (N), whole numbers from 0 to
/// K − 1. Throws ValueError on a label that is none.
struct Pick : Whole<2, 0b01> {
  Shape shape(Shapes x) const {
    check_rows_and_labels(x[0], x[1], "pick");
    return x[1];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const std::int64_t classes = x[0].shape[1];
    kernels::check_labels(x[1].data, y.shape[0], classes, "pick");
    for (std::int64_t n = 0; n < y.shape[0]; ++n) {
      y.put(n, x[0].data[n * classes + static_cast<std::int64_t>(x[1].data[n])]);
    }
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<PickScatter, Executor>{e.operand(0).shape()[1]}, e.upstream(), e.operand(1));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Pick{}, {{4, 3}, {4}}, {{}, {0, 2, true}});
    s.add(Pick{}, {{1, 1}, {1}}, {{}, {0, 0, true}});
    s.add(Pick{}, {{0, 3}, {0}}, {{}, {0, 2, true}});
  }
};

}  // namespace tapegrad::ops
