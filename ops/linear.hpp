#pragma once

#include <algorithm>
#include <cstdint>

#include <tapegrad/ops/matmul.hpp>

namespace tapegrad::ops {

/// y = x·Wᵀ + b for rows x (…, N, in), weights W (out, in) and a bias b (out): the value of
/// `matmul(x, w, {false, true}) + b`, whose product takes no memory of its own. ∂L/∂x = g·W, ∂L/∂W
/// = gᵀ·x, ∂L/∂b sums g over all rows.
struct Linear : Whole<3> {
  Shape shape(Shapes x) const {
    const Shape &rows = x[0], &weight = x[1], &bias = x[2];
    if (rows.rank() < 2 || weight.rank() != 2) {
      throw ShapeError("[linear] needs rows x (…, N, in) and a weight (out, in), got shapes " +
                       to_string(rows) + " and " + to_string(weight) +
                       (rows.rank() == 1 ? "; give a vector a second axis with reshape" : ""));
    }
    if (rows.back() != weight[1]) {
      throw ShapeError("[linear] needs a weight (out, " + std::to_string(rows.back()) +
                       ") for x of shape " + to_string(rows) + ", got " + to_string(weight) +
                       (rows.back() == weight[0] ? "; transpose it" : ""));
    }
    if (bias != Shape{weight[0]}) {
      throw ShapeError("[linear] needs a bias per output, shape " + to_string(Shape{weight[0]}) +
                       ", got " + to_string(bias));
    }
    return Matmul{false, true}.shape(x);
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const std::int64_t in = x[1].shape[1];
    const std::int64_t out = x[1].shape[0];
    const std::int64_t rows = row_count(y.shape);
    // BLAS counts rows in 32 bits.
    constexpr std::int64_t most = std::int64_t{1} << 30;
    for (std::int64_t row = 0; row < rows; row += most) {
      kernels::gemm(false, true, std::min(most, rows - row), out, in, x[0].data + row * in,
                    x[1].data, y.data + row * out, y.accumulate, x[2].data);
    }
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
  /// The product of all axes but the last.
  static std::int64_t row_count(const Shape& y) {
    std::int64_t count = 1;
    for (int axis = 0; axis + 1 < y.rank(); ++axis) count *= y[axis];
    return count;
  }
};

}  // namespace tapegrad::ops
