#pragma once

#include <cstdint>

namespace tapegrad::testing {

/// False under a sanitizer, which has its own memory functions.
bool allocations_are_counted();

/// How often this thread has taken memory from the heap by `new` (containers do).
std::int64_t allocations();

}  // namespace tapegrad::testing
