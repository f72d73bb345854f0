#include <algorithm>
#include <cmath>
#include <limits>

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

/// Calls f(first column, number of columns, e^(x − shift) of these) over a row, register by
/// register, and returns the sum of all the exponentials. See NOTE [Wide sums].
template <class T, class F>
T for_each_exponential(const T* x, std::int64_t k, T shift, F f) {
  constexpr std::int64_t width = Lanes<T>::width;
  double total = 0;
  for (std::int64_t start = 0; start < k; start += most_in_a_row) {
    const std::int64_t stop = std::min(k, start + most_in_a_row);
    Lanes<T> sum = T(0);
    for (std::int64_t j = start; j < stop; j += width) {
      const std::int64_t count = std::min(width, stop - j);
      // e^−∞ adds nothing.
      constexpr T nothing = -std::numeric_limits<T>::infinity();
      const Lanes<T> part =
          count == width ? Lanes<T>::load(x + j) : Lanes<T>::load_part(x + j, count, nothing);
      const Lanes<T> e = exp(part - shift);
      sum = sum + e;
      f(j, count, e);
    }
    total += static_cast<double>(horizontal_sum(sum));
  }
  return static_cast<T>(total);
}

/// y = or += factor · eˣ / Σ eˣ for a row.
template <class T>
void scaled_softmax(const T* x, std::int64_t k, T factor, T* y, bool accumulate) {
  constexpr std::int64_t width = Lanes<T>::width;
  const T shift = row_max(x, k);
  if (!accumulate) {
    const T sum = for_each_exponential(x, k, shift, [&](auto j, auto n, Lanes<T> e) {
      n == width ? e.store(y + j) : e.store_part(y + j, n);
    });
    const T scale = factor / sum;
    for (std::int64_t j = 0; j < k; ++j) y[j] *= scale;
    return;
  }
  // Computing the exponentials twice needs no memory to keep them in.
  const T scale = factor / for_each_exponential(x, k, shift, [](auto, auto, auto) {});
  for_each_exponential(x, k, shift, [&](auto j, auto n, Lanes<T> e) {
    T part[width];
    (e * scale).store(part);
    for (std::int64_t i = 0; i < n; ++i) y[j + i] += part[i];
  });
}

}  // namespace

template <class T>
TAPEGRAD_FLATTEN void softmax(std::int64_t rows, std::int64_t k, const T* x, T* y,
                              bool accumulate) {
  for (std::int64_t row = 0; row < rows; ++row, x += k, y += k) {
    scaled_softmax(x, k, T(1), y, accumulate);
  }
}

template <class T>
TAPEGRAD_FLATTEN void softmax_cross_entropy(std::int64_t rows, std::int64_t k, const T* x,
                                            const T* labels, T* y, bool accumulate) {
  for (std::int64_t row = 0; row < rows; ++row, x += k) {
    const T shift = row_max(x, k);
    const double score = static_cast<double>(x[static_cast<std::int64_t>(labels[row])]);
    double loss = static_cast<double>(shift) - score;
    if (std::isfinite(shift)) loss += shifted_sum(x, k, shift).log();
    y[row] = (accumulate ? y[row] : T(0)) + static_cast<T>(loss);
  }
}

template <class T>
TAPEGRAD_FLATTEN void softmax_cross_entropy_grad(std::int64_t rows, std::int64_t k, const T* x,
                                                 const T* labels, const T* g, T* y,
                                                 bool accumulate) {
  struct RowTag {};
  T* const other = accumulate ? scratch<T, RowTag>(k) : nullptr;
  for (std::int64_t row = 0; row < rows; ++row, x += k, y += k) {
    T* const own = accumulate ? other : y;
    scaled_softmax(x, k, g[row], own, false);
    // Not softmax − 1, of which nothing is left once the classifier is sure.
    T& chosen = own[static_cast<std::int64_t>(labels[row])];
    chosen = 0;
    chosen = static_cast<T>(-sum_row(own, k));
    for (std::int64_t j = 0; accumulate && j < k; ++j) y[j] += own[j];
  }
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
