#pragma once

#include <cstdint>
#include <vector>

namespace tapegrad::ops::kernels {

/// Memory for n numbers that each thread keeps, so that a steady training step allocates nothing.
/// Whoever asks with the same Tag gets the same memory.
template <class T, class Tag>
T* scratch(std::int64_t n) {
  thread_local std::vector<T> numbers;
  if (numbers.size() < static_cast<std::size_t>(n)) numbers.resize(static_cast<std::size_t>(n));
  return numbers.data();
}

}  // namespace tapegrad::ops::kernels
