#pragma once

#include <algorithm>
#include <limits>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Reshape;
struct SumTo;

/// The matrix product y (m, n) = op(a) (m, k) · op(b) (k, n), where op transposes its operand if
/// the attribute says so, without a copy. Axes before the last two count matrices, which are
/// multiplied one by one and broadcast: (B, m, k) · (k, n) is (B, m, n). ∂L/∂a = g·bᵀ, ∂L/∂b =
/// aᵀ·g.
struct Matmul : Whole<2> {
  bool transpose_a = false;  ///< a is stored as (k, m).
  bool transpose_b = false;  ///< b is stored as (n, k).

  Matmul() = default;
  Matmul(bool transposed_a, bool transposed_b)
      : transpose_a(transposed_a), transpose_b(transposed_b) {}

  Shape shape(Shapes x) const {
    const int rank_a = x[0].rank();
    const int rank_b = x[1].rank();
    if (rank_a < 2 || rank_b < 2) {
      throw ShapeError("[matmul] needs two matrices, got shapes " + to_string(x[0]) + " and " +
                       to_string(x[1]) + "; give a vector a second axis with reshape");
    }
    const std::int64_t inner_a = x[0][rank_a - (transpose_a ? 2 : 1)];
    const std::int64_t inner_b = x[1][rank_b - (transpose_b ? 1 : 2)];
    if (inner_a != inner_b) {
      throw ShapeError(std::string("[matmul] needs ") + (transpose_a ? "(k, m)ᵀ" : "(m, k)") +
                       " @ " + (transpose_b ? "(n, k)ᵀ" : "(k, n)") + ", got " + to_string(x[0]) +
                       " @ " + to_string(x[1]) + ": inner sizes " + std::to_string(inner_a) +
                       " and " + std::to_string(inner_b) + " differ");
    }
    const std::int64_t m = x[0][rank_a - (transpose_a ? 1 : 2)];
    const std::int64_t n = x[1][rank_b - (transpose_b ? 2 : 1)];
    if (std::max({m, n, inner_a}) > std::numeric_limits<std::int32_t>::max()) {
      throw ShapeError("[matmul] needs sizes below 2^31, which BLAS counts in, got " +
                       to_string(x[0]) + " and " + to_string(x[1]) + "; split the matrices");
    }
    Shape y = broadcast(batch(x[0]), batch(x[1]), "matmul");
    y.push_back(m);
    y.push_back(n);
    return y;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const Shape& a = x[0].shape;
    const Shape& b = x[1].shape;
    const std::int64_t m = y.shape[y.shape.rank() - 2];
    const std::int64_t n = y.shape.back();
    const std::int64_t k = a[a.rank() - (transpose_a ? 2 : 1)];
    // Matrices that follow one another and share b are one tall matrix.
    if (b.rank() == 2 && is_tall(y.shape)) {
      return kernels::gemm(false, transpose_b, batch(y.shape).size() * m, n, k, x[0].data,
                           x[1].data, y.data, y.accumulate);
    }
    const Shape matrices = batch(y.shape);
    const Strides strides_a = broadcast_strides(batch(a), matrices);
    const Strides strides_b = broadcast_strides(batch(b), matrices);
    const std::int64_t count = matrices.size();
    for (std::int64_t i = 0; i < count; ++i) {
      kernels::gemm(
          transpose_a, transpose_b, m, n, k, x[0].data + offset_of(i, matrices, strides_a) * m * k,
          x[1].data + offset_of(i, matrices, strides_b) * k * n, y.data + i * m * n, y.accumulate);
    }
  }

  template <class Executor>
  void backward(Executor& e) const {
    const auto g = e.upstream();
    const auto a = e.operand(0);
    const auto b = e.operand(1);
    const Shape y = g.shape();
    // An operand that was broadcast gets the sum of what its repetitions get.
    const auto add = [&](int k, const Matmul& gate, const auto& left, const auto& right) {
      const Shape own = e.operand(k).shape();
      batch(own) == batch(y) ? e.add(k, gate, left, right)
                             : e.add(k, Listed<SumTo, Executor>{own}, e.eval(gate, left, right));
    };
    if (e.needs(0)) {
      transpose_a ? add(0, Matmul{transpose_b, true}, b, g)
                  : add(0, Matmul{false, !transpose_b}, g, b);
    }
    if (!e.needs(1)) return;
    if (b.shape().rank() == 2 && y.rank() > 2 && is_tall(y)) {
      const std::int64_t rows = batch(y).size() * y[y.rank() - 2];
      const auto tall_a = e.eval(Listed<Reshape, Executor>{{rows, a.shape().back()}}, a);
      const auto tall_g = e.eval(Listed<Reshape, Executor>{{rows, y.back()}}, g);
      return transpose_b ? e.add(1, Matmul{true, false}, tall_g, tall_a)
                         : e.add(1, Matmul{true, false}, tall_a, tall_g);
    }
    transpose_b ? add(1, Matmul{true, transpose_a}, g, a)
                : add(1, Matmul{!transpose_a, false}, a, g);
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
    s.add(Matmul{}, {{2, 2, 3}, {2, 3, 2}});
    s.add(Matmul{}, {{3, 2, 3}, {3, 2}});
    s.add(Matmul{false, true}, {{3, 2, 3}, {2, 3}});
    s.add(Matmul{}, {{2, 3}, {2, 3, 2}});
    s.add(Matmul{true, true}, {{2, 1, 3, 2}, {3, 2, 3}});
    s.add(Matmul{}, {{2, 2, 0}, {0, 3}});
  }

 private:
  /// Whether all matrices of a, one below the other, are a matrix whose rows BLAS can count.
  bool is_tall(const Shape& y) const {
    const std::int64_t rows = batch(y).size() * y[y.rank() - 2];
    return !transpose_a && rows <= std::numeric_limits<std::int32_t>::max();
  }

  /// The axes that count matrices.
  static Shape batch(const Shape& x) { return {x.begin(), x.end() - 2}; }
};

}  // namespace tapegrad::ops
