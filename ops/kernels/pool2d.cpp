#include <algorithm>
#include <limits>

#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/positions.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/pooling.hpp>

// Loops run along a row of the output, an entry of the windows at a time: the compiler makes SIMD
// of them, and each row of the image is read once per row of a window.

namespace tapegrad::ops::kernels {

namespace {

/// Planes, of the channels of samples.
struct Planes {
  std::int64_t first, end;
};

/// Calls f(planes) for all of them, on several threads where that pays, for loops that stream
/// through `size` numbers of each.
template <class T, class F>
void for_all_planes(std::int64_t count, std::int64_t size, F f) {
  share_out(count, streaming_time<T>(count * size), [&f](std::int64_t first, std::int64_t end) {
    f(Planes{first, end});
  });
}

/// Planes of `size` numbers become zero.
template <class T>
void clear(Planes planes, std::int64_t size, T* y) {
  std::fill(y + planes.first * size, y + planes.end * size, T(0));
}

/// For each row of each plane's output: calls begin(plane, row), then for each entry of the windows
/// that lies within the image f(plane, row, its row in the image, its column for position 0, the
/// positions along the row), then end(plane, row).
template <class Begin, class F, class End>
void for_each_row(const PoolingSizes& s, Planes planes, Begin begin, F f, End end) {
  for (std::int64_t plane = planes.first; plane < planes.end; ++plane) {
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
      end(plane, i);
    }
  }
}

/// Where a row of the output needs no preparation or end.
void nothing(std::int64_t, std::int64_t) {}

/// Of a window: its largest number so far, or the first NaN, and the offset of that number from the
/// window's first entry, row · W + column. An offset is a number of T, so that a register which
/// compares numbers can select it too; conditions joined by && or & would end that.
template <class T>
struct Winner {
  T number, offset;

  void meet(T other, T other_offset) {
    const Winner larger{other <= number ? number : other, other <= number ? offset : other_offset};
    // True unless NaN; std::isnan would end it too.
    const bool is_number = number <= std::numeric_limits<T>::infinity();
    offset = is_number ? larger.offset : offset;
    number = is_number ? larger.number : number;
  }
};

/// A row of windows whose size and stride the compiler knows, all within the image: their winners
/// stay in registers.
template <int size, int stride, class T>
void winners_of_row(const T* __restrict in, std::int64_t image_width, std::int64_t count, T first,
                    T* __restrict out, bool accumulate) {
  for (std::int64_t j = 0; j < count; ++j) {
    const T* const window = in + j * stride;
    Winner<T> winner{*window, T(0)};
    for (int a = 0; a < size; ++a) {
      for (int b = 0; b < size; ++b) {
        const std::int64_t offset = a * image_width + b;
        winner.meet(window[offset], static_cast<T>(static_cast<int>(offset)));
      }
    }
    const T index = first + static_cast<T>(static_cast<int>(j) * stride) + winner.offset;
    out[j] = accumulate ? out[j] + index : index;
  }
}

template <int size, int stride, class T>
void winners_of_rows(const PoolingSizes& s, Planes planes, const T* x, T* y, bool accumulate) {
  for (std::int64_t plane = planes.first; plane < planes.end; ++plane) {
    for (std::int64_t i = 0; i < s.output.height; ++i) {
      const std::int64_t first = i * stride * s.image.width;
      const T* const in = x + plane * area(s.image) + first;
      T* const out = y + plane * area(s.output) + i * s.output.width;
      winners_of_row<size, stride>(in, s.image.width, s.output.width, static_cast<T>(first), out,
                                   accumulate);
    }
  }
}

struct Contest;

/// Windows that may lie partly beyond the image: a row of winners, the first to meet is one.
template <class T>
void winners_by_entry(const PoolingSizes& s, Planes planes, const T* x, T* y, bool accumulate) {
  constexpr T none = std::numeric_limits<T>::lowest();
  Winner<T>* const winners = scratch<Winner<T>, Contest>(s.output.width);
  for_each_row(
      s, planes,
      [&](std::int64_t, std::int64_t) {
        std::fill_n(winners, s.output.width, Winner<T>{T(0), none});
      },
      [&](std::int64_t plane, std::int64_t i, std::int64_t row, std::int64_t column,
          Positions range) {
        const T* const in = x + (plane * s.image.height + row) * s.image.width + column;
        const auto offset = static_cast<T>((row - i * s.stride.height) * s.image.width + column);
        for (std::int64_t j = range.first; j < range.end; ++j) {
          const T number = in[j * s.stride.width];
          if (winners[j].offset == none) {
            winners[j] = {number, offset};
          } else {
            winners[j].meet(number, offset);
          }
        }
      },
      [&](std::int64_t plane, std::int64_t i) {
        T* const out = y + (plane * s.output.height + i) * s.output.width;
        const std::int64_t first = i * s.stride.height * s.image.width;
        for (std::int64_t j = 0; j < s.output.width; ++j) {
          const T index = static_cast<T>(first + j * s.stride.width) + winners[j].offset;
          out[j] = accumulate ? out[j] + index : index;
        }
      });
}

}  // namespace

template <class T>
void max_pool2d_index(const PoolingSizes& s, const T* x, T* y, bool accumulate) {
  const bool within = s.padding == HeightWidth(0) && s.stride == HeightWidth(2);
  for_all_planes<T>(s.planes, area(s.image), [&](Planes planes) {
    if (within && s.window == HeightWidth(2)) {
      winners_of_rows<2, 2>(s, planes, x, y, accumulate);
    } else if (within && s.window == HeightWidth(3)) {
      winners_of_rows<3, 2>(s, planes, x, y, accumulate);
    } else {
      winners_by_entry(s, planes, x, y, accumulate);
    }
  });
}

template <class T>
void take_in_planes(std::int64_t planes, std::int64_t from, std::int64_t to, const T* x,
                    const T* index, T* y, bool accumulate) {
  for_all_planes<T>(planes, from + 2 * to, [=](Planes part) {
    for (std::int64_t plane = part.first; plane < part.end; ++plane) {
      const T* const in = x + plane * from;
      for (std::int64_t i = plane * to; i < (plane + 1) * to; ++i) {
        const T taken = in[static_cast<std::int64_t>(index[i])];
        y[i] = accumulate ? y[i] + taken : taken;
      }
    }
  });
}

template <class T>
void add_in_planes(std::int64_t planes, std::int64_t from, std::int64_t to, const T* x,
                   const T* index, T* y, bool accumulate) {
  for_all_planes<T>(planes, 2 * from + to, [=](Planes part) {
    for (std::int64_t plane = part.first; plane < part.end; ++plane) {
      T* const out = y + plane * to;
      if (!accumulate) std::fill_n(out, to, T(0));
      for (std::int64_t i = plane * from; i < (plane + 1) * from; ++i) {
        out[static_cast<std::int64_t>(index[i])] += x[i];
      }
    }
  });
}

template <class T>
void avg_pool2d(const PoolingSizes& s, const T* x, T* y, bool accumulate) {
  const T share = T(1) / static_cast<T>(area(s.window));
  for_all_planes<T>(s.planes, area(s.image), [&](Planes planes) {
    if (!accumulate) clear(planes, area(s.output), y);
    for_each_row(
        s, planes, nothing,
        [&](std::int64_t plane, std::int64_t i, std::int64_t row, std::int64_t column,
            Positions range) {
          const T* const in = x + (plane * s.image.height + row) * s.image.width + column;
          T* const out = y + (plane * s.output.height + i) * s.output.width;
          for (std::int64_t j = range.first; j < range.end; ++j) {
            out[j] += share * in[j * s.stride.width];
          }
        },
        nothing);
  });
}

template <class T>
void avg_pool2d_grad(const PoolingSizes& s, const T* g, T* x, bool accumulate) {
  const T share = T(1) / static_cast<T>(area(s.window));
  for_all_planes<T>(s.planes, area(s.image), [&](Planes planes) {
    if (!accumulate) clear(planes, area(s.image), x);
    for_each_row(
        s, planes, nothing,
        [&](std::int64_t plane, std::int64_t i, std::int64_t row, std::int64_t column,
            Positions range) {
          T* const out = x + (plane * s.image.height + row) * s.image.width + column;
          const T* const in = g + (plane * s.output.height + i) * s.output.width;
          for (std::int64_t j = range.first; j < range.end; ++j) {
            out[j * s.stride.width] += share * in[j];
          }
        },
        nothing);
  });
}

#define TAPEGRAD_POOLS(T)                                                                        \
  template void max_pool2d_index(const PoolingSizes&, const T*, T*, bool);                       \
  template void take_in_planes(std::int64_t, std::int64_t, std::int64_t, const T*, const T*, T*, \
                               bool);                                                            \
  template void add_in_planes(std::int64_t, std::int64_t, std::int64_t, const T*, const T*, T*,  \
                              bool);                                                             \
  template void avg_pool2d(const PoolingSizes&, const T*, T*, bool);                             \
  template void avg_pool2d_grad(const PoolingSizes&, const T*, T*, bool);
TAPEGRAD_POOLS(float)
TAPEGRAD_POOLS(double)
#undef TAPEGRAD_POOLS

}  // namespace tapegrad::ops::kernels
