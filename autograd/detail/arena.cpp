#include <tapegrad/autograd/detail/arena.hpp>

#include <algorithm>
#include <new>

#include <tapegrad/autograd/detail/arrays.hpp>

namespace tapegrad::detail {

namespace {

constexpr std::int64_t smallest_chunk = 16 * 1024;

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
  for (auto entry = free_.rbegin(); entry != free_.rend(); ++entry) {
    if (entry->bytes == bytes) {
      void* memory = entry->memory;
      *entry = free_.back();
      free_.pop_back();
      return memory;
    }
  }
  // Room for every piece that may be released.
  if (free_.capacity() == pieces_) free_.reserve(std::max<std::size_t>(16, 2 * pieces_));
  if (bytes > left_) add_chunk_for(bytes);
  ++pieces_;
  char* memory = next_;
  next_ += bytes;
  left_ -= bytes;
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
