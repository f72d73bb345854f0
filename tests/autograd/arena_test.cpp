// Memory of a tape: what is given back is used again, in whatever pieces.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/detail/arena.hpp>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::testing {
namespace {

using detail::Arena;

constexpr std::int64_t large = 1 << 20;

TEST(Arena, FreeNeighboursMakeALargerPieceInWhateverOrderTheyCome) {
  std::vector<int> order{0, 1, 2};
  do {
    Arena arena;
    arena.allocate(8 * large);
    arena.reset();
    void* pieces[3];
    for (void*& piece : pieces) piece = arena.allocate(large);
    arena.allocate(large);
    const std::int64_t reserved = arena.reserved();
    for (const int i : order) arena.release(pieces[i], large);
    // The rest of what was joined serves the next.
    EXPECT_EQ(arena.allocate(2 * large), pieces[0]);
    EXPECT_EQ(arena.allocate(large), pieces[2]);
    EXPECT_EQ(arena.reserved(), reserved);
    EXPECT_EQ(arena.used(), 4 * large);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Arena, TheSmallestPieceThatIsLargeEnoughIsTaken) {
  Arena arena;
  void* const four = arena.allocate(4 * large);
  arena.allocate(large);
  void* const two = arena.allocate(2 * large);
  arena.allocate(large);
  arena.release(two, 2 * large);
  arena.release(four, 4 * large);
  EXPECT_EQ(arena.allocate(large + 64), two);
  EXPECT_EQ(arena.allocate(2 * large - 128), four);
}

TEST(Arena, SmallPiecesServeTheirOwnSizeOnly) {
  Arena arena;
  void* const first = arena.allocate(64);
  void* const second = arena.allocate(64);
  arena.release(first, 64);
  arena.release(second, 64);
  void* const both = arena.allocate(128);
  EXPECT_NE(both, first);
  EXPECT_NE(both, second);
  EXPECT_EQ(arena.allocate(64), second);
  EXPECT_EQ(arena.allocate(64), first);
}

TEST(Arena, PiecesInUseNeverOverlap) {
  struct Piece {
    std::uint8_t* memory;
    std::int64_t bytes;
    std::uint8_t mark;
  };
  Generator generator(5);
  const auto expect_marks = [](const Piece& piece) {
    const auto is_mark = [&](std::uint8_t byte) { return byte == piece.mark; };
    ASSERT_TRUE(std::all_of(piece.memory, piece.memory + piece.bytes, is_mark));
  };
  Arena arena;
  for (int step = 0; step < 20; ++step) {
    std::vector<Piece> pieces;
    std::int64_t used = 0;
    const auto rounded = [](std::int64_t bytes) { return (bytes + 63) / 64 * 64; };
    for (int i = 0; i < 300; ++i) {
      if (!pieces.empty() && generator.below(5) < 2) {
        const std::size_t chosen = generator.below(pieces.size());
        expect_marks(pieces[chosen]);
        arena.release(pieces[chosen].memory, pieces[chosen].bytes);
        used -= rounded(pieces[chosen].bytes);
        pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(chosen));
        continue;
      }
      // Between a byte and a quarter of a MiB, as often small as large.
      const std::uint64_t most = std::uint64_t{1} << generator.below(19);
      const auto bytes = static_cast<std::int64_t>(1 + generator.below(most));
      auto* const memory = static_cast<std::uint8_t*>(arena.allocate(bytes));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 64, 0U);
      const auto mark = static_cast<std::uint8_t>(i);
      std::memset(memory, mark, static_cast<std::size_t>(bytes));
      pieces.push_back({memory, bytes, mark});
      used += rounded(bytes);
      ASSERT_EQ(arena.used(), used);
    }
    for (const Piece& piece : pieces) expect_marks(piece);
    arena.reset();
  }
}

}  // namespace
}  // namespace tapegrad::testing
