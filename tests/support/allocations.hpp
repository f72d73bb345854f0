#pragma once

#include <cstdint>

namespace tapegrad::testing {

/// False under a sanitizer, which has its own memory functions.
bool allocations_are_counted();

/// How often this thread has taken memory from the heap by `new` (containers do).
std::int64_t allocations();

/// While it lives, this thread gets `remaining` more pieces of memory by `new`, then
/// std::bad_alloc.
class OutOfMemory {
 public:
  explicit OutOfMemory(std::int64_t remaining);
  ~OutOfMemory();
  OutOfMemory(const OutOfMemory&) = delete;
  OutOfMemory& operator=(const OutOfMemory&) = delete;
};

}  // namespace tapegrad::testing
