#include <algorithm>
#include <cmath>

#include <tapegrad/ops/flatten.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/exponentials.hpp>
#include <tapegrad/ops/kernels/extreme.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/kernels/sum_row.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>

namespace tapegrad::ops::kernels {

namespace {

/// The largest of x[0..k); NaN if there is one.
template <class T>
T row_max(const T* x, std::int64_t k) {
  return Extreme<T, 1>::of_row(x, k, Extreme<T, 1>::start);
}

/// The first `count` numbers of x less the shift. The rest of a register gets a number whose
/// exponential adds nothing to a sum of at least 1, and is an ordinary one: see NOTE [Our own exp].
template <class L, class T>
L shifted(const T* x, std::int64_t count, T shift) {
  if (count == L::width) return L::load(x) - shift;
  T rest[L::width];
  std::fill_n(rest, L::width, T(-80));
  for (std::int64_t i = 0; i < count; ++i) rest[i] = x[i] - shift;
  return L::load(rest);
}

/// y = factor · eˣ / Σ eˣ for a row. See NOTE [Wide sums].
template <class T>
void scaled_softmax(const T* x, std::int64_t k, T factor, T* y) {
  using L = Lanes<T>;
  const T shift = row_max(x, k);
  double total = 0;
  for (std::int64_t start = 0; start < k; start += most_in_a_row) {
    const std::int64_t stop = std::min(k, start + most_in_a_row);
    L sum = T(0);
    for (std::int64_t j = start; j < stop; j += L::width) {
      const std::int64_t count = std::min(L::width, stop - j);
      const L e = exp(shifted<L>(x + j, count, shift));
      count == L::width ? e.store(y + j) : e.store_part(y + j, count);
      sum = sum + e;
    }
    total += static_cast<double>(horizontal_sum(sum));
  }
  const T scale = factor / static_cast<T>(total);
  for (std::int64_t j = 0; j < k; ++j) y[j] *= scale;
}

/// y = or += rows of k numbers each, which write(number of the row, out) writes one by one.
template <class T, class Write>
void put_rows(std::int64_t rows, std::int64_t k, T* y, bool accumulate, Write write) {
  struct RowTag {};
  T* const added = accumulate ? scratch<T, RowTag>(k) : nullptr;
  for (std::int64_t row = 0; row < rows; ++row, y += k) {
    write(row, accumulate ? added : y);
    for (std::int64_t j = 0; accumulate && j < k; ++j) y[j] += added[j];
  }
}

}  // namespace

template <class T>
TAPEGRAD_FLATTEN void softmax(std::int64_t rows, std::int64_t k, const T* x, T* y,
                              bool accumulate) {
  put_rows(rows, k, y, accumulate,
           [&](std::int64_t row, T* out) { scaled_softmax(x + row * k, k, T(1), out); });
}

template <class T>
TAPEGRAD_FLATTEN void softmax_cross_entropy(std::int64_t rows, std::int64_t k, const T* x,
                                            const T* labels, T* y, bool accumulate) {
  // The logarithms of several rows at a time: one by one they would take as long as all the rest.
  using Wide = Lanes<double, 2>;
  for (std::int64_t first = 0; first < rows; first += Wide::width) {
    const std::int64_t count = std::min(Wide::width, rows - first);
    double beyond_one[Wide::width] = {}, logarithm[Wide::width];
    T largest[Wide::width];
    for (std::int64_t i = 0; i < count; ++i) {
      const T* const row = x + (first + i) * k;
      largest[i] = row_max(row, k);
      if (std::isfinite(largest[i])) beyond_one[i] = shifted_sum(row, k, largest[i]).beyond_one();
    }
    log1p(Wide::load(beyond_one)).store(logarithm);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = first + i;
      const T score = x[row * k + static_cast<std::int64_t>(labels[row])];
      const double loss =
          (static_cast<double>(largest[i]) - static_cast<double>(score)) + logarithm[i];
      y[row] = (accumulate ? y[row] : T(0)) + static_cast<T>(loss);
    }
  }
}

template <class T>
TAPEGRAD_FLATTEN void softmax_cross_entropy_grad(std::int64_t rows, std::int64_t k, const T* x,
                                                 const T* labels, const T* g, T* y,
                                                 bool accumulate) {
  put_rows(rows, k, y, accumulate, [&](std::int64_t row, T* out) {
    scaled_softmax(x + row * k, k, g[row], out);
    // Not softmax − 1, of which nothing is left once the classifier is sure.
    T& chosen = out[static_cast<std::int64_t>(labels[row])];
    chosen = 0;
    chosen = static_cast<T>(-sum_row(out, k));
  });
}

#define TAPEGRAD_INSTANTIATE(T)                                                                  \
  template void softmax(std::int64_t, std::int64_t, const T*, T*, bool);                         \
  template void softmax_cross_entropy(std::int64_t, std::int64_t, const T*, const T*, T*, bool); \
  template void softmax_cross_entropy_grad(std::int64_t, std::int64_t, const T*, const T*,       \
                                           const T*, T*, bool);
TAPEGRAD_INSTANTIATE(float)
TAPEGRAD_INSTANTIATE(double)
#undef TAPEGRAD_INSTANTIATE

}  // namespace tapegrad::ops::kernels
