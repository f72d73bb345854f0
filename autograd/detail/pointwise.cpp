#include <tapegrad/autograd/detail/pointwise.hpp>

#include <algorithm>
#include <array>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>
#include <tapegrad/ops/strides.hpp>

namespace tapegrad::detail {

namespace {

/// Elements per call of a block: its operands stay in the first-level cache.
constexpr std::int64_t block = 512;
constexpr int most_operands = 3;

/// The rows of the output, neighbouring axes merged where every operand allows it: what remains
/// is a row in which each operand either runs along (step 1) or stands still (step 0).
struct Rows {
  Shape outer;
  std::array<ops::Strides, most_operands> outer_strides;
  std::int64_t length = 1;
  std::array<std::int64_t, most_operands> step{};
};

Rows split_into_rows(const Shape& shape, const View* x, int operands) {
  std::array<ops::Strides, most_operands> strides;
  for (int k = 0; k < operands; ++k) {
    strides[static_cast<std::size_t>(k)] = ops::broadcast_strides(x[k].sizes, shape);
  }
  Rows rows;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    const int last = rows.outer.rank() - 1;
    bool merge = last >= 0;
    for (int k = 0; merge && k < operands; ++k) {
      const auto i = static_cast<std::size_t>(k);
      merge = rows.outer_strides[i][last] == shape[axis] * strides[i][axis];
    }
    if (merge) {
      rows.outer[last] *= shape[axis];
    } else {
      rows.outer.push_back(shape[axis]);
    }
    for (int k = 0; k < operands; ++k) {
      const auto i = static_cast<std::size_t>(k);
      if (merge) {
        rows.outer_strides[i][last] = strides[i][axis];
      } else {
        rows.outer_strides[i].push_back(strides[i][axis]);
      }
    }
  }
  // The innermost axis becomes the row.
  const int last = rows.outer.rank() - 1;
  if (last < 0) return rows;
  rows.length = rows.outer[last];
  const Shape outer(rows.outer.begin(), rows.outer.end() - 1);
  rows.outer = outer;
  for (int k = 0; k < operands; ++k) {
    const auto i = static_cast<std::size_t>(k);
    rows.step[i] = rows.outer_strides[i][last];
    rows.outer_strides[i] =
        ops::Strides(rows.outer_strides[i].begin(), rows.outer_strides[i].end() - 1);
  }
  return rows;
}

/// Calls run(offset in the output, count, operand pointers) for pieces of at most `block`
/// elements, with operands that stand still repeated in a buffer.
template <class T, class Run>
void for_each_piece(const Rows& rows, const View* x, int operands, Run run) {
  T repeated[most_operands][block];
  std::array<std::int64_t, most_operands> offset{};
  std::array<std::int64_t, max_rank> index{};
  const int outer = rows.outer.rank();
  std::int64_t position = 0;
  while (true) {
    const T* pointer[most_operands] = {};
    for (int k = 0; k < operands; ++k) {
      const auto i = static_cast<std::size_t>(k);
      pointer[i] = static_cast<const T*>(x[k].data) + offset[i];
      if (rows.step[i] == 0) {
        std::fill_n(repeated[i], std::min(block, rows.length), *pointer[i]);
        pointer[i] = repeated[i];
      }
    }
    for (std::int64_t start = 0; start < rows.length; start += block) {
      const std::int64_t count = std::min(block, rows.length - start);
      run(position, count, pointer, offset);
      position += count;
      for (int k = 0; k < operands; ++k) {
        const auto i = static_cast<std::size_t>(k);
        if (rows.step[i] != 0) {
          pointer[i] += count;
          offset[i] += count;
        }
      }
    }
    for (int k = 0; k < operands; ++k) {
      const auto i = static_cast<std::size_t>(k);
      if (rows.step[i] != 0) offset[i] -= rows.length;
    }
    int axis = outer - 1;
    for (; axis >= 0; --axis) {
      std::int64_t& at = index[static_cast<std::size_t>(axis)];
      for (int k = 0; k < operands; ++k) {
        const auto i = static_cast<std::size_t>(k);
        offset[i] += rows.outer_strides[i][axis];
      }
      if (++at < rows.outer[axis]) break;
      for (int k = 0; k < operands; ++k) {
        const auto i = static_cast<std::size_t>(k);
        offset[i] -= at * rows.outer_strides[i][axis];
      }
      at = 0;
    }
    if (axis < 0) return;
  }
}

bool same_shapes(const View* x, int operands, const Shape& shape) {
  for (int k = 0; k < operands; ++k) {
    if (x[k].sizes != shape) return false;
  }
  return true;
}

template <class T>
std::array<const T*, most_operands> pointers(const View* x, int operands) {
  std::array<const T*, most_operands> result{};
  for (int k = 0; k < operands; ++k) {
    result[static_cast<std::size_t>(k)] = static_cast<const T*>(x[k].data);
  }
  return result;
}

template <class T>
void forward(const GateTable& table, const void* gate, const View* x, const Shape& shape, T* y,
             bool accumulate) {
  const ForwardBlock<T> run = table.loops<T>().forward;
  if (same_shapes(x, table.arity, shape)) {
    return run(gate, shape.size(), pointers<T>(x, table.arity).data(), y, accumulate);
  }
  if (shape.size() == 0) return;
  const Rows rows = split_into_rows(shape, x, table.arity);
  for_each_piece<T>(rows, x, table.arity,
                    [&](std::int64_t at, std::int64_t count, const T* const* operand, const auto&) {
                      run(gate, count, operand, y + at, accumulate);
                    });
}

template <class T>
void gradient(const GateTable& table, const void* gate, int k, const T* g, const View* x,
              const Shape& shape, const T* y, T* out, bool accumulate) {
  const GradientBlock<T> run = table.loops<T>().gradient[k];
  if (same_shapes(x, table.arity, shape)) {
    return run(gate, shape.size(), g, pointers<T>(x, table.arity).data(), y, out, accumulate);
  }
  const Rows rows = split_into_rows(shape, x, table.arity);
  const auto own = static_cast<std::size_t>(k);
  const std::int64_t out_size = x[k].sizes.size();
  const bool summed = out_size != shape.size() || rows.step[own] == 0;
  if (summed && !accumulate) ops::kernels::fill_zero(out, out_size);
  if (shape.size() == 0) return;
  if (rows.step[own] != 0 && ops::kernels::WideSum<T>::pays(shape.size(), out_size)) {
    ops::kernels::WideSum<T> sum(out_size);
    for_each_piece<T>(
        rows, x, table.arity,
        [&](std::int64_t at, std::int64_t count, const T* const* operand, const auto& offset) {
          run(gate, count, g + at, operand, y + at, sum.partial() + offset[own], true);
          sum.added(offset[own], count);
        });
    return sum.add_to(out);
  }
  if (rows.step[own] != 0) {
    for_each_piece<T>(
        rows, x, table.arity,
        [&](std::int64_t at, std::int64_t count, const T* const* operand, const auto& offset) {
          run(gate, count, g + at, operand, y + at, out + offset[own], accumulate || summed);
        });
    return;
  }
  // One element of `out` collects whole rows: pieces are added in double until the target changes.
  double total = 0;
  std::int64_t target = 0;
  for_each_piece<T>(
      rows, x, table.arity,
      [&](std::int64_t at, std::int64_t count, const T* const* operand, const auto& offset) {
        if (offset[own] != target) {
          out[target] += static_cast<T>(total);
          total = 0;
          target = offset[own];
        }
        T contribution[block];
        T sum = 0;
        run(gate, count, g + at, operand, y + at, contribution, false);
        ops::kernels::strided_copy({count}, contribution, {1}, &sum, {0}, true);
        total += static_cast<double>(sum);
      });
  out[target] += static_cast<T>(total);
}

}  // namespace

void pointwise_forward(const GateTable& table, const void* gate, Precision precision, const View* x,
                       const Shape& shape, void* y, bool accumulate) {
  with_precision(precision, [&](auto type) {
    forward(table, gate, x, shape, static_cast<decltype(type)*>(y), accumulate);
  });
}

void pointwise_gradient(const GateTable& table, const void* gate, Precision precision, int k,
                        const void* g, const View* x, const Shape& shape, const void* y, void* out,
                        bool accumulate) {
  with_precision(precision, [&](auto type) {
    using T = decltype(type);
    gradient(table, gate, k, static_cast<const T*>(g), x, shape, static_cast<const T*>(y),
             static_cast<T*>(out), accumulate);
  });
}

}  // namespace tapegrad::detail
