#pragma once

#include <algorithm>

#include <tapegrad/ops/convolution.hpp>
#include <tapegrad/ops/kernels/panels.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/kernels/split_images.hpp>
#include <tapegrad/ops/kernels/tile_transforms.hpp>

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
// products one by one, and an infinite number makes NaN of the outputs whose windows have it.
// Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015.

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

  /// Calls f(first row, rows) for the rows of tiles that are taken at a time.
  template <class F>
  void for_each_strip(F f) const {
    for (std::int64_t first = 0; first < all.height; first += rows) {
      f(first, std::min(rows, all.height - first));
    }
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
    tiles_.for_each_strip([&](std::int64_t first, std::int64_t rows) {
      transform(first, rows);
      multiply(u, rows);
      write(first, rows, y, accumulate);
    });
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
    tiles_.for_each_strip([&](std::int64_t first, std::int64_t rows) {
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
    });
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
