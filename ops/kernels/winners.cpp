#include <algorithm>
#include <cmath>
#include <limits>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/extreme.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/kernels/take_all.hpp>

namespace tapegrad::ops::kernels {

namespace {

/// Finds the first element of each group that is as good as its best. Hardly any is: several are
/// looked at together, and one by one only where not all of them lose.
template <class T, int sign>
struct FirstOfGroups {
  using L = Lanes<T>;
  const T* begin;
  T* best;
  std::int64_t* position;  // Negative until it is found.

  /// Of numbers or registers: false for NaN, which nothing beats.
  template <class X>
  static auto loses(const X& x, const X& to) {
    return sign > 0 ? x < to : x > to;
  }

  void see(const T* x, std::int64_t group) {
    const bool wins = *x == best[group] || (std::isnan(*x) && std::isnan(best[group]));
    if (!wins || position[group] >= 0) return;
    position[group] = x - begin;
    // To this every later number loses.
    best[group] = sign * std::numeric_limits<T>::infinity();
  }

  void row(const T* x, std::int64_t n, std::int64_t group) {
    using Many = Lanes<T, 4>;
    std::int64_t j = 0;
    while (j < n && position[group] < 0) {
      const Many to = best[group];
      while (j + Many::width <= n && every(loses(Many::load(x + j), to))) j += Many::width;
      const std::int64_t stop = std::min(n, j + Many::width);
      for (; j < stop; ++j) see(x + j, group);
    }
  }

  template <int rows>
  void columns(const T* x, std::int64_t pitch, std::int64_t n, std::int64_t group) {
    for (std::int64_t j = 0; j < n; j += L::width) {
      const std::int64_t count = std::min(L::width, n - j);
      if (count == L::width) {
        const L to = L::load(best + group + j);
        auto lost = loses(L::load(x + j), to);
        for (int row = 1; row < rows; ++row) {
          lost = lost & loses(L::load(x + row * pitch + j), to);
        }
        if (every(lost)) continue;
      }
      for (int row = 0; row < rows; ++row) {
        for (std::int64_t i = j; i < j + count; ++i) see(x + row * pitch + i, group + i);
      }
    }
  }
};

}  // namespace

template <class T, int sign>
const std::int64_t* winners(const Shape& shape, const Axes& axes, const T* x) {
  using Rule = FirstOfGroups<T, sign>;
  const std::int64_t groups = group_count(shape, axes);
  Rule rule{x, scratch<T, Rule>(groups), scratch<std::int64_t, Rule>(groups)};
  (sign > 0 ? amax<T> : amin<T>)(shape, axes, x, rule.best, false);
  std::fill_n(rule.position, groups, -1);
  take_all(shape, axes, x, rule);
  return rule.position;
}

template const std::int64_t* winners<float, 1>(const Shape&, const Axes&, const float*);
template const std::int64_t* winners<float, -1>(const Shape&, const Axes&, const float*);
template const std::int64_t* winners<double, 1>(const Shape&, const Axes&, const double*);
template const std::int64_t* winners<double, -1>(const Shape&, const Axes&, const double*);

}  // namespace tapegrad::ops::kernels
