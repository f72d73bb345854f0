#include <tapegrad/autograd/detail/pointwise.hpp>

#include <algorithm>
#include <array>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
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

/// Some elements of the output, in row-major order.
struct Range {
  std::int64_t first, end;
};

/// Calls run(offset in the output, count, operand pointers, operand offsets) for the rows within
/// `range`, or for pieces of them where an operand stands still, which is repeated in a buffer.
template <class T, class Run>
void for_each_piece(const Rows& rows, const View* x, int operands, Range range, Run run) {
  T repeated[most_operands][block];
  const T* pointer[most_operands] = {};
  const Rows::Axis& row = rows.row();
  Offsets offset{}, first{};  // Of the piece and of its row.
  std::array<std::int64_t, max_rank> index{};
  std::int64_t start = 0;  // In the row.
  if (range.first > 0) {
    start = range.first % row.size;
    std::int64_t outside = range.first / row.size;
    for (int axis = 1; axis < rows.count; ++axis) {
      const Rows::Axis& outer = rows.axes[static_cast<std::size_t>(axis)];
      const std::int64_t at = outside % outer.size;
      outside /= outer.size;
      index[static_cast<std::size_t>(axis)] = at;
      for (std::size_t k = 0; k < first.size(); ++k) first[k] += at * outer.stride[k];
    }
  }
  const bool repeats = std::find(row.stride.begin(), row.stride.begin() + operands, 0) !=
                       row.stride.begin() + operands;
  const std::int64_t most = repeats ? block : row.size;
  std::int64_t position = range.first;
  while (position < range.end) {
    bool enters = true;
    while (start < row.size && position < range.end) {
      const std::int64_t count = std::min({most, row.size - start, range.end - position});
      for (int k = 0; k < operands; ++k) {
        const auto i = static_cast<std::size_t>(k);
        offset[i] = first[i] + start * row.stride[i];
        if (row.stride[i] != 0) {
          pointer[i] = static_cast<const T*>(x[k].data) + offset[i];
        } else if (enters) {
          std::fill_n(repeated[i], count, static_cast<const T*>(x[k].data)[offset[i]]);
          pointer[i] = repeated[i];
        }
      }
      run(position, count, pointer, offset);
      position += count;
      start += count;
      enters = false;
    }
    start = 0;
    for (int axis = 1; axis < rows.count; ++axis) {
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
  }
}

bool same_shapes(const View* x, int operands, const Shape& shape) {
  for (int k = 0; k < operands; ++k) {
    if (x[k].sizes != shape) return false;
  }
  return true;
}

/// The operands' numbers from element `first` on, where all have the output's shape.
template <class T>
std::array<const T*, most_operands> pointers(const View* x, int operands, std::int64_t first) {
  std::array<const T*, most_operands> result{};
  for (int k = 0; k < operands; ++k) {
    result[static_cast<std::size_t>(k)] = static_cast<const T*>(x[k].data) + first;
  }
  return result;
}

// NOTE [Where parts of a loop end]
// Numbers that fill registers and the rest of a row may be rounded differently, by multiplications
// that are fused with additions. So threads share a row out in units of several registers, counted
// from its beginning: every number has the same neighbours for any number of threads.

constexpr std::int64_t unit = 64;

/// Calls f(part, range) for parts of the output, whose rows are so long.
template <class F>
void for_each_range(std::int64_t size, std::int64_t row, int parts, F f) {
  if (parts == 1) return f(0, Range{0, size});
  const std::int64_t units = (row + unit - 1) / unit;
  const auto position = [=](std::int64_t i) {
    return i / units * row + std::min(i % units * unit, row);
  };
  ops::kernels::for_each_part(size / row * units, parts,
                              [&](int part, std::int64_t first, std::int64_t end) {
                                f(part, Range{position(first), position(end)});
                              });
}

/// The same on as many threads as that pays for.
template <class T, class F>
void for_each_range(std::int64_t size, std::int64_t row, F f) {
  for_each_range(size, row, ops::kernels::parts_for(size, ops::kernels::streaming_time<T>(size)),
                 [&f](int, Range range) { f(range); });
}

// NOTE [Gate by gate]
// Backward, neighbouring gates are run together: see NOTE [Tile by tile]. Forward, each is a loop
// of its own as soon as it is recorded. Values that wait for their computation until somebody asks
// would be read later from parameters and arrays that may have changed since; and of a step of
// sum(σ(a·x + b)·tanh(x)) for a million floats, whose forward pass takes 2.75 ms, they would take
// off 0.3 where all values are kept and 0.7 where those of additions and products are not.

template <class T>
void forward(const GateTable& table, const void* gate, const View* x, const Shape& shape, T* y,
             bool accumulate) {
  const ForwardBlock<T> run = table.loops<T>().forward;
  const std::int64_t size = shape.size();
  if (same_shapes(x, table.arity, shape)) {
    return for_each_range<T>(size, size, [&](Range range) {
      run(gate, range.end - range.first, pointers<T>(x, table.arity, range.first).data(),
          y + range.first, accumulate);
    });
  }
  if (size == 0) return;
  const Rows rows = split_into_rows(shape, x, table.arity);
  for_each_range<T>(size, rows.row().size, [&](Range range) {
    for_each_piece<T>(rows, x, table.arity, range,
                      [&](std::int64_t at, std::int64_t count, const T* const* operand,
                          const auto&) { run(gate, count, operand, y + at, accumulate); });
  });
}

/// The gradient in an operand that broadcasts.
template <class T>
struct BroadcastGradient {
  const GateTable& table;
  const void* gate;
  int k;  ///< The operand.
  const T* g;
  const View* x;
  const T* y;
  Rows rows;
  GradientBlock<T> run = table.loops<T>().gradient[k];
  std::size_t own = static_cast<std::size_t>(k);

  /// Whether elements of the operand stand still along rows.
  bool repeats() const { return rows.row().stride[own] == 0; }

  /// Writes or adds the contributions of a range, each to its element of `out`.
  void scatter(Range range, T* out, bool accumulate) const {
    for_each_piece<T>(
        rows, x, table.arity, range,
        [&](std::int64_t at, std::int64_t count, const T* const* operand, const auto& offset) {
          run(gate, count, g + at, operand, y + at, out + offset[own], accumulate);
        });
  }

  /// Adds the contributions of a range, many for each of the out_size elements of `out`.
  void sum_up(Range range, T* out, std::int64_t out_size) const {
    if (repeats()) return sum_rows(range, out);
    if (!ops::kernels::WideSum<T>::pays(range.end - range.first, out_size)) {
      return scatter(range, out, true);
    }
    ops::kernels::WideSum<T> sum(out_size);
    for_each_piece<T>(
        rows, x, table.arity, range,
        [&](std::int64_t at, std::int64_t count, const T* const* operand, const auto& offset) {
          run(gate, count, g + at, operand, y + at, sum.partial() + offset[own], true);
          sum.added(offset[own], count);
        });
    sum.add_to(out);
  }

  /// One element of `out` collects whole rows: pieces are added in double until the target changes.
  void sum_rows(Range range, T* out) const {
    double total = 0;
    std::int64_t target = 0;
    for_each_piece<T>(
        rows, x, table.arity, range,
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
};

struct PartSums;

template <class T>
void gradient(const GateTable& table, const void* gate, int k, const T* g, const View* x,
              const Shape& shape, const T* y, T* out, bool accumulate) {
  namespace kernels = ops::kernels;
  const std::int64_t size = shape.size();
  if (same_shapes(x, table.arity, shape)) {
    const GradientBlock<T> run = table.loops<T>().gradient[k];
    return for_each_range<T>(size, size, [&](Range range) {
      run(gate, range.end - range.first, g + range.first,
          pointers<T>(x, table.arity, range.first).data(), y + range.first, out + range.first,
          accumulate);
    });
  }
  const BroadcastGradient<T> rule{table, gate, k, g, x, y, split_into_rows(shape, x, table.arity)};
  const std::int64_t row = rule.rows.row().size;
  const std::int64_t out_size = x[k].sizes.size();
  const bool summed = out_size != size;
  if (summed && !accumulate) kernels::fill_zero(out, out_size);
  if (size == 0) return;
  if (!summed) {
    return for_each_range<T>(size, row, [&](Range range) { rule.scatter(range, out, accumulate); });
  }
  // Parts have sums of their own, which must be few beside what they sum up. Not for gates of
  // users, whose rules may run a tape of their own, whose parts would take the same memory.
  constexpr std::int64_t few = 16;
  const int wanted = kernels::parts_for(size, kernels::streaming_time<T>(size));
  const int parts = out_size * few * wanted < size && table.op != Op::custom ? wanted : 1;
  if (parts == 1) return rule.sum_up({0, size}, out, out_size);
  T* const sums = kernels::scratch<T, PartSums>(parts * out_size);
  kernels::fill_zero(sums, parts * out_size);
  for_each_range(size, row, parts, [&](int part, Range range) {
    rule.sum_up(range, sums + part * out_size, out_size);
  });
  for (int part = 0; part < parts; ++part) {
    for (std::int64_t i = 0; i < out_size; ++i) out[i] += sums[part * out_size + i];
  }
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
