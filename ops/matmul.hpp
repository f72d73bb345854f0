#pragma once

#include <algorithm>
#include <limits>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// The matrix product y (m, n) = op(a) (m, k) · op(b) (k, n), where op transposes its operand if
/// the attribute says so, without a copy. ∂L/∂a = g·bᵀ, ∂L/∂b = aᵀ·g.
struct Matmul : Whole<2> {
  bool transpose_a = false;
  bool transpose_b = false;

  Matmul() = default;
  Matmul(bool transposed_a, bool transposed_b)
      : transpose_a(transposed_a), transpose_b(transposed_b) {}

  Shape shape(Shapes x) const {
    if (x[0].rank() != 2 || x[1].rank() != 2) {
      throw ShapeError("[matmul] needs two matrices, got shapes " + to_string(x[0]) + " and " +
                       to_string(x[1]) + "; give a vector a second axis with reshape");
    }
    const std::int64_t inner_a = x[0][transpose_a ? 0 : 1];
    const std::int64_t inner_b = x[1][transpose_b ? 1 : 0];
    if (inner_a != inner_b) {
      throw ShapeError(std::string("[matmul] needs ") + (transpose_a ? "(k, m)ᵀ" : "(m, k)") +
                       " @ " + (transpose_b ? "(n, k)ᵀ" : "(k, n)") + ", got " + to_string(x[0]) +
                       " @ " + to_string(x[1]) + ": inner sizes " + std::to_string(inner_a) +
                       " and " + std::to_string(inner_b) + " differ");
    }
    const Shape y{x[0][transpose_a ? 1 : 0], x[1][transpose_b ? 0 : 1]};
    if (std::max({y[0], y[1], inner_a}) > std::numeric_limits<std::int32_t>::max()) {
      throw ShapeError("[matmul] needs sizes below 2^31, which BLAS counts in, got " +
                       to_string(x[0]) + " and " + to_string(x[1]) + "; split the matrices");
    }
    return y;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::gemm(transpose_a, transpose_b, y.shape[0], y.shape[1], x[0].shape[transpose_a ? 0 : 1],
                  x[0].data, x[1].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const auto g = e.upstream();
    const auto a = e.operand(0);
    const auto b = e.operand(1);
    transpose_a ? e.add(0, Matmul{transpose_b, true}, b, g)
                : e.add(0, Matmul{false, !transpose_b}, g, b);
    transpose_b ? e.add(1, Matmul{true, transpose_a}, g, a)
                : e.add(1, Matmul{!transpose_a, false}, a, g);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Matmul{}, {{2, 3}, {3, 4}});
    s.add(Matmul{true, false}, {{3, 2}, {3, 4}});
    s.add(Matmul{false, true}, {{2, 3}, {4, 3}});
    s.add(Matmul{true, true}, {{3, 2}, {4, 3}});
    s.add(Matmul{}, {{1, 1}, {1, 1}});
    s.add(Matmul{}, {{17, 33}, {33, 19}});
    s.add(Matmul{}, {{2, 0}, {0, 3}});
    s.add(Matmul{}, {{0, 2}, {2, 3}});
  }
};

}  // namespace tapegrad::ops
