#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct IndexSelect;

/// Zeros of length `size` along an axis, to whose entries those of x are added at the places that
/// `index` names: the gradient of index_select. In x the index's shape stands in the axis's place.
/// Throws ValueError as index_select.
struct IndexAdd : Whole<2, 0b01> {
  std::int64_t axis = 0;  ///< Along which; negative ones count from the end.
  std::int64_t size = 0;  ///< The output's size along the axis.

  IndexAdd() = default;
  IndexAdd(std::int64_t along, std::int64_t length) : axis(along), size(length) {}

  Shape shape(Shapes x) const {
    const int rank = x[0].rank() - x[1].rank() + 1;
    bool fits = size >= 0 && rank >= 1;
    const int front = fits ? normalize_axis(axis, rank, "index_add") : 0;
    for (int i = 0; fits && i < x[1].rank(); ++i) fits = x[0][front + i] == x[1][i];
    if (!fits) {
      throw ShapeError("[index_add] needs a size >= 0 and values with the index's shape at axis " +
                       std::to_string(axis) + ", got size " + std::to_string(size) + ", values " +
                       to_string(x[0]) + " and index " + to_string(x[1]));
    }
    Shape result;
    for (int i = 0; i < front; ++i) result.push_back(x[0][i]);
    result.push_back(size);
    for (int i = front + x[1].rank(); i < x[0].rank(); ++i) result.push_back(x[0][i]);
    return result;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const int front = normalize_axis(axis, y.shape.rank(), "index_add");
    const std::int64_t count = x[1].shape.size();
    kernels::check_indices(x[1].data, count, size, "index_add");
    if (!y.accumulate) kernels::fill_zero(y.data, y.shape.size());
    const std::int64_t inner = contiguous_strides(y.shape)[front];
    const std::int64_t all = x[0].shape.size();
    for (std::int64_t from = 0, outer = 0; from < all; outer += size * inner) {
      for (std::int64_t i = 0; i < count; ++i, from += inner) {
        T* const to = y.data + outer + static_cast<std::int64_t>(x[1].data[i]) * inner;
        for (std::int64_t j = 0; j < inner; ++j) to[j] += x[0].data[from + j];
      }
    }
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<IndexSelect, Executor>{axis}, e.upstream(), e.operand(1));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(IndexAdd{0, 4}, {{6}, {6}}, {{}, {0, 3, true}});
    s.add(IndexAdd{0, 3}, {{2, 2, 2}, {2, 2}}, {{}, {0, 2, true}});
    s.add(IndexAdd{0, 3}, {{2}, Shape{}}, {{}, {0, 2, true}});
    s.add(IndexAdd{-1, 3}, {{2, 4}, {4}}, {{}, {0, 2, true}});
    s.add(IndexAdd{1, 3}, {{2, 4, 2}, {4}}, {{}, {0, 2, true}});
  }
};

}  // namespace tapegrad::ops
