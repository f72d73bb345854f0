#pragma once

#include <algorithm>

#include <tapegrad/ops/convolution.hpp>
#include <tapegrad/ops/kernels/panels.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>

namespace tapegrad::ops::kernels {

// NOTE [Winograd]
// Two by two neighbouring outputs of a filter of 3×3 take 36 multiplications one by one, and 16 if
// the filter g and the 4×4 numbers d of the image are transformed first:
//   Y = Aᵀ·[(G·g·Gᵀ) ∘ (Bᵀ·d·B)]·A,  Aᵀ = (1  1  1  0)  G = ( 1   0   0)  Bᵀ = (1  0 −1  0)
//                                          (0  1 −1 −1)      ( ½   ½   ½)       (0  1  1  0)
//                                                            ( ½  −½   ½)       (0 −1  1  0)
//                                                            ( 0   0   1)       (0  1  0 −1)
// Summed over channels, the product ∘ is 16 matrix products, one for each of its places, of all
// filters and all tiles. The gradient in the filters goes the same way back: with D = A·dY·Aᵀ it is
// Gᵀ·[Σ D ∘ (Bᵀ·d·B)]·G, 16 products again. The sums of a tile have an error twice that of the
// products one by one. A number that is not finite spoils the 2×2 outputs of its tiles.
// Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015.

/// Places of a transformed tile.
constexpr int tile_places = 16;

/// Images between zeros, their even columns apart from their odd ones: so what neighbouring tiles
/// have at the same place lies side by side. A thread has the memory of one per Tag.
template <class T, class Tag>
class SplitImages {
 public:
  SplitImages(std::int64_t channels, HeightWidth size, HeightWidth padding, HeightWidth tiles)
      : channels_(channels),
        size_(size),
        padding_(padding),
        rows_(2 * tiles.height + 2),
        line_(tiles.width + Lanes<T>::width) {
    const std::int64_t count = channels * rows_ * 2 * line_;
    numbers_ = scratch<T, SplitImages>(count);
    std::fill_n(numbers_, count, T(0));
  }

  void turn_to(const T* images) {
    for (std::int64_t c = 0; c < channels_; ++c) {
      for (std::int64_t i = 0; i < size_.height; ++i, images += size_.width) {
        T* const row = numbers_ + (c * rows_ + i + padding_.height) * 2 * line_;
        for (const std::int64_t odd : {0, 1}) {
          const std::int64_t first = (padding_.width + odd) % 2;
          T* to = row + odd * line_ + (first + padding_.width) / 2;
          for (std::int64_t j = first; j < size_.width; j += 2) *to++ = images[j];
        }
      }
    }
  }

  /// The even columns of a row; the odd ones begin `line()` numbers later.
  const T* row(std::int64_t channel, std::int64_t i) const {
    return numbers_ + (channel * rows_ + i) * 2 * line_;
  }
  std::int64_t line() const { return line_; }

 private:
  std::int64_t channels_;
  HeightWidth size_, padding_;
  std::int64_t rows_, line_;
  T* numbers_;
};

/// How the outputs of a convolution are cut into tiles of 2×2.
template <class T>
struct WinogradTiles {
  static constexpr std::int64_t width = Lanes<T>::width;

  HeightWidth all;     ///< Rows of tiles, and tiles of a row, which fill whole registers.
  std::int64_t rows;   ///< Of tiles that are transformed and multiplied at a time.
  std::int64_t count;  ///< Tiles in these, in whole panels.

  explicit WinogradTiles(const ConvolutionSizes& s)
      : all((s.output.height + 1) / 2, registers_of(s.output.width) * width) {
    // What is between the transformations stays in the second-level cache.
    constexpr std::int64_t most = 3 * block_size;
    const std::int64_t tiles = most / (tile_places * (s.in_channels + s.out_channels));
    rows = std::clamp<std::int64_t>(tiles / all.width, 1, all.height);
    constexpr std::int64_t full = panel_width<T>;
    count = (rows * all.width + full - 1) / full * full;
  }

  /// Whether a convolution is one that this is for, and faster: not where rows leave registers
  /// half-empty, where transforming costs more than it saves, or where the transformed filters
  /// leave the cache.
  static bool suit(const ConvolutionSizes& s) {
    const auto fits = [](std::int64_t channels) { return channels >= 16 && channels <= 256; };
    const std::int64_t tiles = (s.output.width + 1) / 2;
    return s.window == HeightWidth(3) && s.stride == HeightWidth(1) &&
           s.dilation == HeightWidth(1) && fits(s.in_channels) && fits(s.out_channels) &&
           5 * tiles >= 4 * registers_of(s.output.width) * width;
  }

 private:
  static std::int64_t registers_of(std::int64_t output_width) {
    return ((output_width + 1) / 2 + width - 1) / width;
  }
};

/// U = G·g·Gᵀ of K·C filters: element (place, k, c).
template <class T>
void transform_filters(std::int64_t count, const T* w, T* u) {
  const auto line = [](T a, T b, T c, T* out, int step) {
    out[0] = a;
    out[step] = (a + b + c) / 2;
    out[2 * step] = (a - b + c) / 2;
    out[3 * step] = c;
  };
  for (std::int64_t i = 0; i < count; ++i, w += 9) {
    T half[4 * 3], all[tile_places];
    for (int b = 0; b < 3; ++b) line(w[b], w[3 + b], w[6 + b], half + b, 3);
    for (int a = 0; a < 4; ++a) line(half[3 * a], half[3 * a + 1], half[3 * a + 2], all + 4 * a, 1);
    for (int place = 0; place < tile_places; ++place) u[place * count + i] = all[place];
  }
}

/// Gᵀ·U·G, the gradient in a filter for that in its transformed one, added up over `parts` arrays.
template <class T>
void filter_gradient(const T* u, std::int64_t place_step, int parts, std::int64_t part_step, T* w,
                     bool accumulate) {
  const auto line = [](T a, T b, T c, T d, T* out, int step) {
    out[0] = a + (b + c) / 2;
    out[step] = (b - c) / 2;
    out[2 * step] = (b + c) / 2 + d;
  };
  T all[tile_places], half[3 * 4], g[9];
  for (int place = 0; place < tile_places; ++place) {
    const T* from = u + place * place_step;
    all[place] = 0;
    for (int part = 0; part < parts; ++part, from += part_step) all[place] += *from;
  }
  for (int b = 0; b < 4; ++b) line(all[b], all[4 + b], all[8 + b], all[12 + b], half + b, 4);
  for (int a = 0; a < 3; ++a) {
    line(half[4 * a], half[4 * a + 1], half[4 * a + 2], half[4 * a + 3], g + 3 * a, 1);
  }
  for (int i = 0; i < 9; ++i) w[i] = accumulate ? w[i] + g[i] : g[i];
}

/// Where a register of transformed tiles is written to. Passed by value: sizes that lie in memory
/// would be read again after each store.
template <class T>
struct Places {
  T* first;
  std::int64_t step;
  [[gnu::always_inline]] void store(int place, const typename Lanes<T>::Batch& numbers) const {
    numbers.store_unaligned(first + place * step);
  }
};

/// Calls f(channel, tile, its numbers, length of a line) for each register of tiles of some rows,
/// each of `width` tiles.
template <class T, class Tag, class F>
void for_tiles(const SplitImages<T, Tag>& images, std::int64_t channels, std::int64_t width,
               std::int64_t first_row, std::int64_t rows, F f) {
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t i = 0; i < rows; ++i) {
      const T* const row = images.row(c, 2 * (first_row + i));
      for (std::int64_t j = 0; j < width; j += Lanes<T>::width) {
        f(c, i * width + j, row + j, images.line());
      }
    }
  }
}

/// Bᵀ·d·B of a register of tiles, whose rows of d are 2·line apart.
template <class T>
void transform_tiles(const T* d, std::int64_t line, Places<T> to) {
  using Batch = typename Lanes<T>::Batch;
  const auto load = [&](int row, int column) {
    return Batch::load_unaligned(d + (2 * row + column % 2) * line + column / 2);
  };
  const auto column = [&](int b, auto combine) {
    const Batch h[4] = {combine(0), combine(1), combine(2), combine(3)};
    to.store(b, h[0] - h[2]);
    to.store(4 + b, h[1] + h[2]);
    to.store(8 + b, h[2] - h[1]);
    to.store(12 + b, h[1] - h[3]);
  };
  column(0, [&](int row) { return load(row, 0) - load(row, 2); });
  column(1, [&](int row) { return load(row, 1) + load(row, 2); });
  column(2, [&](int row) { return load(row, 2) - load(row, 1); });
  column(3, [&](int row) { return load(row, 1) - load(row, 3); });
}

/// A·dY·Aᵀ of the same for 2×2 numbers.
template <class T>
void transform_outputs(const T* d, std::int64_t line, Places<T> to) {
  using Batch = typename Lanes<T>::Batch;
  const auto load = [&](int row, int column) {
    return Batch::load_unaligned(d + (2 * row + column) * line);
  };
  const auto column = [&](int b, auto combine) {
    const Batch above = combine(0), below = combine(1);
    to.store(b, above);
    to.store(4 + b, above + below);
    to.store(8 + b, above - below);
    to.store(12 + b, Batch(T(0)) - below);
  };
  column(0, [&](int row) { return load(row, 0); });
  column(1, [&](int row) { return load(row, 0) + load(row, 1); });
  column(2, [&](int row) { return load(row, 0) - load(row, 1); });
  column(3, [&](int row) { return Batch(T(0)) - load(row, 1); });
}

/// Two registers as one row in which their numbers alternate.
template <class T>
class Alternating {
 public:
  static constexpr int width = static_cast<int>(Lanes<T>::width);
  using Batch = typename Lanes<T>::Batch;

  static void store(const Batch& even, const Batch& odd, T* to) {
    Vector a, b;
    std::memcpy(&a, &even, sizeof a);
    std::memcpy(&b, &odd, sizeof b);
    store(a, b, to, std::make_integer_sequence<int, width>());
  }

 private:
  typedef T Vector __attribute__((vector_size(width * sizeof(T))));

  template <int... i>
  static void store(Vector a, Vector b, T* to, std::integer_sequence<int, i...>) {
    const Vector first = __builtin_shufflevector(a, b, (i / 2 + i % 2 * width)...);
    const Vector second = __builtin_shufflevector(a, b, ((width + i) / 2 + i % 2 * width)...);
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + width, &second, sizeof second);
  }
};

/// Aᵀ·M·A of a register of tiles: put(row, even columns, odd columns) for both rows.
template <class T, class Put>
void transform_back(const T* m, std::int64_t place_step, Put put) {
  using Batch = typename Lanes<T>::Batch;
  Batch above[4], below[4];
  for (int b = 0; b < 4; ++b) {
    const auto load = [&](int a) { return Batch::load_unaligned(m + (4 * a + b) * place_step); };
    const Batch first = load(1), second = load(2);
    above[b] = load(0) + first + second;
    below[b] = first - second - load(3);
  }
  put(0, above[0] + above[1] + above[2], above[1] - above[2] - above[3]);
  put(1, below[0] + below[1] + below[2], below[1] - below[2] - below[3]);
}

/// The convolution of a part: transforms its tiles, multiplies them and transforms back.
template <class T>
class WinogradForward {
 public:
  explicit WinogradForward(const ConvolutionSizes& s)
      : s_(s),
        tiles_(s),
        images_(s.in_channels, s.image, s.padding, tiles_.all),
        v_(panel_memory<T>(tile_places * s.in_channels * tiles_.count, 1)),
        m_(scratch<T, WinogradForward>(tile_places * s.out_channels * tiles_.count)) {}

  /// y = or += for transformed filters u.
  void run(const T* image, const T* u, T* y, bool accumulate) {
    images_.turn_to(image);
    for (std::int64_t first = 0; first < tiles_.all.height; first += tiles_.rows) {
      const std::int64_t rows = std::min(tiles_.rows, tiles_.all.height - first);
      transform(first, rows);
      multiply(u, rows);
      write(first, rows, y, accumulate);
    }
  }

 private:
  static constexpr std::int64_t width = Lanes<T>::width, full = panel_width<T>;

  /// Into panels, one after the other for each place.
  void transform(std::int64_t first, std::int64_t rows) {
    const std::int64_t channels = s_.in_channels, place_step = channels * tiles_.count;
    for_tiles(images_, channels, tiles_.all.width, first, rows,
              [=, to = v_](std::int64_t c, std::int64_t tile, const T* d, std::int64_t line) {
                T* const panel = to + tile / full * full * channels;
                transform_tiles(d, line, Places<T>{panel + c * full + tile % full, place_step});
              });
  }

  void multiply(const T* u, std::int64_t rows) {
    const std::int64_t columns = rows * tiles_.all.width;
    for (int place = 0; place < tile_places; ++place) {
      const T* const panels = v_ + place * s_.in_channels * tiles_.count;
      const Matrix<T> filters{u + place * s_.out_channels * s_.in_channels, s_.in_channels, 1};
      T* const m = m_ + place * s_.out_channels * tiles_.count;
      for_even_pieces(s_.out_channels, tile_rows, [&](std::int64_t k, std::int64_t size) {
        with_tile_rows(size, [&](auto tile_size) {
          for (std::int64_t j = 0; j < columns; j += full) {
            panel_tile<T, decltype(tile_size)::value>(
                s_.in_channels, filters.from(k, 0), panels + j * s_.in_channels,
                m + k * tiles_.count + j, tiles_.count, false);
          }
        });
      });
    }
  }

  void write(std::int64_t first, std::int64_t rows, T* y, bool accumulate) const {
    const std::int64_t count = tiles_.count, columns = tiles_.all.width;
    const std::int64_t height = s_.output.height, length = s_.output.width;
    const std::int64_t place_step = s_.out_channels * count;
    for (std::int64_t k = 0; k < s_.out_channels; ++k, y += height * length) {
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < columns; j += width) {
          transform_back(m_ + k * count + i * columns + j, place_step,
                         [=](int below, const auto& even, const auto& odd) {
                           const std::int64_t row = 2 * (first + i) + below;
                           if (row >= height) return;
                           write_row(even, odd, y + row * length + 2 * j, length - 2 * j,
                                     accumulate);
                         });
        }
      }
    }
  }

  /// The first `count` numbers of a row of 2·width, if it has more.
  template <class Batch>
  static void write_row(const Batch& even, const Batch& odd, T* row, std::int64_t count,
                        bool accumulate) {
    if (count >= 2 * width && !accumulate) return Alternating<T>::store(even, odd, row);
    T numbers[2 * width];
    Alternating<T>::store(even, odd, numbers);
    for (std::int64_t j = 0; j < std::min(2 * width, count); ++j) {
      row[j] = accumulate ? row[j] + numbers[j] : numbers[j];
    }
  }

  const ConvolutionSizes s_;
  const WinogradTiles<T> tiles_;
  SplitImages<T, WinogradForward> images_;
  T* const v_;
  T* const m_;
};

/// The gradient in the transformed filters of a part.
template <class T>
class WinogradWeightGrad {
 public:
  explicit WinogradWeightGrad(const ConvolutionSizes& s)
      : s_(s),
        tiles_(s),
        images_(s.in_channels, s.image, s.padding, tiles_.all),
        outputs_(s.out_channels, s.output, 0, tiles_.all),
        v_(scratch<T, Images>(tile_places * s.in_channels * tiles_.count)),
        d_(scratch<T, Outputs>(tile_places * s.out_channels * tiles_.count)) {}

  /// u += for an image and the gradient in its output.
  void add(const T* image, const T* g, T* u) {
    images_.turn_to(image);
    outputs_.turn_to(g);
    for (std::int64_t first = 0; first < tiles_.all.height; first += tiles_.rows) {
      const std::int64_t rows = std::min(tiles_.rows, tiles_.all.height - first);
      const std::int64_t count = rows * tiles_.all.width;
      // Row by row: element (place, channel, tile).
      for_tiles(images_, s_.in_channels, tiles_.all.width, first, rows,
                [=, to = v_, place_step = s_.in_channels * tiles_.count](
                    std::int64_t c, std::int64_t tile, const T* d, std::int64_t line) {
                  transform_tiles(d, line, Places<T>{to + c * count + tile, place_step});
                });
      for_tiles(outputs_, s_.out_channels, tiles_.all.width, first, rows,
                [=, to = d_, place_step = s_.out_channels * tiles_.count](
                    std::int64_t k, std::int64_t tile, const T* d, std::int64_t line) {
                  transform_outputs(d, line, Places<T>{to + k * count + tile, place_step});
                });
      for (int place = 0; place < tile_places; ++place) {
        const MatrixPanels<T> v{{v_ + place * s_.in_channels * tiles_.count, 1, count}};
        multiply_panels(s_.out_channels, s_.in_channels, count,
                        {d_ + place * s_.out_channels * tiles_.count, count, 1}, v,
                        u + place * s_.out_channels * s_.in_channels, s_.in_channels, true);
      }
    }
  }

 private:
  struct Images;
  struct Outputs;

  const ConvolutionSizes s_;
  const WinogradTiles<T> tiles_;
  SplitImages<T, Images> images_;
  SplitImages<T, Outputs> outputs_;
  T* const v_;
  T* const d_;
};

}  // namespace tapegrad::ops::kernels
