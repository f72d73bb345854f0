#include <algorithm>
#include <cmath>
#include <type_traits>

#include <tapegrad/ops/flatten.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/exponentials.hpp>
#include <tapegrad/ops/kernels/extreme.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/range_watch.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/kernels/take_all.hpp>

namespace tapegrad::ops::kernels {

namespace {

/// y = or += f(group) for every group.
template <class T, class F>
void put_all(std::int64_t groups, T* y, bool accumulate, F f) {
  for (std::int64_t i = 0; i < groups; ++i) {
    const T number = static_cast<T>(f(i));
    accumulate ? y[i] += number : y[i] = number;
  }
}

/// The best element of each group.
template <class T, int sign>
struct BestOfGroups {
  using E = Extreme<T, sign>;
  T* best;

  void row(const T* x, std::int64_t n, std::int64_t group) {
    best[group] = E::of_row(x, n, best[group]);
  }
  template <int rows>
  void columns(const T* x, std::int64_t pitch, std::int64_t n, std::int64_t group) {
    E::template of_columns<rows>(x, pitch, n, best + group);
  }
};

template <class T, int sign>
void extreme(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  const std::int64_t groups = group_count(shape, axes);
  T* const best = accumulate ? scratch<T, BestOfGroups<T, sign>>(groups) : y;
  std::fill_n(best, groups, Extreme<T, sign>::start);
  BestOfGroups<T, sign> rule{best};
  take_all(shape, axes, x, rule);
  if (accumulate) put_all(groups, y, true, [&](std::int64_t i) { return best[i]; });
}

/// A fold in the precision of S: several chains side by side along a row, since a step waits for
/// the one before.
template <class S, class Step>
struct Fold {
  using L = Lanes<S, 4>;
  S* state;
  Step step;

  template <class T>
  TAPEGRAD_FLATTEN void row(const T* x, std::int64_t n, std::int64_t group) {
    L a = Step::start, b = Step::start;
    std::int64_t j = 0;
    for (; j + 2 * L::width <= n; j += 2 * L::width) {
      prefetch(x + j, 2 * L::width);
      a = step(a, L::load(x + j));
      b = step(b, L::load(x + j + L::width));
    }
    S here = state[group];
    if (j > 0) {
      const auto merge = [](const auto& one, const auto& two) { return Step::merge(one, two); };
      here = merge(here, horizontal_fold(merge(a, b), merge));
    }
    for (; j < n; ++j) here = step(here, static_cast<S>(x[j]));
    state[group] = here;
  }

  template <int rows, class T>
  TAPEGRAD_FLATTEN void columns(const T* x, std::int64_t pitch, std::int64_t n,
                                std::int64_t group) {
    S* const own = state + group;
    std::int64_t j = 0;
    for (; j + L::width <= n; j += L::width) {
      L here = L::load(own + j);
      for (int row = 0; row < rows; ++row) here = step(here, L::load(x + row * pitch + j));
      here.store(own + j);
    }
    for (; j < n; ++j) {
      S here = own[j];
      for (int row = 0; row < rows; ++row) {
        here = step(here, static_cast<S>(x[row * pitch + j]));
      }
      own[j] = here;
    }
  }
};

struct Product {
  static constexpr int start = 1;
  template <class X>
  X operator()(X state, X x) const {
    return state * x;
  }
  template <class X>
  static X merge(X a, X b) {
    return a * b;
  }
};

struct SumOfSquares {
  static constexpr int start = 0;
  template <class X>
  X operator()(X state, X x) const {
    return state + x * x;
  }
  template <class X>
  static X merge(X a, X b) {
    return a + b;
  }
};

/// The states of a fold over all groups.
template <class S, class Step, class T>
S* fold(const Shape& shape, const Axes& axes, const T* x, std::int64_t groups) {
  Fold<S, Step> rule{scratch<S, Step>(groups), {}};
  std::fill_n(rule.state, groups, S(Step::start));
  take_all(shape, axes, x, rule);
  return rule.state;
}

/// The norm of a group whose squares leave the range of double.
template <class T>
double scaled_norm(const T* x, const ReductionSplit& split, std::int64_t group) {
  const std::int64_t base = offset_of(group, split.kept, split.kept_strides);
  double largest = 0;
  const auto for_each = [&](auto f) {
    for_each_offset(split.reduced, split.reduced_strides, [&](std::int64_t offset) {
      f(std::abs(static_cast<double>(x[base + offset])));
    });
  };
  for_each([&](double a) { largest = Extreme<double, 1>::better(largest, a); });
  if (largest == 0 || !std::isfinite(largest)) return largest;
  double sum = 0;
  for_each([&](double a) { sum += (a / largest) * (a / largest); });
  return largest * std::sqrt(sum);
}

/// The product of a group, with an exponent of its own that no partial product can leave.
template <class T>
double scaled_product(const T* x, const ReductionSplit& split, std::int64_t group) {
  const std::int64_t base = offset_of(group, split.kept, split.kept_strides);
  std::int64_t exponent = 0;
  // Two numbers between these have a product in the range of double.
  constexpr double smallest = 0x1p-500, largest = 0x1p500;
  const auto scaled = [&](double number) {
    if (std::abs(number) >= smallest && std::abs(number) <= largest) return number;
    int own = 0;
    const double mantissa = std::frexp(number, &own);
    if (std::isfinite(mantissa)) exponent += own;
    return mantissa;
  };
  double product = 1;
  for_each_offset(split.reduced, split.reduced_strides, [&](std::int64_t offset) {
    product = scaled(product * scaled(static_cast<double>(x[base + offset])));
  });
  // Far beyond any number on both sides.
  constexpr std::int64_t most = 10000;
  return std::ldexp(product, static_cast<int>(std::clamp(exponent, -most, most)));
}

/// y = or += the products in the precision of S; false, and y as it was, if one of them left the
/// range of S on its way. The fold stays on this thread, which is the one that is watched.
template <class S, class T>
bool put_products(const Shape& shape, const Axes& axes, const T* x, std::int64_t groups, T* y,
                  bool accumulate) {
  const S* product = nullptr;
  {
    const RangeWatch watch;
    product = fold<S, Product>(shape, axes, x, groups);
    if (watch.left_range()) return false;
  }
  put_all(groups, y, accumulate, [&](std::int64_t i) { return product[i]; });
  return true;
}

/// Σ e^(x − shift) of each group.
template <class T>
struct SumOfExponentials {
  const T* shift;
  double* ties;
  double* rest;

  void row(const T* x, std::int64_t n, std::int64_t group) {
    const ShiftedSum sum = shifted_sum(x, n, shift[group]);
    ties[group] += sum.ties;
    rest[group] += sum.rest;
  }

  template <int rows>
  void columns(const T* x, std::int64_t pitch, std::int64_t n, std::int64_t group) {
    using Sums = ShiftedSums<T, 2>;
    using L = typename Sums::L;
    for (std::int64_t j = 0; j < n; j += L::width) {
      const std::int64_t count = std::min(L::width, n - j);
      const auto load = [&](const T* from) {
        return count == L::width ? L::load(from) : L::load_part(from, count);
      };
      const L own = load(shift + group + j);
      Sums sums;
      for (int row = 0; row < rows; ++row) sums.add(load(x + row * pitch + j), own);
      T more_ties[L::width];
      double more_rest[L::width];
      sums.store(more_ties, more_rest);
      for (std::int64_t i = 0; i < count; ++i) {
        ties[group + j + i] += static_cast<double>(more_ties[i]);
        rest[group + j + i] += more_rest[i];
      }
    }
  }
};

}  // namespace

template <class T>
void mean(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  struct SumsTag {};
  const Shape kept = reduced_shape(shape, axes, true, "mean");
  const std::int64_t groups = kept.size();
  const std::int64_t members = shape.size() / groups;
  T* const sums = accumulate ? scratch<T, SumsTag>(groups) : y;
  std::fill_n(sums, groups, T(0));
  strided_copy(shape, x, contiguous_strides(shape), sums, broadcast_strides(kept, shape), true);
  put_all(groups, y, accumulate, [&](std::int64_t i) { return sums[i] / static_cast<T>(members); });
}

template <class T>
void amax(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  extreme<T, 1>(shape, axes, x, y, accumulate);
}

template <class T>
void amin(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  extreme<T, -1>(shape, axes, x, y, accumulate);
}

// NOTE [Products of floats]
// n factors round a product n times, by half an ulp each. As floats twice as many are multiplied at
// once and none is converted, but what is lost grows as √n, or as n where all factors are alike: as
// what their own roundings come to. So floats are multiplied as such up to a number of factors that
// usually loses less than 1e-6; longer products, and those that leave the range of float, are taken
// in double.

/// Most factors multiplied as floats. See NOTE [Products of floats].
constexpr std::int64_t most_factors = 1024;

template <class T>
void prod(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  const ReductionSplit split = split_reduction(shape, axes, "prod");
  const std::int64_t groups = split.kept.size();
  const bool as_floats = std::is_same_v<T, float> && split.reduced.size() <= most_factors;
  if (as_floats && put_products<T>(shape, axes, x, groups, y, accumulate)) return;
  if (put_products<double>(shape, axes, x, groups, y, accumulate)) return;
  put_all(groups, y, accumulate, [&](std::int64_t i) { return scaled_product(x, split, i); });
}

template <class T>
void norm(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  const ReductionSplit split = split_reduction(shape, axes, "norm");
  const std::int64_t groups = split.kept.size();
  const double* const squares = fold<double, SumOfSquares>(shape, axes, x, groups);
  // Below this a square may have lost digits to underflow.
  constexpr double smallest = 1e-290;
  put_all(groups, y, accumulate, [&](std::int64_t i) {
    const bool in_range = squares[i] >= smallest && std::isfinite(squares[i]);
    return in_range ? std::sqrt(squares[i]) : scaled_norm(x, split, i);
  });
}

template <class T>
void logsumexp(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  const std::int64_t groups = group_count(shape, axes);
  struct ShiftTag {};
  T* const shift = scratch<T, ShiftTag>(groups);
  amax(shape, axes, x, shift, false);
  using Rule = SumOfExponentials<T>;
  double* const sums = scratch<double, Rule>(2 * groups);
  std::fill_n(sums, 2 * groups, 0.0);
  Rule rule{shift, sums, sums + groups};
  take_all(shape, axes, x, rule);
  put_all(groups, y, accumulate, [&](std::int64_t i) {
    const auto m = static_cast<double>(shift[i]);
    return std::isfinite(m) ? m + ShiftedSum{rule.ties[i], rule.rest[i]}.log() : m;
  });
}

template <class T>
TAPEGRAD_FLATTEN T dot(const T* a, const T* b, std::int64_t n) {
  using L = Lanes<double, 8>;
  L sums = 0;
  std::int64_t i = 0;
  for (; i + L::width <= n; i += L::width) {
    prefetch(a + i, L::width);
    prefetch(b + i, L::width);
    sums = fma(L::load(a + i), L::load(b + i), sums);
  }
  double sum = horizontal_sum(sums);
  for (; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return static_cast<T>(sum);
}

#define TAPEGRAD_INSTANTIATE(T)                                           \
  template void mean(const Shape&, const Axes&, const T*, T*, bool);      \
  template void amax(const Shape&, const Axes&, const T*, T*, bool);      \
  template void amin(const Shape&, const Axes&, const T*, T*, bool);      \
  template void prod(const Shape&, const Axes&, const T*, T*, bool);      \
  template void norm(const Shape&, const Axes&, const T*, T*, bool);      \
  template void logsumexp(const Shape&, const Axes&, const T*, T*, bool); \
  template T dot(const T*, const T*, std::int64_t);
TAPEGRAD_INSTANTIATE(float)
TAPEGRAD_INSTANTIATE(double)
#undef TAPEGRAD_INSTANTIATE

}  // namespace tapegrad::ops::kernels
