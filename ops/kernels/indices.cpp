#include <algorithm>
#include <atomic>
#include <limits>
#include <type_traits>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>

namespace tapegrad::ops::kernels {

namespace {

/// Whether a number is whole, from 0 to `last`.
template <class T>
bool is_index(T number, T last) {
  using Integer = std::conditional_t<std::is_same_v<T, float>, std::int32_t, std::int64_t>;
  // NaN becomes 0, and what no integer could hold one of the ends.
  const T inside = std::min(std::max(T(0), number), last);
  return static_cast<T>(static_cast<Integer>(inside)) == number;
}

/// What is wrong is told in the words of the gate: `things` are labels or indices, `place` says
/// where the wrong one lies.
template <class T>
void check(const T* numbers, std::int64_t count, std::int64_t size, const char* gate,
           const char* things, const char* place) {
  if (size > std::int64_t{1} << std::numeric_limits<T>::digits) {
    throw ValueError(std::string("[") + gate + "] needs " + things +
                     " that the tape's precision can tell apart, got " + std::to_string(size) +
                     " of them; use a tape in double precision");
  }
  // The compiler makes SIMD of a loop that counts, and the search is for the error alone.
  const T last = static_cast<T>(size - 1);
  std::atomic<std::int64_t> fine{0};
  share_out(count, streaming_time<T>(count), [&](std::int64_t first, std::int64_t end) {
    std::int64_t own = 0;
    for (std::int64_t i = first; i < end; ++i) own += is_index(numbers[i], last) ? 1 : 0;
    fine += own;
  });
  if (fine == count && (size > 0 || count == 0)) return;
  const T* const wrong = std::find_if(
      numbers, numbers + count, [&](T number) { return size == 0 || !is_index(number, last); });
  throw ValueError(std::string("[") + gate + "] needs " + things +
                   " that are whole numbers from 0 to " + std::to_string(size - 1) + ", got " +
                   number_text(static_cast<double>(*wrong)) + " " + place + " " +
                   std::to_string(wrong - numbers));
}

}  // namespace

template <class T>
void check_indices(const T* indices, std::int64_t count, std::int64_t size, const char* gate) {
  check(indices, count, size, gate, "indices", "at position");
}

template <class T>
void check_labels(const T* labels, std::int64_t rows, std::int64_t classes, const char* gate) {
  check(labels, rows, classes, gate, "labels", "in row");
}

#define TAPEGRAD_INSTANTIATE(T)                                                   \
  template void check_indices(const T*, std::int64_t, std::int64_t, const char*); \
  template void check_labels(const T*, std::int64_t, std::int64_t, const char*);
TAPEGRAD_INSTANTIATE(float)
TAPEGRAD_INSTANTIATE(double)
#undef TAPEGRAD_INSTANTIATE

}  // namespace tapegrad::ops::kernels
