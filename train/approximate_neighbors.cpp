#include <tapegrad/train/approximate_neighbors.hpp>

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>
// Its own loops are for SSE and AVX, and functions beside them would meet those of a user's hnswlib
// when a program is linked; ours are vectorised for every processor.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/train/detail/distances.hpp>

// NOTE [Why hnswlib]
// The course that much of this library follows names FLANN. hnswlib is 4 headers without
// dependencies, where Debian's FLANN brings Boost, HDF5 and MPI; trees and cells of k-means find
// little in thousands of dimensions, where a graph of neighbours still does; and it takes any
// metric, so that all of ours have an index.

namespace tapegrad::train {

namespace {

namespace kernels = ops::kernels;

constexpr const char* who = "approximate_neighbors";

/// What a space tells hnswlib: the distance of two samples of `count` numbers.
template <Metric metric>
float distance(const void* a, const void* b, const void* count) {
  const auto* const x = static_cast<const float*>(a);
  const auto* const y = static_cast<const float*>(b);
  const std::int64_t n = *static_cast<const std::int64_t*>(count);
  return detail::rough_farness(metric, x, y, n);
}

/// Samples of n numbers, as hnswlib wants them described.
class Space : public hnswlib::SpaceInterface<float> {
 public:
  Space(Metric metric, std::int64_t n) : metric_(metric), n_(n) {}
  std::size_t get_data_size() override { return static_cast<std::size_t>(n_) * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override {
    if (metric_ == Metric::l1) return distance<Metric::l1>;
    return metric_ == Metric::l2 ? distance<Metric::l2> : distance<Metric::dot>;
  }
  void* get_dist_func_param() override { return &n_; }

 private:
  Metric metric_;
  std::int64_t n_;
};

void check_range(const char* name, std::int64_t number, std::int64_t low, std::int64_t high) {
  if (number >= low && number <= high) return;
  throw ValueError(
      fmt::format("[{}] needs {} from {} to {}, got {}", who, name, low, high, number));
}

}  // namespace

/// hnswlib's graph with what belongs to it.
struct ApproximateNeighbors::Index {
  Metric metric;
  detail::Sizes sizes;
  Space space;
  hnswlib::HierarchicalNSW<float> graph;

  Index(Metric used, const detail::Sizes& counted, const ApproximateOptions& options)
      : metric(used),
        sizes(counted),
        space(used, counted.features),
        graph(&space, static_cast<std::size_t>(counted.samples),
              static_cast<std::size_t>(options.m),
              static_cast<std::size_t>(options.ef_construction), options.seed) {}
};

ApproximateNeighbors::ApproximateNeighbors(const Array<float>& points, Metric metric,
                                           const ApproximateOptions& options) {
  check_range("m", options.m, 2, 1000);
  check_range("ef_construction", options.ef_construction, 1, 1'000'000);
  const detail::Sizes sizes = detail::sizes_of(points, who);
  const auto n = static_cast<std::size_t>(sizes.features);
  std::vector<double> norms(static_cast<std::size_t>(sizes.samples));
  detail::centred_norms(points.data(), sizes, std::vector<float>(n).data(), norms.data(), who);
  try {
    index_ = std::make_unique<Index>(metric, sizes, options);
    for (std::size_t i = 0; i < norms.size(); ++i) {
      index_->graph.addPoint(points.data() + i * n, i);
    }
  } catch (const std::runtime_error&) {
    // With sizes that fit, there is one reason left: it could not get memory.
    throw std::bad_alloc();
  }
}

ApproximateNeighbors::~ApproximateNeighbors() = default;
ApproximateNeighbors::ApproximateNeighbors(ApproximateNeighbors&& other) noexcept = default;
ApproximateNeighbors& ApproximateNeighbors::operator=(ApproximateNeighbors&& other) noexcept =
    default;

Neighbors ApproximateNeighbors::kneighbors(const Array<float>& queries, std::int64_t k,
                                           std::int64_t ef) {
  const std::int64_t n = index_->sizes.features, points = index_->sizes.samples;
  const std::int64_t count = detail::check_search(queries, k, n, points, who);
  check_range("ef", ef, 1, std::numeric_limits<std::int64_t>::max());
  std::vector<double> norms(static_cast<std::size_t>(count));
  detail::centred_norms(queries.data(), {count, n},
                        std::vector<float>(static_cast<std::size_t>(n)).data(), norms.data(), who);
  Neighbors found;
  found.indices.resize({static_cast<std::size_t>(count), static_cast<std::size_t>(k)});
  found.distances.resize({static_cast<std::size_t>(count), static_cast<std::size_t>(k)});
  index_->graph.setEf(static_cast<std::size_t>(std::min(std::max(ef, k), points)));
  // A query looks at some 10 points for each that it keeps in view.
  const double nanoseconds = static_cast<double>(count * std::max(ef, k)) * static_cast<double>(n);
  kernels::share_out(count, nanoseconds, [&](std::int64_t first, std::int64_t end) {
    std::vector<detail::Measured> nearest;
    for (std::int64_t i = first; i < end; ++i) {
      const float* const query = queries.data() + i * n;
      auto farthest_first = index_->graph.searchKnn(query, static_cast<std::size_t>(k));
      nearest.clear();
      nearest.reserve(farthest_first.size());
      for (; !farthest_first.empty(); farthest_first.pop()) {
        // Added in their order, points have their own numbers in the graph too.
        const std::size_t label = farthest_first.top().second;
        const void* const point =
            index_->graph.getDataByInternalId(static_cast<hnswlib::tableint>(label));
        nearest.push_back(detail::measured(index_->metric, query, static_cast<const float*>(point),
                                           n, static_cast<std::int64_t>(label)));
      }
      std::sort(nearest.begin(), nearest.end());
      for (std::int64_t rank = 0; rank < k; ++rank) {
        const bool is_found = rank < static_cast<std::int64_t>(nearest.size());
        const detail::Measured missing{0, -1, std::numeric_limits<float>::quiet_NaN()};
        const auto& point = is_found ? nearest[static_cast<std::size_t>(rank)] : missing;
        found.indices.data()[i * k + rank] = point.index;
        found.distances.data()[i * k + rank] = point.distance;
      }
    }
  });
  return found;
}

double recall(const Neighbors& found, const Neighbors& exact) {
  if (found.indices.shape() != exact.indices.shape() || exact.indices.size() == 0) {
    throw ShapeError(
        fmt::format("[recall] needs answers (Q, k) to the same queries, got ({}, {}) "
                    "and ({}, {})",
                    found.size(), found.k(), exact.size(), exact.k()));
  }
  const auto k = static_cast<std::size_t>(exact.k());
  std::size_t hits = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const std::int64_t* const row = found.indices.data() + i * k;
    for (std::size_t rank = 0; rank < k; ++rank) {
      if (std::find(row, row + k, exact.indices(i, rank)) != row + k) ++hits;
    }
  }
  return static_cast<double>(hits) / static_cast<double>(exact.indices.size());
}

}  // namespace tapegrad::train
