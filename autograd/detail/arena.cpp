#include <tapegrad/autograd/detail/arena.hpp>

#include <algorithm>
#include <functional>
#include <new>

#include <tapegrad/autograd/detail/arrays.hpp>

namespace tapegrad::detail {

namespace {

constexpr std::int64_t smallest_chunk = 16 * 1024;
constexpr std::int64_t smallest_joined = 64 * 1024;

std::int64_t rounded(std::int64_t bytes) {
  return std::max<std::int64_t>((bytes + 63) / 64 * 64, 64);
}

}  // namespace

Arena::~Arena() {
  for (const Chunk& chunk : chunks_) free_aligned(chunk.memory);
}

void* Arena::allocate(std::int64_t bytes) {
  bytes = rounded(bytes);
  void* const memory = take(bytes);
  used_ += bytes;
  peak_ = std::max(peak_, used_);
  return memory;
}

void* Arena::take(std::int64_t bytes) {
  if (void* const memory = take_free(bytes)) return memory;
  // Room for every piece that may be released.
  if (free_.capacity() == pieces_) free_.reserve(std::max<std::size_t>(16, 2 * pieces_));
  if (void* const memory = take_joined(bytes)) return memory;
  if (bytes > left_) add_chunk_for(bytes);
  char* const memory = next_;
  next_ += bytes;
  left_ -= bytes;
  ++pieces_;
  return memory;
}

/// A free piece of this size; null if there is none.
void* Arena::take_free(std::int64_t bytes) {
  for (auto entry = free_.rbegin(); entry != free_.rend(); ++entry) {
    if (entry->bytes == bytes) {
      void* const memory = entry->memory;
      *entry = free_.back();
      free_.pop_back();
      return memory;
    }
  }
  return nullptr;
}

// NOTE [Joining free pieces]
// A step whose layers shrink, as a ConvNet's do, goes backward through ever larger arrays: what it
// gives back first fits nothing that comes later, unless neighbours are put together. Only large
// pieces are, since there are few of them and they are what a step's memory consists of; a small
// rest of one waits for the next reset.

/// The front of the smallest piece that is large enough once free neighbours are joined; null if
/// there is none.
void* Arena::take_joined(std::int64_t bytes) {
  if (bytes < smallest_joined) return nullptr;
  const auto large = std::partition(
      free_.begin(), free_.end(), [](const Free& piece) { return piece.bytes < smallest_joined; });
  if (large == free_.end()) return nullptr;
  std::sort(large, free_.end(),
            [](const Free& a, const Free& b) { return std::less<>()(a.memory, b.memory); });
  auto last = large;
  for (auto piece = large + 1; piece != free_.end(); ++piece) {
    if (static_cast<char*>(last->memory) + last->bytes == piece->memory) {
      last->bytes += piece->bytes;
      --pieces_;
    } else {
      *++last = *piece;
    }
  }
  free_.erase(last + 1, free_.end());
  auto best = free_.end();
  for (auto piece = large; piece != free_.end(); ++piece) {
    if (piece->bytes >= bytes && (best == free_.end() || piece->bytes < best->bytes)) best = piece;
  }
  if (best == free_.end()) return nullptr;
  void* const memory = best->memory;
  best->memory = static_cast<char*>(memory) + bytes;
  best->bytes -= bytes;
  if (best->bytes == 0) {
    free_.erase(best);
  } else {
    ++pieces_;
  }
  return memory;
}

void Arena::release(void* memory, std::int64_t bytes) noexcept {
  bytes = rounded(bytes);
  used_ -= bytes;
  free_.push_back({memory, bytes});
}

void Arena::reset() noexcept {
  if (chunks_.size() > 1) {
    const std::int64_t total = reserved_;
    for (const Chunk& chunk : chunks_) free_aligned(chunk.memory);
    chunks_.clear();
    reserved_ = 0;
    next_ = nullptr;
    left_ = 0;
    try {
      add_chunk(total);
    } catch (const std::bad_alloc&) {
      // Then the next step begins with small chunks again.
    }
  }
  if (!chunks_.empty()) {
    next_ = chunks_.front().memory;
    left_ = chunks_.front().bytes;
  }
  free_.clear();
  pieces_ = 0;
  used_ = 0;
  peak_ = 0;
}

void Arena::add_chunk_for(std::int64_t bytes) {
  const std::int64_t enough = std::max(bytes, smallest_chunk);
  try {
    // Twice what there is: a few chunks serve a tape of any length.
    add_chunk(std::max(enough, reserved_));
  } catch (const std::bad_alloc&) {
    if (reserved_ <= enough) throw;
    add_chunk(enough);
  }
}

void Arena::add_chunk(std::int64_t bytes) {
  chunks_.reserve(chunks_.size() + 1);
  next_ = static_cast<char*>(allocate_aligned(bytes));
  left_ = bytes;
  reserved_ += bytes;
  chunks_.push_back({next_, bytes});
}

}  // namespace tapegrad::detail
