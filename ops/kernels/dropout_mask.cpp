#include <algorithm>
#include <cmath>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::ops::kernels {

namespace {

/// Blocks that go through Philox side by side: the compiler makes SIMD of loops over them.
constexpr int side_by_side = 16;
/// A block makes two draws.
constexpr int draws = 2 * side_by_side;

/// Draws `first` to first + draws − 1 of a stream, as unit_interval has them but times 2⁵³.
void draw(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, std::int64_t* numbers) {
  std::uint32_t words[4][side_by_side];
  for (int i = 0; i < side_by_side; ++i) {
    const std::uint64_t block = first / 2 + static_cast<std::uint64_t>(i);
    words[0][i] = static_cast<std::uint32_t>(block);
    words[1][i] = static_cast<std::uint32_t>(block >> 32);
    words[2][i] = static_cast<std::uint32_t>(stream);
    words[3][i] = static_cast<std::uint32_t>(stream >> 32);
  }
  PhiloxKey key = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  for (int round = 0; round < philox_rounds; ++round) {
    for (int i = 0; i < side_by_side; ++i) {
      const PhiloxWords next =
          philox_round({words[0][i], words[1][i], words[2][i], words[3][i]}, key);
      for (std::size_t word = 0; word < 4; ++word) words[word][i] = next[word];
    }
    key = philox_next_key(key);
  }
  for (int i = 0; i < side_by_side; ++i) {
    numbers[2 * i] = static_cast<std::int64_t>(random_bits53(words[0][i], words[1][i]));
    numbers[2 * i + 1] = static_cast<std::int64_t>(random_bits53(words[2][i], words[3][i]));
  }
}

}  // namespace

template <class T>
void dropout_mask(double drop, std::uint64_t seed, std::uint64_t stream, std::int64_t count, T* y,
                  bool accumulate) {
  const T keep = static_cast<T>(1 / (1 - drop));
  // Whole numbers are compared where unit_interval's would be: u·2⁵³ ≥ drop·2⁵³.
  const auto least_kept = static_cast<std::int64_t>(std::ceil(drop * 0x1p53));
  // A draw takes about two nanoseconds.
  share_out((count + draws - 1) / draws, 2 * static_cast<double>(count),
            [&](std::int64_t begin, std::int64_t end) {
              for (std::int64_t i = begin * draws; i < std::min(end * draws, count); i += draws) {
                std::int64_t numbers[draws];
                draw(seed, stream, static_cast<std::uint64_t>(i), numbers);
                // A product, as a choice would become a jump that nobody can predict.
                T mask[draws];
                for (int j = 0; j < draws; ++j)
                  mask[j] = static_cast<T>(numbers[j] >= least_kept) * keep;
                const auto used = static_cast<int>(std::min<std::int64_t>(draws, count - i));
                for (int j = 0; j < used; ++j) y[i + j] = accumulate ? y[i + j] + mask[j] : mask[j];
              }
            });
}

template void dropout_mask(double, std::uint64_t, std::uint64_t, std::int64_t, float*, bool);
template void dropout_mask(double, std::uint64_t, std::uint64_t, std::int64_t, double*, bool);

}  // namespace tapegrad::ops::kernels
