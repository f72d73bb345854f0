// Replaces the global `new` by one that counts: linked into the whole test program.

#include "support/allocations.hpp"

#include <cstdlib>
#include <limits>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TAPEGRAD_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define TAPEGRAD_SANITIZED
#endif
#endif

#ifdef TAPEGRAD_SANITIZED

namespace tapegrad::testing {
bool allocations_are_counted() {
  return false;
}
std::int64_t allocations() {
  return 0;
}
OutOfMemory::OutOfMemory(std::int64_t) {}
OutOfMemory::~OutOfMemory() = default;
}  // namespace tapegrad::testing

#else

namespace {

// Per thread: what other threads do is no concern of a test, and needs no atomic.
thread_local std::int64_t count = 0;

/// How many allocations succeed before the first that does not.
constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();
thread_local std::int64_t limit = unlimited;

bool may_allocate() noexcept {
  return count++ < limit;
}

void* allocate(std::size_t bytes) noexcept {
  if (!may_allocate()) return nullptr;
  return std::malloc(bytes > 0 ? bytes : 1);
}

void* allocate(std::size_t bytes, std::align_val_t alignment) noexcept {
  if (!may_allocate()) return nullptr;
  const auto step = static_cast<std::size_t>(alignment);
  // aligned_alloc wants a multiple of the alignment.
  return std::aligned_alloc(step, (bytes + step - 1) / step * step + (bytes == 0 ? step : 0));
}

template <class... Arguments>
void* allocate_or_throw(Arguments... arguments) {
  void* memory = allocate(arguments...);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

namespace tapegrad::testing {
bool allocations_are_counted() {
  return true;
}
std::int64_t allocations() {
  return count;
}
OutOfMemory::OutOfMemory(std::int64_t remaining) {
  limit = count + remaining;
}
OutOfMemory::~OutOfMemory() {
  limit = unlimited;
}
}  // namespace tapegrad::testing

void* operator new(std::size_t n) {
  return allocate_or_throw(n);
}
void* operator new[](std::size_t n) {
  return allocate_or_throw(n);
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  return allocate(n);
}
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
  return allocate(n);
}
void* operator new(std::size_t n, std::align_val_t a) {
  return allocate_or_throw(n, a);
}
void* operator new[](std::size_t n, std::align_val_t a) {
  return allocate_or_throw(n, a);
}
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return allocate(n, a);
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return allocate(n, a);
}

void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete[](void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, const std::nothrow_t&) noexcept {
  std::free(p);
}
void operator delete[](void* p, const std::nothrow_t&) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(p);
}

#endif
