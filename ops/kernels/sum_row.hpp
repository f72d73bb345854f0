#pragma once

#include <algorithm>

#include <tapegrad/ops/flatten.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>

namespace tapegrad::ops::kernels {

/// The sum of n numbers. See NOTE [Wide sums].
template <class T>
TAPEGRAD_FLATTEN double sum_row(const T* in, std::int64_t n) {
  // An addition waits for the one before: four registers side by side.
  using L = Lanes<T, 4>;
  using Wide = Lanes<double, static_cast<int>(Lanes<T>::width / Lanes<double>::width)>;
  constexpr std::int64_t additions = 64;
  Wide total = 0;
  std::int64_t i = 0;
  while (i + L::width <= n) {
    const std::int64_t stop = i + std::min((n - i) / L::width, additions) * L::width;
    L chains = 0;
    for (; i < stop; i += L::width) {
      prefetch(in + i, L::width);
      chains = chains + L::load(in + i);
    }
    T part[Lanes<T>::width];
    sum_of_registers(chains).store(part);
    total = total + Wide::load(part);
  }
  double sum = horizontal_sum(total);
  for (; i < n; ++i) sum += static_cast<double>(in[i]);
  return sum;
}

}  // namespace tapegrad::ops::kernels
