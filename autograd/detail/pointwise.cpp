#include <tapegrad/autograd/detail/pointwise.hpp>

#include <algorithm>
#include <array>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>

namespace tapegrad::detail {

namespace {

/// Most elements of a piece in which an operand stands still: they stay in the first-level cache.
constexpr std::int64_t block = 512;
constexpr int most_operands = 3;

using Offsets = std::array<std::int64_t, most_operands>;

/// How elements follow one another in the output and in each operand: along axes, of which
/// neighbours are one wherever every operand allows it. Along the innermost, the row, an operand
/// either runs (stride 1) or stands still (stride 0).
struct Rows {
  struct Axis {
    std::int64_t size;
    Offsets stride;
  };
  std::array<Axis, max_rank> axes;  ///< The row comes first.
  int count = 0;

  const Axis& row() const { return axes.front(); }
};

Rows split_into_rows(const Shape& shape, const View* x, int operands) {
  Rows rows;
  Offsets seen{1, 1, 1};  // Elements of each operand along the axes further in.
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    if (shape[axis] == 1) continue;
    Rows::Axis next{shape[axis], {}};
    bool merge = rows.count > 0;
    Rows::Axis& last = rows.axes[static_cast<std::size_t>(merge ? rows.count - 1 : 0)];
    for (int k = 0; k < operands; ++k) {
      const auto i = static_cast<std::size_t>(k);
      const Shape& sizes = x[k].sizes;
      const int own_axis = axis - (shape.rank() - sizes.rank());
      const std::int64_t own = own_axis < 0 ? 1 : sizes[own_axis];
      next.stride[i] = own == 1 ? 0 : seen[i];
      seen[i] *= own;
      merge = merge && next.stride[i] == last.stride[i] * last.size;
    }
    if (merge) {
      last.size *= next.size;
    } else {
      rows.axes[static_cast<std::size_t>(rows.count++)] = next;
    }
  }
  if (rows.count == 0) rows.axes[static_cast<std::size_t>(rows.count++)] = {1, {}};
  return rows;
}

/// Calls run(offset in the output, count, operand pointers, operand offsets) for rows, or for
/// pieces of them where an operand stands still, which is repeated in a buffer.
template <class T, class Run>
void for_each_piece(const Rows& rows, const View* x, int operands, Run run) {
  T repeated[most_operands][block];
  const T* pointer[most_operands] = {};
  const Rows::Axis& row = rows.row();
  Offsets offset{}, first{};  // Of the piece and of its row.
  std::array<std::int64_t, max_rank> index{};
  std::int64_t position = 0;
  const bool repeats = std::find(row.stride.begin(), row.stride.begin() + operands, 0) !=
                       row.stride.begin() + operands;
  const std::int64_t most = repeats ? block : row.size;
  while (true) {
    for (std::int64_t start = 0; start < row.size; start += most) {
      const std::int64_t count = std::min(most, row.size - start);
      for (int k = 0; k < operands; ++k) {
        const auto i = static_cast<std::size_t>(k);
        offset[i] = first[i] + start * row.stride[i];
        if (row.stride[i] != 0) {
          pointer[i] = static_cast<const T*>(x[k].data) + offset[i];
        } else if (start == 0) {
          std::fill_n(repeated[i], count, static_cast<const T*>(x[k].data)[offset[i]]);
          pointer[i] = repeated[i];
        }
      }
      run(position, count, pointer, offset);
      position += count;
    }
    int axis = 1;
    for (; axis < rows.count; ++axis) {
      const Rows::Axis& outer = rows.axes[static_cast<std::size_t>(axis)];
      std::int64_t& at = index[static_cast<std::size_t>(axis)];
      for (int k = 0; k < operands; ++k) {
        first[static_cast<std::size_t>(k)] += outer.stride[static_cast<std::size_t>(k)];
      }
      if (++at < outer.size) break;
      for (int k = 0; k < operands; ++k) {
        first[static_cast<std::size_t>(k)] -= at * outer.stride[static_cast<std::size_t>(k)];
      }
      at = 0;
    }
    if (axis == rows.count) return;
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
  const bool summed = out_size != shape.size() || rows.row().stride[own] == 0;
  if (summed && !accumulate) ops::kernels::fill_zero(out, out_size);
  if (shape.size() == 0) return;
  if (rows.row().stride[own] != 0 && ops::kernels::WideSum<T>::pays(shape.size(), out_size)) {
    ops::kernels::WideSum<T> sum(out_size);
    for_each_piece<T>(
        rows, x, table.arity,
        [&](std::int64_t at, std::int64_t count, const T* const* operand, const auto& offset) {
          run(gate, count, g + at, operand, y + at, sum.partial() + offset[own], true);
          sum.added(offset[own], count);
        });
    return sum.add_to(out);
  }
  if (rows.row().stride[own] != 0) {
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
