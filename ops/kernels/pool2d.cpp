#include <algorithm>
#include <cmath>

#include <tapegrad/ops/kernels/positions.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/pooling.hpp>

// Loops run along a row of the output, an entry of the windows at a time: the compiler makes SIMD
// of them, and each row of the image is read once per row of a window.

namespace tapegrad::ops::kernels {

namespace {

/// For each row of each plane's output: calls begin(plane, row), and then for each entry of the
/// windows that lies within the image f(plane, row, its row in the image, its column for position
/// 0, the positions along the row).
template <class Begin, class F>
void for_each_row(const PoolingSizes& s, Begin begin, F f) {
  for (std::int64_t plane = 0; plane < s.planes; ++plane) {
    for (std::int64_t i = 0; i < s.output.height; ++i) {
      begin(plane, i);
      for (std::int64_t a = 0; a < s.window.height; ++a) {
        const std::int64_t row = i * s.stride.height + a - s.padding.height;
        if (row < 0 || row >= s.image.height) continue;
        for (std::int64_t b = 0; b < s.window.width; ++b) {
          const std::int64_t column = b - s.padding.width;
          f(plane, i, row, column,
            positions_within(column, s.stride.width, s.image.width, s.output.width));
        }
      }
    }
  }
}

struct Best;

}  // namespace

template <class T>
void max_pool2d_index(const PoolingSizes& s, const T* x, T* y, bool accumulate) {
  const std::int64_t width = s.output.width;
  // Of the row in progress: each window's largest element and its position, or −1 before any.
  T* const best = scratch<T, Best>(2 * width);
  T* const index = best + width;
  const auto finish = [&](std::int64_t rows) {
    if (rows == 0) return;
    T* const out = y + (rows - 1) * width;
    for (std::int64_t j = 0; j < width; ++j) out[j] = accumulate ? out[j] + index[j] : index[j];
  };
  for_each_row(
      s,
      [&](std::int64_t plane, std::int64_t i) {
        finish(plane * s.output.height + i);
        std::fill_n(index, width, T(-1));
      },
      [&](std::int64_t plane, std::int64_t, std::int64_t row, std::int64_t column,
          Positions range) {
        const T* const in = x + (plane * s.image.height + row) * s.image.width + column;
        const std::int64_t position = row * s.image.width + column;
        for (std::int64_t j = range.first; j < range.end; ++j) {
          const std::int64_t step = j * s.stride.width;
          const T number = in[step];
          const bool is_nan = std::isnan(number);
          const bool best_is_nan = std::isnan(best[j]);
          const bool wins = index[j] < 0 || number > best[j] || (is_nan && !best_is_nan);
          best[j] = wins ? number : best[j];
          index[j] = wins ? static_cast<T>(position + step) : index[j];
        }
      });
  finish(s.planes * s.output.height);
}

template <class T>
void take_in_planes(std::int64_t planes, std::int64_t from, std::int64_t to, const T* x,
                    const T* index, T* y, bool accumulate) {
  for (std::int64_t plane = 0; plane < planes; ++plane, x += from, index += to, y += to) {
    for (std::int64_t i = 0; i < to; ++i) {
      const T taken = x[static_cast<std::int64_t>(index[i])];
      y[i] = accumulate ? y[i] + taken : taken;
    }
  }
}

template <class T>
void add_in_planes(std::int64_t planes, std::int64_t from, std::int64_t to, const T* x,
                   const T* index, T* y) {
  for (std::int64_t plane = 0; plane < planes; ++plane, x += from, index += from, y += to) {
    for (std::int64_t i = 0; i < from; ++i) y[static_cast<std::int64_t>(index[i])] += x[i];
  }
}

template <class T>
void avg_pool2d(const PoolingSizes& s, const T* x, T* y, bool accumulate) {
  const T share = T(1) / static_cast<T>(s.window.height * s.window.width);
  if (!accumulate) fill_zero(y, s.planes * s.output.height * s.output.width);
  for_each_row(
      s, [](std::int64_t, std::int64_t) {},
      [&](std::int64_t plane, std::int64_t i, std::int64_t row, std::int64_t column,
          Positions range) {
        const T* const in = x + (plane * s.image.height + row) * s.image.width + column;
        T* const out = y + (plane * s.output.height + i) * s.output.width;
        for (std::int64_t j = range.first; j < range.end; ++j) {
          out[j] += share * in[j * s.stride.width];
        }
      });
}

template <class T>
void avg_pool2d_grad(const PoolingSizes& s, const T* g, T* x) {
  const T share = T(1) / static_cast<T>(s.window.height * s.window.width);
  for_each_row(
      s, [](std::int64_t, std::int64_t) {},
      [&](std::int64_t plane, std::int64_t i, std::int64_t row, std::int64_t column,
          Positions range) {
        T* const out = x + (plane * s.image.height + row) * s.image.width + column;
        const T* const in = g + (plane * s.output.height + i) * s.output.width;
        for (std::int64_t j = range.first; j < range.end; ++j) {
          out[j * s.stride.width] += share * in[j];
        }
      });
}

#define TAPEGRAD_POOLS(T)                                                                        \
  template void max_pool2d_index(const PoolingSizes&, const T*, T*, bool);                       \
  template void take_in_planes(std::int64_t, std::int64_t, std::int64_t, const T*, const T*, T*, \
                               bool);                                                            \
  template void add_in_planes(std::int64_t, std::int64_t, std::int64_t, const T*, const T*, T*); \
  template void avg_pool2d(const PoolingSizes&, const T*, T*, bool);                             \
  template void avg_pool2d_grad(const PoolingSizes&, const T*, T*);
TAPEGRAD_POOLS(float)
TAPEGRAD_POOLS(double)
#undef TAPEGRAD_POOLS

}  // namespace tapegrad::ops::kernels
