#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <tapegrad/ops/error.hpp>

// NOTE [Random numbers]
// Philox turns a number (the counter) into four random words by a fixed key, so any draw can be
// computed without the draws before it: a replay, another thread or a restored checkpoint gets the
// same numbers. All transforms are ours, since those of <random> differ between standard libraries.
// Integers and uniforms are equal to the last bit with every compiler (`std::fma` is written out,
// or else a compiler may fuse or not); `normal` goes through libm's log and cos, whose last bit may
// differ between C libraries.
//
// The seed is Philox's key, the stream the upper half of its counter, the position the lower half.
// Uses that share the user's seed must not share a stream, or their numbers would be the same: the
// upper 32 bits of a stream say who draws (four letters), the lower 32 bits are theirs to count
// with. Streams below 2³² belong to the user.

namespace tapegrad {

/// Four 32-bit words: the counter that Philox takes and the random words that it returns.
using PhiloxWords = std::array<std::uint32_t, 4>;

/// The key of Philox: two 32-bit words, the low one first.
using PhiloxKey = std::array<std::uint32_t, 2>;

/// One round of Philox4x32.
constexpr PhiloxWords philox_round(PhiloxWords counter, PhiloxKey key) {
  const std::uint64_t a = std::uint64_t{0xD2511F53U} * counter[0];
  const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * counter[2];
  return {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
          static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
}

/// The key of the round after that with `key`.
constexpr PhiloxKey philox_next_key(PhiloxKey key) {
  return {key[0] + 0x9E3779B9U, key[1] + 0xBB67AE85U};
}

/// How many rounds make Philox4x32-10.
inline constexpr int philox_rounds = 10;

/// Philox4x32-10: four random words from a counter and a key, a bijection of counters for each key.
/// Source: Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, SC'11.
constexpr PhiloxWords philox(PhiloxWords counter, PhiloxKey key) {
  for (int round = 0; round < philox_rounds; ++round) {
    counter = philox_round(counter, key);
    key = philox_next_key(key);
  }
  return counter;
}

/// The four words of block `block` of a stream: those at its positions 4·block to 4·block + 3.
constexpr PhiloxWords philox_block(std::uint64_t seed, std::uint64_t stream, std::uint64_t block) {
  return philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                 static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
                {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
}

/// A whole number below 2⁵³ from two random words.
constexpr std::uint64_t random_bits53(std::uint32_t first, std::uint32_t second) {
  return (std::uint64_t{first >> 5} << 26) | (second >> 6);
}

/// A number in [0, 1) from two random words, a multiple of 2⁻⁵³.
constexpr double unit_interval(std::uint32_t first, std::uint32_t second) {
  return static_cast<double>(random_bits53(first, second)) * 0x1p-53;
}

/// Draw number `index` (below 2⁶³) of a stream, in [0, 1): the value that call `index` of
/// `Generator(seed, stream).uniform()` returns, counted from 0 and without the calls before it.
constexpr double uniform_at(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  const PhiloxWords words = philox_block(seed, stream, index / 2);
  return index % 2 == 0 ? unit_interval(words[0], words[1]) : unit_interval(words[2], words[3]);
}

/// Where a Generator stands, all that a checkpoint must keep: `position` counts the 32-bit words
/// drawn so far.
struct GeneratorState {
  std::uint64_t seed = 0;      ///< Philox's key.
  std::uint64_t stream = 0;    ///< The upper half of its counter.
  std::uint64_t position = 0;  ///< How many 32-bit words have been drawn.

  /// True if both go on with the same numbers.
  friend bool operator==(const GeneratorState& a, const GeneratorState& b) {
    return a.seed == b.seed && a.stream == b.stream && a.position == b.position;
  }
  /// True unless both go on with the same numbers.
  friend bool operator!=(const GeneratorState& a, const GeneratorState& b) { return !(a == b); }
};

/// A sequence of random numbers fixed by seed and stream: Philox4x32-10 behind transforms of our
/// own. Streams of one seed are independent of each other.
class Generator {
 public:
  /// Starts a stream at its first number.
  explicit Generator(std::uint64_t seed, std::uint64_t stream = 0)
      : Generator(GeneratorState{seed, stream, 0}) {}

  /// Goes on where a generator with this state stood.
  explicit Generator(const GeneratorState& state) : state_(state) {
    if (state.position % 4 != 0) draw_block();
  }

  /// Seed, stream and position, to be kept in a checkpoint and given to the constructor.
  const GeneratorState& state() const { return state_; }

  /// 32 random bits.
  std::uint32_t next() {
    if (state_.position % 4 == 0) draw_block();
    return words_[static_cast<std::size_t>(state_.position++ % 4)];
  }

  /// A number in [0, 1), a multiple of 2⁻⁵³.
  double uniform() {
    const std::uint32_t first = next();
    const std::uint32_t second = next();
    return unit_interval(first, second);
  }

  /// low + (high − low)·u with u in [0, 1); rounding may give `high` itself.
  double uniform(double low, double high) { return std::fma(high - low, uniform(), low); }

  /// A number of the normal distribution with mean 0 and variance 1:
  /// sqrt(−2 ln(1 − u₁))·cos(2π u₂).
  /// Source: Box and Muller, A Note on the Generation of Random Normal Deviates, 1958.
  double normal() {
    // The sine would be a second normal for the next call, and one more thing that a checkpoint
    // must keep; leaving it costs two words per call.
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(6.283185307179586476925 * uniform());
  }

  /// A whole number from 0 to n − 1, all equally likely. Throws ValueError for n = 0.
  std::uint64_t below(std::uint64_t n) {
    if (n == 0) throw ValueError("[random] needs n of at least 1 for a number below n; got 0");
    // 2⁶⁴ mod n values are rejected: what is left divides evenly among the n residues.
    const std::uint64_t rejected = (0 - n) % n;
    for (;;) {
      const std::uint64_t low = next();
      const std::uint64_t bits = (std::uint64_t{next()} << 32) | low;
      if (bits >= rejected) return bits % n;
    }
  }

  /// Puts the elements between two random-access iterators in random order, all orders equally
  /// likely (Fisher and Yates).
  template <class Iterator>
  void shuffle(Iterator first, Iterator last) {
    using std::swap;
    for (auto left = last - first; left > 1; --left) {
      const auto chosen = static_cast<decltype(left)>(below(static_cast<std::uint64_t>(left)));
      swap(first[left - 1], first[chosen]);
    }
  }

 private:
  void draw_block() { words_ = philox_block(state_.seed, state_.stream, state_.position / 4); }

  GeneratorState state_;
  PhiloxWords words_{};
};

}  // namespace tapegrad
