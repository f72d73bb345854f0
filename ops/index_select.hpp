#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct IndexAdd;

/// The entries of x along an axis that `index` names, in its order: with axis 0 the rows of a table
/// (V, D), as an embedding looks them up. The axis is replaced by the index's shape, whatever its
/// rank: (V, D) and (N, L) give (N, L, D). Throws ValueError on an index that is no whole number
/// from 0 to the axis's size − 1.
struct IndexSelect : Whole<2, 0b01> {
  std::int64_t axis = 0;  ///< Along which; negative ones count from the end.

  IndexSelect() = default;
  IndexSelect(std::int64_t along) : axis(along) {}

  Shape shape(Shapes x) const {
    const int front = normalize_axis(axis, x[0].rank(), "index_select");
    Shape result;
    for (int i = 0; i < front; ++i) result.push_back(x[0][i]);
    for (const std::int64_t size : x[1]) result.push_back(size);
    for (int i = front + 1; i < x[0].rank(); ++i) result.push_back(x[0][i]);
    return result;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const int front = normalize_axis(axis, x[0].shape.rank(), "index_select");
    const std::int64_t size = x[0].shape[front];
    const std::int64_t count = x[1].shape.size();
    kernels::check_indices(x[1].data, count, size, "index_select");
    const std::int64_t inner = contiguous_strides(x[0].shape)[front];
    const std::int64_t all = y.shape.size();
    for (std::int64_t to = 0, outer = 0; to < all; outer += size * inner) {
      for (std::int64_t i = 0; i < count; ++i, to += inner) {
        const T* const from = x[0].data + outer + static_cast<std::int64_t>(x[1].data[i]) * inner;
        for (std::int64_t j = 0; j < inner; ++j) y.put(to + j, from[j]);
      }
    }
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape whole = e.operand(0).shape();
    const int front = normalize_axis(axis, whole.rank(), "index_select");
    e.add(0, Listed<IndexAdd, Executor>{front, whole[front]}, e.upstream(), e.operand(1));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(IndexSelect{}, {{4}, {6}}, {{}, {0, 3, true}});
    s.add(IndexSelect{}, {{4, 3}, {5}}, {{}, {0, 3, true}});
    s.add(IndexSelect{0}, {{3, 2}, {2, 2}}, {{}, {0, 2, true}});
    s.add(IndexSelect{0}, {{3, 2}, Shape{}}, {{}, {0, 2, true}});
    s.add(IndexSelect{-1}, {{2, 3}, {4}}, {{}, {0, 2, true}});
    s.add(IndexSelect{1}, {{2, 3, 2}, {4}}, {{}, {0, 2, true}});
    s.add(IndexSelect{}, {{4, 3}, {0}}, {{}, {0, 3, true}});
  }
};

}  // namespace tapegrad::ops
