#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include <tapegrad/ops/matmul.hpp>

namespace tapegrad::ops {

/// y = x·Wᵀ + b for rows x (…, N, in), weights W (out, in) and a bias b (out): the value of
/// `matmul(x, w, {false, true}) + b`, whose product takes no memory of its own. ∂L/∂x = g·W, ∂L/∂W
/// = gᵀ·x, ∂L/∂b sums g over all rows.
struct Linear : Whole<3> {
  Shape shape(Shapes x) const {
    const Shape& weight = x[1];
    if (x[0].rank() < 2 || weight.rank() != 2 || x[0].back() != weight[1] ||
        x[2] != Shape{weight[0]}) {
      throw ShapeError("[linear] needs x (…, N, in), a weight (out, in) and a bias (out), got " +
                       to_string(x[0]) + ", " + to_string(weight) + " and " + to_string(x[2]));
    }
    Shape y = x[0];
    y[y.rank() - 1] = weight[0];
    if (std::max({rows(y), weight[0], weight[1]}) > std::numeric_limits<std::int32_t>::max()) {
      throw ShapeError("[linear] needs fewer than 2^31 rows and features, which BLAS counts, got " +
                       to_string(x[0]) + " and " + to_string(weight) + "; split them");
    }
    return y;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::gemm(false, true, rows(y.shape), y.shape.back(), x[1].shape[1], x[0].data, x[1].data,
                  y.data, y.accumulate, x[2].data);
  }

  template <class Executor>
  void backward(Executor& e) const {
    Matmul{false, true}.backward(e);
    if (e.needs(2)) e.add(2, Listed<SumTo, Executor>{e.operand(2).shape()}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Linear{}, {{2, 3}, {4, 3}, {4}});
    s.add(Linear{}, {{1, 1}, {1, 1}, {1}});
    s.add(Linear{}, {{17, 33}, {19, 33}, {19}});
    s.add(Linear{}, {{3, 2, 3}, {2, 3}, {2}});
    s.add(Linear{}, {{0, 3}, {2, 3}, {2}});
    s.add(Linear{}, {{2, 0}, {3, 0}, {3}});
    s.add(Linear{}, {{2, 3}, {0, 3}, {0}});
  }

 private:
  /// Of x and y, all their axes but the last.
  static std::int64_t rows(const Shape& y) {
    std::int64_t count = 1;
    for (int axis = 0; axis + 1 < y.rank(); ++axis) count *= y[axis];
    return count;
  }
};

}  // namespace tapegrad::ops
