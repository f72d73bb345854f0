#include <limits>

#include <tapegrad/ops/kernels.hpp>

namespace tapegrad::ops::kernels {

namespace {

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
  for (std::int64_t i = 0; i < count; ++i) {
    const T number = numbers[i];
    // The order of the tests matters: NaN and numbers too large for an integer stop at the first.
    const bool in_range = number >= 0 && number < static_cast<T>(size);
    if (!in_range || number != static_cast<T>(static_cast<std::int64_t>(number))) {
      throw ValueError(std::string("[") + gate + "] needs " + things +
                       " that are whole numbers from 0 to " + std::to_string(size - 1) + ", got " +
                       number_text(static_cast<double>(number)) + " " + place + " " +
                       std::to_string(i));
    }
  }
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
