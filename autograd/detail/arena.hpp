#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tapegrad::detail {

/// Memory for one tape: handed out front to back, all taken back at once by reset, which keeps it
/// for the next step. After a step that needed several chunks, one chunk of their joint size takes
/// their place, so the same step allocates nothing from the third time on.
class Arena {
 public:
  Arena() = default;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialised memory, aligned to 64 bytes. Throws std::bad_alloc.
  void* allocate(std::int64_t bytes);

  /// Offers memory from `allocate(bytes)` for reuse by an allocation of the same size or, if it is
  /// large, together with its free neighbours by one of any size.
  void release(void* memory, std::int64_t bytes) noexcept;

  /// Takes back everything.
  void reset() noexcept;

  /// Bytes handed out since the last reset and not released.
  std::int64_t used() const { return used_; }
  /// The most that `used` has been since the last reset.
  std::int64_t peak() const { return peak_; }
  /// Bytes held from the system.
  std::int64_t reserved() const { return reserved_; }

 private:
  struct Chunk {
    char* memory;
    std::int64_t bytes;
  };
  struct Free {
    void* memory;
    std::int64_t bytes;
  };
  void* take(std::int64_t bytes);
  void* take_free(std::int64_t bytes);
  void* take_joined(std::int64_t bytes);
  void add_chunk_for(std::int64_t bytes);
  void add_chunk(std::int64_t bytes);

  std::vector<Chunk> chunks_;
  std::vector<Free> free_;
  std::size_t pieces_ = 0;  ///< Handed out and free.
  char* next_ = nullptr;
  std::int64_t left_ = 0;
  std::int64_t used_ = 0;
  std::int64_t peak_ = 0;
  std::int64_t reserved_ = 0;
};

}  // namespace tapegrad::detail
