#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace tapegrad::ops::kernels {

// NOTE [Parts of a loop]
// A loop over samples, or over the strips of a matrix product, is split into as many parts as
// set_num_threads allows. Which samples belong to a part depends on the number of threads alone,
// not on who computes it or when: the same number gives the same bits.

/// How many threads loops and matrix products may use. At first as many as OpenBLAS would, which
/// reads OPENBLAS_NUM_THREADS and counts the cores.
std::atomic<int>& thread_count();

/// The number of parts of a loop over `count` items that takes about so many nanoseconds on one
/// thread: 1 if that is too few to wake another, and never so many that a part is not worth it.
int parts_for(std::int64_t count, double nanoseconds);

/// Calls call(context, part) for part 0 to parts − 1, several at a time, and returns when all are
/// done. Rethrows the first exception.
void run_parts(int parts, void (*call)(void* context, int part), void* context);

/// Calls f(part, first item, end) for each of `parts` even parts of `count` items.
template <class F>
void for_each_part(std::int64_t count, int parts, F f) {
  struct Items {
    F& f;
    std::int64_t count;
    int parts;
  } items{f, count, parts};
  const auto call = [](void* context, int part) {
    Items& all = *static_cast<Items*>(context);
    all.f(part, all.count * part / all.parts, all.count * (part + 1) / all.parts);
  };
  if (parts == 1) return call(&items, 0);
  run_parts(parts, call, &items);
}

/// Calls f(first item, end) for even parts of `count` items, a loop that takes about so many
/// nanoseconds on one thread.
template <class F>
void share_out(std::int64_t count, double nanoseconds, F f) {
  for_each_part(count, parts_for(count, nanoseconds),
                [&f](int, std::int64_t first, std::int64_t end) { f(first, end); });
}

/// The nanoseconds that a loop over so many elements of T takes, between the cache's speed and that
/// of memory.
template <class T>
constexpr double streaming_time(std::int64_t elements) {
  return 0.04 * sizeof(T) * static_cast<double>(elements);
}

/// The nanoseconds that matrices of so many rows, columns and inner elements take to multiply.
constexpr double product_time(std::int64_t m, std::int64_t n, std::int64_t k) {
  return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) / 30;
}

}  // namespace tapegrad::ops::kernels
