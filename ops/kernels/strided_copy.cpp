#include <algorithm>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/loops.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>

namespace tapegrad::ops::kernels {

namespace {

template <class T>
void add_row(const T* in, T* out, std::int64_t n) {
  std::int64_t i = 0;
  for (; i + Lanes<T>::width <= n; i += Lanes<T>::width) {
    (Lanes<T>::load(out + i) + Lanes<T>::load(in + i)).store(out + i);
  }
  for (; i < n; ++i) out[i] += in[i];
}

/// See NOTE [Wide sums].
template <class T>
T sum_row(const T* in, std::int64_t n) {
  constexpr std::int64_t width = Lanes<T>::width;
  double total = 0;
  for (std::int64_t start = 0; start < n; start += most_in_a_row) {
    const std::int64_t stop = std::min(n, start + most_in_a_row);
    std::int64_t i = start;
    T sum = 0;
    if (stop - start >= 2 * width) {
      Lanes<T> even = T(0), odd = T(0);
      for (; i + 2 * width <= stop; i += 2 * width) {
        even = even + Lanes<T>::load(in + i);
        odd = odd + Lanes<T>::load(in + i + width);
      }
      sum = horizontal_sum(even + odd);
    }
    for (; i < stop; ++i) sum += in[i];
    total += static_cast<double>(sum);
  }
  return static_cast<T>(total);
}

template <class T>
void run_inner(const Loop& inner, const T* in, T* out, bool accumulate) {
  const std::int64_t n = inner.size;
  if (inner.in == 1 && inner.out == 1) {
    if (accumulate) {
      add_row(in, out, n);
    } else {
      std::copy(in, in + n, out);
    }
  } else if (inner.in == 1 && inner.out == 0 && accumulate) {
    *out += sum_row(in, n);
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

}  // namespace

template <class T>
void strided_copy(const Shape& shape, const T* in, const Strides& in_strides, T* out,
                  const Strides& out_strides, bool accumulate) {
  const std::int64_t size = shape.size();
  if (size == 0) return;
  const Loops loops = merged_loops(shape, in_strides, out_strides);
  const Loop& inner = loops.loop[static_cast<std::size_t>(loops.count - 1)];
  if (accumulate && inner.in == 1 && inner.out == 1) {
    if (const std::int64_t sums = target_size(loops); WideSum<T>::pays(size, sums)) {
      WideSum<T> sum(sums);
      for_each_inner(loops, in, sum.partial(), [&](const T* from, T* to) {
        add_row(from, to, inner.size);
        sum.added(to - sum.partial(), inner.size);
      });
      return sum.add_to(out);
    }
  }
  for_each_inner(loops, in, out,
                 [&](const T* from, T* to) { run_inner(inner, from, to, accumulate); });
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
