#include <tapegrad/data/detail/augment.hpp>

#include <algorithm>
#include <cstddef>

#include <tapegrad/ops/philox.hpp>
#include <xsimd/xsimd.hpp>

namespace tapegrad::data::detail {
namespace {

// NOTE [Draws of augmentation]
// One stream per epoch ("augm", see NOTE [Random numbers]), and in it 2³² blocks of four words for
// each sample. The first decides about flip and crop, each of the others makes four normals, so
// that what one change draws does not depend on whether the others are wanted.

constexpr std::uint64_t augmentation_stream = 0x6175676d'00000000;

std::uint64_t block_of(const Draw& draw, std::uint64_t number) {
  return draw.sample << 32 | number;
}

/// A whole number below n, which is small: that 2³² is no multiple of it cannot be noticed.
int below(std::uint32_t word, int n) {
  return static_cast<int>(std::uint64_t{word} * static_cast<std::uint64_t>(n) >> 32);
}

/// A window of an image's own size, `down` and `right` of the image, with zeros where the image is
/// not.
void copy_window(const Shape& shape, int down, int right, bool mirrored, const float* from,
                 float* to) {
  const std::int64_t rows = shape[1], columns = shape[2];
  // The columns of the window in which the image lies.
  const std::int64_t first = std::max<std::int64_t>(0, -right);
  const std::int64_t last = std::min<std::int64_t>(columns, columns - right);
  for (std::int64_t plane = 0; plane < shape[0]; ++plane, from += rows * columns) {
    for (std::int64_t row = down; row < rows + down; ++row, to += columns) {
      if (row < 0 || row >= rows) {
        std::fill_n(to, columns, 0.0F);
        continue;
      }
      const float* const in = from + row * columns + right;
      if (mirrored) {
        float* const end = to + columns;
        std::fill(end - first, end, 0.0F);
        for (std::int64_t i = first; i < last; ++i) end[-1 - i] = in[i];
        std::fill(to, end - last, 0.0F);
      } else {
        std::fill(to, to + first, 0.0F);
        std::copy(in + first, in + last, to + first);
        std::fill(to + last, to + columns, 0.0F);
      }
    }
  }
}

/// How many blocks are made into normals at once.
constexpr int chunk = 64;

/// Adds noise · (a standard normal) to each of `count` numbers: sqrt(−2 ln u₁) times the cosine and
/// the sine of 2π u₂, with u₁ in (0, 1] and u₂ in [0, 1), multiples of 2⁻²⁴. A block is two pairs
/// (u₁, u₂); a chunk of blocks makes first the cosines of its first pairs, then their sines, then
/// those of its second pairs.
/// Source: Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.
void add_noise(const Draw& draw, float noise, std::int64_t count, float* numbers) {
  using B = xsimd::batch<float>;
  static_assert(chunk % B::size == 0);
  alignas(64) float units[4][chunk];
  alignas(64) float normals[4 * chunk];
  for (std::uint64_t first = 1; count > 0; first += chunk) {
    for (int i = 0; i < chunk; ++i) {
      const PhiloxWords words = philox_block(draw.seed, augmentation_stream + draw.epoch,
                                             block_of(draw, first + static_cast<std::uint64_t>(i)));
      for (std::size_t w = 0; w < 4; ++w) {
        units[w][i] = static_cast<float>(words[w] >> 8) * 0x1p-24F;
      }
    }
    for (std::size_t pair = 0; pair < 4; pair += 2) {
      for (std::size_t i = 0; i < chunk; i += B::size) {
        const B u1 = 1.0F - B::load_aligned(units[pair] + i);
        const B u2 = B::load_aligned(units[pair + 1] + i);
        const B radius = noise * xsimd::sqrt(-2.0F * xsimd::log(u1));
        const auto [sine, cosine] = xsimd::sincos(u2 * 6.2831853F);
        B(radius * cosine).store_aligned(normals + pair * chunk + i);
        B(radius * sine).store_aligned(normals + (pair + 1) * chunk + i);
      }
    }
    const std::int64_t part = std::min<std::int64_t>(count, 4 * chunk);
    for (std::int64_t i = 0; i < part; ++i) numbers[i] += normals[i];
    numbers += part;
    count -= part;
  }
}

}  // namespace

void augmented_copy(const Augmentation& augmentation, const Shape& shape, const Draw& draw,
                    const float* from, float* to) {
  if (augmentation.flip > 0 || augmentation.padding > 0) {
    const PhiloxWords words =
        philox_block(draw.seed, augmentation_stream + draw.epoch, block_of(draw, 0));
    const bool mirrored = words[0] * 0x1p-32 < augmentation.flip;
    const int places = 2 * augmentation.padding + 1;
    copy_window(shape, below(words[1], places) - augmentation.padding,
                below(words[2], places) - augmentation.padding, mirrored, from, to);
  } else {
    std::copy_n(from, shape.size(), to);
  }
  if (augmentation.noise > 0) {
    add_noise(draw, static_cast<float>(augmentation.noise), shape.size(), to);
  }
}

}  // namespace tapegrad::data::detail
