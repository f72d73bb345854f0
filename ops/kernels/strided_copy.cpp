#include <algorithm>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/loops.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/kernels/sum_row.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>

namespace tapegrad::ops::kernels {

namespace {

/// Adds rows that lie `pitch` apart to `out`.
template <int rows, class T>
void add_rows(const T* in, std::int64_t pitch, T* out, std::int64_t n) {
  std::int64_t i = 0;
  for (; i + Lanes<T>::width <= n; i += Lanes<T>::width) {
    Lanes<T> sum = Lanes<T>::load(out + i);
    for (int row = 0; row < rows; ++row) sum = sum + Lanes<T>::load(in + row * pitch + i);
    sum.store(out + i);
  }
  for (; i < n; ++i) {
    for (int row = 0; row < rows; ++row) out[i] += in[row * pitch + i];
  }
}

template <class T>
void run_inner(const Loop& inner, const T* in, T* out, bool accumulate) {
  const std::int64_t n = inner.size;
  if (inner.in == 1 && inner.out == 1) {
    if (accumulate) {
      add_rows<1>(in, 0, out, n);
    } else {
      std::copy(in, in + n, out);
    }
  } else if (inner.in == 1 && inner.out == 0 && accumulate) {
    *out += static_cast<T>(sum_row(in, n));
  } else if (accumulate) {
    for (std::int64_t i = 0; i < n; ++i) out[i * inner.out] += in[i * inner.in];
  } else {
    for (std::int64_t i = 0; i < n; ++i) out[i * inner.out] = in[i * inner.in];
  }
}

/// The number of elements that the loops reach in the target.
std::int64_t target_size(const Loops& loops) {
  std::int64_t last = 0;
  for (int i = 0; i < loops.count; ++i) {
    const Loop& loop = loops.loop[static_cast<std::size_t>(i)];
    last += (loop.size - 1) * loop.out;
  }
  return last + 1;
}

/// Whether rows are summed up and several rows meet in one sum.
bool sums_rows_again(const Loops& loops) {
  const int inner = loops.count - 1;
  const Loop& row = loops.loop[static_cast<std::size_t>(inner)];
  if (row.in != 1 || row.out != 0) return false;
  return std::any_of(loops.loop.begin(), loops.loop.begin() + inner,
                     [](const Loop& loop) { return loop.out == 0; });
}

/// Whether the innermost loops walk along rows of the one and down columns of the other.
bool is_transposition(const Loops& loops) {
  const auto inner = static_cast<std::size_t>(loops.count - 1);
  return inner > 0 && loops.loop[inner].out == 1 && loops.loop[inner].in > 1 &&
         loops.loop[inner - 1].in == 1;
}

/// Square tiles whose rows and columns both stay in the cache: down a column alone, each number
/// would fetch a line of which the rest is gone when its turn comes.
template <class T>
void transpose(const Loops& loops, const T* in, T* out, bool accumulate) {
  constexpr std::int64_t tile = 16;
  const auto inner = static_cast<std::size_t>(loops.count - 1);
  const Loop rows = loops.loop[inner - 1];
  const Loop columns = loops.loop[inner];
  Loops outer = loops;
  outer.loop[inner - 1] = {1, 0, 0};
  outer.count = loops.count - 1;
  for_each_inner(outer, in, out, [&](const T* from, T* to) {
    for (std::int64_t i = 0; i < rows.size; i += tile) {
      for (std::int64_t j = 0; j < columns.size; j += tile) {
        const std::int64_t last_i = std::min(i + tile, rows.size);
        const std::int64_t last_j = std::min(j + tile, columns.size);
        for (std::int64_t row = i; row < last_i; ++row) {
          T* const target = to + row * rows.out;
          for (std::int64_t column = j; column < last_j; ++column) {
            const T number = from[row + column * columns.in];
            accumulate ? target[column] += number : target[column] = number;
          }
        }
      }
    }
  });
}

/// The number of steps of all loops together.
std::int64_t step_count(const Loops& loops) {
  std::int64_t count = 1;
  for (int i = 0; i < loops.count; ++i) count *= loops.loop[static_cast<std::size_t>(i)].size;
  return count;
}

/// The loops on one thread.
template <class T>
void copy_or_sum(const Loops& loops, const T* in, T* out, bool accumulate) {
  const Loop& inner = loops.loop[static_cast<std::size_t>(loops.count - 1)];
  if (is_transposition(loops)) return transpose(loops, in, out, accumulate);
  if (accumulate && inner.in == 1 && inner.out == 1) {
    if (const std::int64_t sums = target_size(loops); WideSum<T>::pays(step_count(loops), sums)) {
      WideSum<T> sum(sums);
      for_each_rows<4>(loops, in, sum.partial(),
                       [&](const T* from, T* to, std::int64_t pitch, auto rows) {
                         add_rows<decltype(rows)::value>(from, pitch, to, inner.size);
                         sum.added(to - sum.partial(), inner.size, rows);
                       });
      return sum.add_to(out);
    }
  }
  if (accumulate && sums_rows_again(loops)) {
    struct SumsTag {};
    const std::int64_t count = target_size(loops);
    double* const sums = scratch<double, SumsTag>(count);
    std::fill_n(sums, count, 0.0);
    for_each_inner(loops, in, sums,
                   [&](const T* from, double* sum) { *sum += sum_row(from, inner.size); });
    for (std::int64_t i = 0; i < count; ++i) out[i] += static_cast<T>(sums[i]);
    return;
  }
  for_each_inner(loops, in, out,
                 [&](const T* from, T* to) { run_inner(inner, from, to, accumulate); });
}

}  // namespace

template <class T>
void strided_copy(const Shape& shape, const T* in, const Strides& in_strides, T* out,
                  const Strides& out_strides, bool accumulate) {
  if (shape.size() == 0) return;
  const Loops loops = merged_loops(shape, in_strides, out_strides);
  // The steps of the outermost loop that have targets of their own are shared out, so that a sum is
  // one thread's from beginning to end. Where a wide sum is made of it, its numbers may be widened
  // at other places for another number of threads.
  std::size_t level = 0;
  while (level < static_cast<std::size_t>(loops.count) && loops.loop[level].out == 0) ++level;
  if (level == static_cast<std::size_t>(loops.count))
    return copy_or_sum(loops, in, out, accumulate);
  const Loop& shared = loops.loop[level];
  share_out(shared.size, streaming_time<T>(shape.size()),
            [&](std::int64_t first, std::int64_t end) {
              Loops part = loops;
              part.loop[level].size = end - first;
              copy_or_sum(part, in + first * shared.in, out + first * shared.out, accumulate);
            });
}

template <class T>
void fill_zero(T* out, std::int64_t n) {
  std::fill(out, out + n, T(0));
}

template void strided_copy(const Shape&, const float*, const Strides&, float*, const Strides&,
                           bool);
template void strided_copy(const Shape&, const double*, const Strides&, double*, const Strides&,
                           bool);
template void fill_zero(float*, std::int64_t);
template void fill_zero(double*, std::int64_t);

}  // namespace tapegrad::ops::kernels
