#pragma once

#include <algorithm>
#include <type_traits>

#include <tapegrad/ops/flatten.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>

namespace tapegrad::ops::kernels {

/// Numbers as the type to compute in: Lanes, or T itself for one number.
template <class L, class T>
[[gnu::always_inline]] inline L load_as(const T* from) {
  if constexpr (std::is_same_v<L, T>) {
    return *from;
  } else {
    return L::load(from);
  }
}

/// The sum of n terms: term(L(), i) is term i as a number of T or, if L is Lanes, the terms from i
/// on. See NOTE [Wide sums].
template <class T, class Term>
TAPEGRAD_FLATTEN double sum_terms(std::int64_t n, Term term) {
  // An addition waits for the one before: four registers side by side.
  using L = Lanes<T, 4>;
  using Wide = Lanes<double, static_cast<int>(Lanes<T>::width / Lanes<double>::width)>;
  constexpr std::int64_t additions = 64;
  Wide total = 0;
  std::int64_t i = 0;
  while (i + L::width <= n) {
    const std::int64_t stop = i + std::min((n - i) / L::width, additions) * L::width;
    L chains = 0;
    for (; i < stop; i += L::width) chains = chains + term(L(), i);
    T part[Lanes<T>::width];
    sum_of_registers(chains).store(part);
    total = total + Wide::load(part);
  }
  double sum = horizontal_sum(total);
  for (; i < n; ++i) sum += static_cast<double>(term(T(), i));
  return sum;
}

/// The sum of n numbers.
template <class T>
TAPEGRAD_FLATTEN double sum_row(const T* in, std::int64_t n) {
  return sum_terms<T>(n, [in](auto like, std::int64_t i) {
    using L = decltype(like);
    if constexpr (!std::is_same_v<L, T>) prefetch(in + i, L::width);
    return load_as<L>(in + i);
  });
}

}  // namespace tapegrad::ops::kernels
