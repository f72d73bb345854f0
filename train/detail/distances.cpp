#include <tapegrad/train/detail/distances.hpp>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include <fmt/format.h>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/sum_row.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>
#include <tapegrad/ops/shape.hpp>

namespace tapegrad::train::detail {

namespace {

namespace kernels = ops::kernels;

/// Floats as the type to compute in: Lanes of numbers or one number, of the same or more digits.
template <class L>
[[gnu::always_inline]] inline L widened(const float* from) {
  if constexpr (std::is_floating_point_v<L>) {
    return static_cast<L>(*from);
  } else {
    return L::load(from);
  }
}

template <class L>
[[gnu::always_inline]] inline L size_of(L x) {
  using std::abs;
  return abs(x);
}

/// Σ |a − b|, computed in T.
template <class T>
double sum_of_sizes(const float* a, const float* b, std::int64_t n) {
  return kernels::sum_terms<T>(n, [=](auto like, std::int64_t i) {
    using L = decltype(like);
    return size_of(widened<L>(a + i) - widened<L>(b + i));
  });
}

/// Σ (a − b)², computed in T.
template <class T>
double sum_of_squares(const float* a, const float* b, std::int64_t n) {
  return kernels::sum_terms<T>(n, [=](auto like, std::int64_t i) {
    using L = decltype(like);
    const L difference = widened<L>(a + i) - widened<L>(b + i);
    return difference * difference;
  });
}

/// Σ a·b, computed in T.
template <class T>
double product(const float* a, const float* b, std::int64_t n) {
  return kernels::sum_terms<T>(n, [=](auto like, std::int64_t i) {
    using L = decltype(like);
    return widened<L>(a + i) * widened<L>(b + i);
  });
}

constexpr std::int64_t tile_a = 4, tile_b = 2;

/// Σ |a − b| of rows_a ≤ tile_a and rows_b ≤ tile_b rows. The number of rows is known to the
/// compiler, so that all sums stay in registers.
template <std::int64_t rows_a, std::int64_t rows_b>
void l1_tile(const float* a, const float* b, std::int64_t n, float* sums, std::int64_t row_stride) {
  using L = ops::Lanes<float>;
  double totals[rows_a][rows_b] = {};
  const std::int64_t whole = n / L::width * L::width;
  for (std::int64_t begin = 0; begin < whole; begin += kernels::most_in_a_row * L::width) {
    const std::int64_t end = std::min(whole, begin + kernels::most_in_a_row * L::width);
    L chains[rows_a][rows_b];
    for (auto& row : chains) std::fill(row, row + rows_b, L(0));
    for (std::int64_t i = begin; i < end; i += L::width) {
      L right[rows_b];
      for (std::int64_t s = 0; s < rows_b; ++s) right[s] = L::load(b + s * n + i);
      for (std::int64_t r = 0; r < rows_a; ++r) {
        const L left = L::load(a + r * n + i);
        for (std::int64_t s = 0; s < rows_b; ++s) {
          chains[r][s] = chains[r][s] + abs(left - right[s]);
        }
      }
    }
    for (std::int64_t r = 0; r < rows_a; ++r) {
      for (std::int64_t s = 0; s < rows_b; ++s) {
        totals[r][s] += static_cast<double>(ops::horizontal_sum(chains[r][s]));
      }
    }
  }
  for (std::int64_t r = 0; r < rows_a; ++r) {
    for (std::int64_t s = 0; s < rows_b; ++s) {
      for (std::int64_t i = whole; i < n; ++i) {
        totals[r][s] += static_cast<double>(std::abs(a[r * n + i] - b[s * n + i]));
      }
      sums[r * row_stride + s] = static_cast<float>(totals[r][s]);
    }
  }
}

/// The same for any number of rows a with rows_b rows of b.
template <std::int64_t rows_b>
void l1_rows(const float* a, std::int64_t rows_a, const float* b, std::int64_t n, float* sums,
             std::int64_t row_stride) {
  std::int64_t r = 0;
  for (; r + tile_a <= rows_a; r += tile_a) {
    l1_tile<tile_a, rows_b>(a + r * n, b, n, sums + r * row_stride, row_stride);
  }
  for (; r < rows_a; ++r) {
    l1_tile<1, rows_b>(a + r * n, b, n, sums + r * row_stride, row_stride);
  }
}

}  // namespace

double squared_distance(const float* a, const float* b, std::int64_t n) {
  return sum_of_squares<double>(a, b, n);
}

Measured measured(Metric metric, const float* a, const float* b, std::int64_t n,
                  std::int64_t index) {
  if (metric == Metric::dot) {
    const auto similarity = static_cast<float>(product<double>(a, b, n));
    return {-similarity, index, similarity};
  }
  const double distance =
      metric == Metric::l1 ? sum_of_sizes<double>(a, b, n) : std::sqrt(squared_distance(a, b, n));
  return {static_cast<float>(distance), index, static_cast<float>(distance)};
}

float rough_farness(Metric metric, const float* a, const float* b, std::int64_t n) {
  const double farness = metric == Metric::l1   ? sum_of_sizes<float>(a, b, n)
                         : metric == Metric::l2 ? sum_of_squares<float>(a, b, n)
                                                : -product<float>(a, b, n);
  return static_cast<float>(farness);
}

void l1_distances(const float* a, std::int64_t rows_a, const float* b, std::int64_t rows_b,
                  std::int64_t n, float* sums, std::int64_t row_stride) {
  // So many rows of b stay in the cache while all of a goes by.
  const std::int64_t kept = std::max(tile_b, 32768 / n / tile_b * tile_b);
  for (std::int64_t first = 0; first < rows_b; first += kept) {
    const std::int64_t stop = std::min(rows_b, first + kept);
    for (std::int64_t r = 0; r < rows_a; r += tile_a) {
      const std::int64_t rows = std::min(tile_a, rows_a - r);
      float* const out = sums + r * row_stride;
      std::int64_t s = first;
      for (; s + tile_b <= stop; s += tile_b) {
        l1_rows<tile_b>(a + r * n, rows, b + s * n, n, out + s, row_stride);
      }
      for (; s < stop; ++s) l1_rows<1>(a + r * n, rows, b + s * n, n, out + s, row_stride);
    }
  }
}

Sizes sizes_of(const Array<float>& samples, const char* who) {
  const Shape shape(samples.shape().begin(), samples.shape().end());
  if (shape.rank() < 2 || shape.size() == 0) {
    throw ShapeError(
        fmt::format("[{}] needs at least one sample with a feature, (N, D) or (N, C, "
                    "H, W), got {}; let each sample be a row or an image",
                    who, to_string(shape)));
  }
  return {shape[0], shape.size() / shape[0]};
}

std::int64_t check_search(const Array<float>& queries, std::int64_t k, std::int64_t features,
                          std::int64_t points, const char* who) {
  const Shape shape(queries.shape().begin(), queries.shape().end());
  std::int64_t own = 1;
  for (int axis = 1; axis < shape.rank(); ++axis) own *= shape[axis];
  if (shape.rank() < 2 || own != features) {
    throw ShapeError(
        fmt::format("[{}] needs queries (Q, …) of {} features each as the points, got "
                    "{}; prepare them as the points were",
                    who, features, to_string(shape)));
  }
  if (k < 1 || k > points) {
    throw ValueError(
        fmt::format("[{}] needs k from 1 to {}, the number of points, got {}", who, points, k));
  }
  return shape[0];
}

void centred_norms(const float* samples, const Sizes& sizes, const float* centre, double* norms,
                   const char* who) {
  const std::int64_t n = sizes.features;
  const double nanoseconds = kernels::streaming_time<float>(2 * sizes.samples * n);
  kernels::share_out(sizes.samples, nanoseconds, [&](std::int64_t first, std::int64_t end) {
    for (std::int64_t i = first; i < end; ++i) {
      norms[i] = std::sqrt(squared_distance(samples + i * n, centre, n));
    }
  });
  const double* const bad =
      std::find_if(norms, norms + sizes.samples, [](double norm) { return !(norm < 1e18); });
  if (bad == norms + sizes.samples) return;
  throw ValueError(
      fmt::format("[{}] needs finite numbers and samples of a norm below 1e18, got "
                  "sample {} with norm {}; find out where it was made, or scale",
                  who, bad - norms, *bad));
}

}  // namespace tapegrad::train::detail
