#pragma once

#include <algorithm>
#include <type_traits>

#include <tapegrad/ops/rule.hpp>
#include <tapegrad/ops/strides.hpp>

namespace tapegrad::ops {

/// The running sum along an axis, y_i = x_0 + … + x_i, or from the end, y_i = x_i + … + x_last,
/// with `reverse`. Gathered in double. The gradient is the running sum from the other end.
struct Cumsum : Whole<1> {
  std::int64_t axis = 0;  ///< Along which; negative ones count from the end.
  bool reverse = false;   ///< Whether the sum runs from the end.

  Cumsum() = default;
  Cumsum(std::int64_t along, bool from_the_end = false) : axis(along), reverse(from_the_end) {}

  Shape shape(Shapes x) const {
    normalize_axis(axis, x[0].rank(), "cumsum");
    return x[0];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const int front = normalize_axis(axis, y.shape.rank(), "cumsum");
    const std::int64_t size = y.shape[front];
    const std::int64_t inner = contiguous_strides(y.shape)[front];
    const std::int64_t all = y.shape.size();
    if (all == 0) return;
    // Sums that lie `apart` grow side by side, since an addition waits for the one before.
    const auto grow = [&](auto sums, std::int64_t begin, std::int64_t apart) {
      double sum[columns] = {};
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t at = begin + (reverse ? size - 1 - i : i) * inner;
        for (std::int64_t j = 0; j < sums; ++j) {
          sum[j] += static_cast<double>(x[0].data[at + j * apart]);
          y.put(at + j * apart, static_cast<T>(sum[j]));
        }
      }
    };
    if (inner == 1) {
      std::int64_t row = 0;
      for (; row + rows <= all / size; row += rows) grow(constant<rows>, row * size, size);
      for (; row < all / size; ++row) grow(constant<1>, row * size, size);
      return;
    }
    for (std::int64_t outer = 0; outer < all; outer += size * inner) {
      for (std::int64_t first = 0; first < inner; first += columns) {
        grow(std::min(columns, inner - first), outer + first, 1);
      }
    }
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Cumsum{axis, !reverse}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Cumsum{}, {{5}});
    s.add(Cumsum{0, true}, {{4, 3}});
    s.add(Cumsum{-1}, {{4, 3}});
    s.add(Cumsum{1}, {{2, 3, 4}});
    s.add(Cumsum{1}, {{2, 0}});
    s.add(Cumsum{0}, {{3, 70}});
    s.add(Cumsum{1}, {{6, 3}});
  }

 private:
  static constexpr std::int64_t rows = 4, columns = 64;
  template <std::int64_t n>
  static constexpr std::integral_constant<std::int64_t, n> constant{};
};

}  // namespace tapegrad::ops
