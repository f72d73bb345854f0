#include <algorithm>
#include <cmath>
#include <limits>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/exponentials.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/loops.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops::kernels {

namespace {

// NOTE [Rows and columns]
// A reduction meets contiguous elements in two ways: a row, all of which belong to one group (the
// last axis is reduced), or a column's slice, of which each element belongs to the next group (the
// last axis stays). A rule says how it takes either; memory is read once, in order.

/// Calls rule.row(x, n, group) or rule.column(x, n, first group) until all of x is taken.
template <class T, class Rule>
void take_all(const Shape& shape, const Axes& axes, const T* x, Rule& rule) {
  if (shape.size() == 0) return;
  const Shape kept = reduced_shape(shape, axes, true, "reduction");
  const Loops loops =
      merged_loops(shape, contiguous_strides(shape), broadcast_strides(kept, shape));
  const Loop& inner = loops.loop[static_cast<std::size_t>(loops.count - 1)];
  for_each_inner(loops, x, std::int64_t{0}, [&](const T* from, std::int64_t group) {
    inner.out == 0 ? rule.row(from, inner.size, group) : rule.column(from, inner.size, group);
  });
}

std::int64_t group_count(const Shape& shape, const Axes& axes) {
  return reduced_shape(shape, axes, false, "reduction").size();
}

/// y = or += f(group) for every group.
template <class T, class F>
void put_all(std::int64_t groups, T* y, bool accumulate, F f) {
  for (std::int64_t i = 0; i < groups; ++i) {
    const T number = static_cast<T>(f(i));
    accumulate ? y[i] += number : y[i] = number;
  }
}

/// The largest (sign = 1) or smallest (sign = −1) element of each group.
template <class T, int sign>
struct Extreme {
  T* best;

  static constexpr T start() { return -sign * std::numeric_limits<T>::infinity(); }

  /// The better of two; NaN is better than any number.
  template <class X>
  static X better(X a, X b) {
    const X winner = sign > 0 ? X(where(a >= b, a, b)) : X(where(a <= b, a, b));
    return where(a != a, a, winner);
  }

  void row(const T* x, std::int64_t n, std::int64_t group) {
    T winner = best[group];
    std::int64_t j = 0;
    constexpr std::int64_t width = Lanes<T>::width;
    if (n >= 4 * width) {
      Lanes<T> lanes[4] = {start(), start(), start(), start()};
      for (; j + 4 * width <= n; j += 4 * width) {
        for (int k = 0; k < 4; ++k) {
          lanes[k] = better(lanes[k], Lanes<T>::load(x + j + k * width));
        }
      }
      T part[width];
      better(better(lanes[0], lanes[1]), better(lanes[2], lanes[3])).store(part);
      for (const T number : part) winner = better(winner, number);
    }
    for (; j < n; ++j) winner = better(winner, x[j]);
    best[group] = winner;
  }

  void column(const T* x, std::int64_t n, std::int64_t group) {
    T* const state = best + group;
    std::int64_t j = 0;
    for (; j + Lanes<T>::width <= n; j += Lanes<T>::width) {
      better(Lanes<T>::load(state + j), Lanes<T>::load(x + j)).store(state + j);
    }
    for (; j < n; ++j) state[j] = better(state[j], x[j]);
  }
};

template <class T, int sign>
void extreme(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  const std::int64_t groups = group_count(shape, axes);
  T* const best = accumulate ? scratch<T, Extreme<T, sign>>(groups) : y;
  std::fill_n(best, groups, Extreme<T, sign>::start());
  Extreme<T, sign> rule{best};
  take_all(shape, axes, x, rule);
  if (accumulate) put_all(groups, y, true, [&](std::int64_t i) { return best[i]; });
}

/// A fold in double whose steps compilers vectorise: eight chains side by side along a row.
template <class Step>
struct WideFold {
  double* state;
  Step step;

  template <class T>
  void row(const T* x, std::int64_t n, std::int64_t group) {
    double chain[8];
    std::fill_n(chain, 8, Step::start);
    std::int64_t j = 0;
    for (; j + 8 <= n; j += 8) {
      for (int k = 0; k < 8; ++k) chain[k] = step(chain[k], static_cast<double>(x[j + k]));
    }
    for (; j < n; ++j) chain[0] = step(chain[0], static_cast<double>(x[j]));
    for (const double part : chain) state[group] = step.merge(state[group], part);
  }

  template <class T>
  void column(const T* x, std::int64_t n, std::int64_t group) {
    double* const own = state + group;
    for (std::int64_t j = 0; j < n; ++j) own[j] = step(own[j], static_cast<double>(x[j]));
  }
};

struct Product {
  static constexpr double start = 1;
  double operator()(double state, double x) const { return state * x; }
  static double merge(double a, double b) { return a * b; }
};

struct SumOfSquares {
  static constexpr double start = 0;
  double operator()(double state, double x) const { return state + x * x; }
  static double merge(double a, double b) { return a + b; }
};

/// The states of a wide fold over all groups.
template <class Step, class T>
double* wide_fold(const Shape& shape, const Axes& axes, const T* x, std::int64_t groups) {
  WideFold<Step> rule{scratch<double, Step>(groups), {}};
  std::fill_n(rule.state, groups, Step::start);
  take_all(shape, axes, x, rule);
  return rule.state;
}

/// The norm of a group whose squares leave the range of double.
template <class T>
double scaled_norm(const T* x, const ReductionSplit& split, std::int64_t base) {
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

/// Σ e^(x − shift) of each group.
template <class T>
struct SumOfExponentials {
  const T* shift;
  ShiftedSum* sums;

  void row(const T* x, std::int64_t n, std::int64_t group) {
    const ShiftedSum sum = shifted_sum(x, n, shift[group]);
    sums[group].ties += sum.ties;
    sums[group].rest += sum.rest;
  }

  void column(const T* x, std::int64_t n, std::int64_t group) {
    constexpr std::int64_t width = Lanes<T>::width;
    for (std::int64_t j = 0; j < n; j += width) {
      const std::int64_t count = std::min(width, n - j);
      const T* const m = shift + group + j;
      Lanes<T> ties = T(0), rest = T(0);
      count == width ? add_shifted(Lanes<T>::load(x + j), Lanes<T>::load(m), ties, rest)
                     : add_shifted(Lanes<T>::load_part(x + j, count), Lanes<T>::load_part(m, count),
                                   ties, rest);
      T tie_part[width], rest_part[width];
      ties.store(tie_part);
      rest.store(rest_part);
      for (std::int64_t i = 0; i < count; ++i) {
        sums[group + j + i].ties += static_cast<double>(tie_part[i]);
        sums[group + j + i].rest += static_cast<double>(rest_part[i]);
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
  const T members = static_cast<T>(shape.size() / groups);
  T* const sums = accumulate ? scratch<T, SumsTag>(groups) : y;
  std::fill_n(sums, groups, T(0));
  strided_copy(shape, x, contiguous_strides(shape), sums, broadcast_strides(kept, shape), true);
  put_all(groups, y, accumulate, [&](std::int64_t i) { return sums[i] / members; });
}

template <class T>
void amax(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  extreme<T, 1>(shape, axes, x, y, accumulate);
}

template <class T>
void amin(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  extreme<T, -1>(shape, axes, x, y, accumulate);
}

template <class T>
void prod(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  const std::int64_t groups = group_count(shape, axes);
  const double* const products = wide_fold<Product>(shape, axes, x, groups);
  put_all(groups, y, accumulate, [&](std::int64_t i) { return products[i]; });
}

template <class T>
void norm(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  const std::int64_t groups = group_count(shape, axes);
  const double* const squares = wide_fold<SumOfSquares>(shape, axes, x, groups);
  // Below this a square may have lost digits to underflow.
  constexpr double smallest = 1e-290;
  const ReductionSplit split = split_reduction(shape, axes, "norm");
  std::int64_t group = 0;
  for_each_offset(split.kept, split.kept_strides, [&](std::int64_t base) {
    const double sum = squares[group];
    const bool in_range = sum >= smallest && std::isfinite(sum);
    const T length = static_cast<T>(in_range ? std::sqrt(sum) : scaled_norm(x, split, base));
    accumulate ? y[group] += length : y[group] = length;
    ++group;
  });
}

template <class T>
void logsumexp(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate) {
  const std::int64_t groups = group_count(shape, axes);
  T* const shift = scratch<T, SumOfExponentials<T>>(groups);
  amax(shape, axes, x, shift, false);
  std::transform(shift, shift + groups, shift, finite_shift<T>);
  SumOfExponentials<T> rule{shift, scratch<ShiftedSum, SumOfExponentials<T>>(groups)};
  std::fill_n(rule.sums, groups, ShiftedSum{});
  take_all(shape, axes, x, rule);
  put_all(groups, y, accumulate,
          [&](std::int64_t i) { return static_cast<double>(shift[i]) + rule.sums[i].log(); });
}

template <class T>
T dot(const T* a, const T* b, std::int64_t n) {
  double chain[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int k = 0; k < 8; ++k) {
      chain[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
    }
  }
  for (; i < n; ++i) chain[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  double sum = 0;
  for (const double part : chain) sum += part;
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
