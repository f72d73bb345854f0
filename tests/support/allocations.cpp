// Replaces the global `new` by one that counts: linked into the whole test program.

#include "support/allocations.hpp"

#include <cstdlib>
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
}  // namespace tapegrad::testing

#else

namespace {

// Per thread: what other threads do is no concern of a test, and needs no atomic.
thread_local std::int64_t count = 0;

void* allocate(std::size_t bytes) noexcept {
  ++count;
  return std::malloc(bytes > 0 ? bytes : 1);
}

void* allocate(std::size_t bytes, std::align_val_t alignment) noexcept {
  ++count;
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
