#include <tapegrad/train/nearest_neighbors.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/wide_sum.hpp>
#include <tapegrad/train/detail/distances.hpp>

// NOTE [Distances by matrix product]
// ‖a − b‖² = ‖a‖² + ‖b‖² − 2·a·b makes one matrix product of all distances, but where a and b are
// near each other it is the small difference of large numbers: in floats nothing may be left of it.
// So the product only sorts out. Both sides have the mean of the points subtracted first, which
// makes the numbers small and changes no distance; then a product of n terms is wrong by at most
// n·u·‖a‖·‖b‖, u = 2⁻²⁴, whatever the order of its additions, and every point gets a lower and an
// upper bound. Those whose lower bound is within the k-th smallest upper bound, some more than k,
// are measured again by their differences, in double. What is found is therefore exactly what
// measuring all of them so would find, and costs little more than the product. Sums of |a − b| are
// treated alike: first in floats, then those that may be among the nearest in double.

namespace tapegrad::train {

namespace {

namespace kernels = ops::kernels;

constexpr const char* who = "nearest_neighbors";

/// Half the distance from 1 to the next float: the error of one operation.
constexpr double unit = 0.5 * static_cast<double>(std::numeric_limits<float>::epsilon());

/// How many samples of n features are looked at together: 16 MB of them, but neither so few that
/// products are slow nor so many that the products of two blocks take more.
std::int64_t block_rows(std::int64_t n) {
  return std::clamp((std::int64_t{1} << 22) / n, std::int64_t{32}, std::int64_t{2048});
}

/// A point that may be among the nearest, and what its farness is known to be between.
struct Candidate {
  double lower, upper;
  std::int64_t index;
};

/// What is known of how far point `index` is from a query: `pair` is their Σ |a − b| or Σ (a − b)²
/// or, `by_product`, their product in floats, after centring for L2. Sums of what is not negative
/// are wrong by a share of themselves. A product of n terms is wrong by its additions, by the
/// rounding of a few operations besides, and by what is too small for a float. See NOTE [Distances
/// by matrix product].
Candidate candidate(Metric metric, bool by_product, std::int64_t n, double pair, double a_norm,
                    double b_norm, std::int64_t index) {
  if (!by_product) {
    const double error = 1.01 * unit * (kernels::most_in_a_row + 32) * pair;
    return {pair - error, pair + error, index};
  }
  const auto terms = static_cast<double>(n);
  const double error = 1.01 * unit * (terms + 16) * a_norm * b_norm + terms * 1e-37;
  if (metric == Metric::dot) return {-pair - error, -pair + error, index};
  const double farness = a_norm * a_norm + b_norm * b_norm - 2 * pair;
  const double rounding = 2 * error + 8 * unit * (a_norm + b_norm) * (a_norm + b_norm);
  return {farness - rounding, farness + rounding, index};
}

/// Copies samples, with the centre subtracted, into `memory`.
const float* copy_centred(const float* samples, std::int64_t rows, const std::vector<float>& centre,
                          std::vector<float>& memory) {
  const auto n = static_cast<std::int64_t>(centre.size());
  memory.resize(static_cast<std::size_t>(rows * n));
  const double nanoseconds = kernels::streaming_time<float>(2 * rows * n);
  kernels::share_out(rows, nanoseconds, [&](std::int64_t first, std::int64_t end) {
    for (std::int64_t i = first; i < end; ++i) {
      const float* const from = samples + i * n;
      float* const to = memory.data() + i * n;
      for (std::int64_t j = 0; j < n; ++j) to[j] = from[j] - centre.data()[j];
    }
  });
  return memory.data();
}

/// The mean of the points.
std::vector<float> mean_of(const float* points, const detail::Sizes& sizes) {
  const auto n = static_cast<std::size_t>(sizes.features);
  std::vector<double> sum(n, 0.0);
  for (std::int64_t i = 0; i < sizes.samples; ++i) {
    for (double& s : sum) s += static_cast<double>(*points++);
  }
  std::vector<float> mean(n);
  std::transform(sum.begin(), sum.end(), mean.begin(), [&](double s) {
    return static_cast<float>(s / static_cast<double>(sizes.samples));
  });
  return mean;
}

}  // namespace

/// The points that may be among the k nearest of one query.
class NearestNeighbors::Candidates {
 public:
  explicit Candidates(std::int64_t k)
      : k_(static_cast<std::size_t>(k)), most_(std::max<std::size_t>(64, 4 * k_)) {}

  void add(const Candidate& candidate) {
    if (candidate.lower > limit_) return;
    all_.push_back(candidate);
    if (all_.size() >= most_) {
      sort_out();
      most_ = std::max(most_, 2 * all_.size());
    }
  }

  /// Those that are left when all have been added.
  const std::vector<Candidate>& finish() {
    sort_out();
    return all_;
  }

 private:
  /// Drops those of which k others are surely nearer.
  void sort_out() {
    const auto kth = all_.begin() + static_cast<std::ptrdiff_t>(k_) - 1;
    std::nth_element(all_.begin(), kth, all_.end(),
                     [](const Candidate& a, const Candidate& b) { return a.upper < b.upper; });
    limit_ = kth->upper;
    const auto is_far = [this](const Candidate& candidate) { return candidate.lower > limit_; };
    all_.erase(std::remove_if(all_.begin(), all_.end(), is_far), all_.end());
  }

  std::size_t k_, most_;
  double limit_ = std::numeric_limits<double>::infinity();
  std::vector<Candidate> all_;
};

/// Blocks that are copied or computed.
struct NearestNeighbors::Workspace {
  std::vector<float> queries;  ///< Centred.
  std::vector<float> points;   ///< Centred.
  std::vector<float> pairs;    ///< A product or a Σ |a − b| per query and point.
};

std::string to_string(Metric metric) {
  switch (metric) {
    case Metric::l1:
      return "L1";
    case Metric::l2:
      return "L2";
    case Metric::dot:
      break;
  }
  return "dot";
}

std::vector<int> Neighbors::vote(const std::vector<int>& labels, std::int64_t k) const {
  if (k < 1 || k > this->k()) {
    throw ValueError(
        fmt::format("[vote] needs k from 1 to {}, as many neighbours as were searched for, got {}",
                    this->k(), k));
  }
  const auto bad = std::find_if(labels.begin(), labels.end(), [](int label) { return label < 0; });
  if (bad != labels.end()) {
    throw ValueError(fmt::format("[vote] needs labels of 0 or more, got {} at point {}", *bad,
                                 bad - labels.begin()));
  }
  const int classes = labels.empty() ? 0 : 1 + *std::max_element(labels.begin(), labels.end());
  std::vector<std::int64_t> votes(static_cast<std::size_t>(classes));
  std::vector<int> winners;
  winners.reserve(size());
  for (std::size_t query = 0; query < size(); ++query) {
    const std::int64_t* const near = indices.data() + query * indices.shape()[1];
    const std::int64_t* const end = std::find(near, near + k, -1);
    const auto label_of = [&](std::int64_t point) {
      if (point >= static_cast<std::int64_t>(labels.size())) {
        throw ValueError(fmt::format(
            "[vote] needs the label of every point, got {} labels and a neighbour {}; give those "
            "of the points that were searched",
            labels.size(), point));
      }
      return static_cast<std::size_t>(labels[static_cast<std::size_t>(point)]);
    };
    std::fill(votes.begin(), votes.end(), 0);
    for (const std::int64_t* point = near; point < end; ++point) ++votes[label_of(*point)];
    const auto most = votes.empty() ? 0 : *std::max_element(votes.begin(), votes.end());
    // The nearest whose label has the most: that is how ties are broken.
    const std::int64_t* const winner =
        std::find_if(near, end, [&](std::int64_t point) { return votes[label_of(point)] == most; });
    if (winner == end) {
      throw ValueError(fmt::format("[vote] needs a neighbour of query {}, got none", query));
    }
    winners.push_back(static_cast<int>(label_of(*winner)));
  }
  return winners;
}

NearestNeighbors::NearestNeighbors(Array<float> points, Metric metric)
    : points_(std::move(points)), metric_(metric) {
  const detail::Sizes sizes = detail::sizes_of(points_, who);
  size_ = sizes.samples;
  features_ = sizes.features;
  norms_.resize(static_cast<std::size_t>(size_));
  centre_.resize(static_cast<std::size_t>(features_));
  // A centre of 0 first: the mean of numbers that are not finite says nothing.
  detail::centred_norms(points_.data(), sizes, centre_.data(), norms_.data(), who);
  if (metric != Metric::l2) return;
  centre_ = mean_of(points_.data(), sizes);
  detail::centred_norms(points_.data(), sizes, centre_.data(), norms_.data(), who);
}

Neighbors NearestNeighbors::kneighbors(const Array<float>& queries, std::int64_t k) const {
  const std::int64_t count = detail::check_search(queries, k, features_, size_, who);
  Neighbors found;
  found.indices.resize({static_cast<std::size_t>(count), static_cast<std::size_t>(k)});
  found.distances.resize({static_cast<std::size_t>(count), static_cast<std::size_t>(k)});
  std::vector<double> norms(static_cast<std::size_t>(count));
  const std::vector<float> zero(centre_.size());
  detail::centred_norms(queries.data(), {count, features_}, zero.data(), norms.data(), who);
  if (metric_ == Metric::l2) {
    detail::centred_norms(queries.data(), {count, features_}, centre_.data(), norms.data(), who);
  }

  Workspace memory;
  const std::int64_t rows = block_rows(features_);
  for (std::int64_t first = 0; first < count; first += rows) {
    const std::int64_t block = std::min(rows, count - first);
    const float* const a = queries.data() + first * features_;
    std::vector<Candidates> candidates(static_cast<std::size_t>(block), Candidates(k));
    sort_out(a, norms.data() + first, candidates, memory);
    measure(a, candidates, k, found.indices.data() + first * k, found.distances.data() + first * k);
  }
  return found;
}

void NearestNeighbors::sort_out(const float* queries, const double* query_norms,
                                std::vector<Candidates>& candidates, Workspace& memory) const {
  const std::int64_t n = features_, rows = block_rows(n);
  const auto count = static_cast<std::int64_t>(candidates.size());
  // To subtract the mean of all points for a few queries takes longer than to measure them.
  const bool is_few = count < 8;
  const bool by_product = metric_ == Metric::dot || (metric_ == Metric::l2 && !is_few);
  const bool centres = by_product && metric_ == Metric::l2;
  if (centres) queries = copy_centred(queries, count, centre_, memory.queries);
  for (std::int64_t start = 0; start < size_; start += rows) {
    const std::int64_t block = std::min(rows, size_ - start);
    const float* points = points_.data() + start * n;
    if (centres) points = copy_centred(points, block, centre_, memory.points);
    memory.pairs.resize(static_cast<std::size_t>(count * block));
    float* const pairs = memory.pairs.data();
    const double sum_time = 0.1 * static_cast<double>(count * block) * static_cast<double>(n);
    if (by_product) {
      kernels::gemm(false, true, count, block, n, queries, points, pairs, false);
    } else if (is_few) {
      kernels::share_out(block, sum_time, [&](std::int64_t from, std::int64_t end) {
        for (std::int64_t j = from; j < end; ++j) {
          for (std::int64_t i = 0; i < count; ++i) {
            pairs[i * block + j] =
                detail::rough_farness(metric_, queries + i * n, points + j * n, n);
          }
        }
      });
    } else {
      kernels::share_out(count, sum_time, [&](std::int64_t from, std::int64_t end) {
        detail::l1_distances(queries + from * n, end - from, points, block, n, pairs + from * block,
                             block);
      });
    }
    const double nanoseconds = 2 * static_cast<double>(count * block);
    kernels::share_out(count, nanoseconds, [&](std::int64_t from, std::int64_t end) {
      const double* const norms = norms_.data() + start;
      for (std::int64_t i = from; i < end; ++i) {
        Candidates& nearest = candidates[static_cast<std::size_t>(i)];
        const float* const row = pairs + i * block;
        for (std::int64_t j = 0; j < block; ++j) {
          nearest.add(candidate(metric_, by_product, n, static_cast<double>(row[j]), query_norms[i],
                                norms[j], start + j));
        }
      }
    });
  }
}

void NearestNeighbors::measure(const float* queries, std::vector<Candidates>& candidates,
                               std::int64_t k, std::int64_t* indices, float* distances) const {
  const std::int64_t n = features_;
  const auto count = static_cast<std::int64_t>(candidates.size());
  const double nanoseconds = 0.2 * static_cast<double>(count * (k + 8)) * static_cast<double>(n);
  kernels::share_out(count, nanoseconds, [&](std::int64_t from, std::int64_t end) {
    std::vector<detail::Measured> nearest;
    for (std::int64_t i = from; i < end; ++i) {
      nearest.clear();
      const auto& left = candidates[static_cast<std::size_t>(i)].finish();
      nearest.reserve(left.size());
      for (const Candidate& candidate : left) {
        nearest.push_back(detail::measured(
            metric_, queries + i * n, points_.data() + candidate.index * n, n, candidate.index));
      }
      std::partial_sort(nearest.begin(), nearest.begin() + k, nearest.end());
      for (std::int64_t rank = 0; rank < k; ++rank) {
        const detail::Measured& point = nearest[static_cast<std::size_t>(rank)];
        indices[i * k + rank] = point.index;
        distances[i * k + rank] = point.distance;
      }
    }
  });
}

}  // namespace tapegrad::train
