#include <tapegrad/train/nearest_neighbors.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
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

/// The points that may be among the k nearest of one query.
class Candidates {
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

/// How wrong a product of two samples of n features may be, in units of their norms: its additions,
/// the rounding of 16 other operations, and what is too small for a float.
double product_error(std::int64_t n) {
  return 1.01 * unit * static_cast<double>(n + 16);
}

/// Copies samples with the centre subtracted.
void copy_centred(const float* samples, std::int64_t rows, const std::vector<float>& centre,
                  float* out) {
  const auto n = static_cast<std::int64_t>(centre.size());
  kernels::share_out(rows, kernels::streaming_time<float>(2 * rows * n),
                     [&](std::int64_t first, std::int64_t end) {
                       for (std::int64_t i = first; i < end; ++i) {
                         const float* const from = samples + i * n;
                         float* const to = out + i * n;
                         for (std::int64_t j = 0; j < n; ++j) {
                           to[j] = from[j] - centre[static_cast<std::size_t>(j)];
                         }
                       }
                     });
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
    const std::int64_t* const winner = std::find_if(
        near, end, [&](std::int64_t point) { return votes[label_of(point)] == most; });
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
  const std::int64_t n = features_;
  Neighbors found;
  found.indices.resize({static_cast<std::size_t>(count), static_cast<std::size_t>(k)});
  found.distances.resize({static_cast<std::size_t>(count), static_cast<std::size_t>(k)});
  if (count == 0) return found;
  std::vector<double> query_norms(static_cast<std::size_t>(count));
  const std::vector<float> zero(static_cast<std::size_t>(n));
  detail::centred_norms(queries.data(), {count, n}, zero.data(), query_norms.data(), who);
  if (metric_ == Metric::l2) {
    detail::centred_norms(queries.data(), {count, n}, centre_.data(), query_norms.data(), who);
  }

  const std::int64_t rows = block_rows(n);
  const std::int64_t most_queries = std::min(rows, count), most_points = std::min(rows, size_);
  const auto numbers = [&](std::int64_t samples, std::int64_t each) {
    return std::vector<float>(static_cast<std::size_t>(samples * each));
  };
  const bool centres = metric_ == Metric::l2;
  std::vector<float> left = numbers(centres ? most_queries : 0, n);
  std::vector<float> right = numbers(centres ? most_points : 0, n);
  std::vector<float> pairs = numbers(most_queries, most_points);

  for (std::int64_t first = 0; first < count; first += most_queries) {
    const std::int64_t q = std::min(most_queries, count - first);
    const float* a = queries.data() + first * n;
    if (centres) copy_centred(a, q, centre_, left.data());
    std::vector<Candidates> candidates(static_cast<std::size_t>(q), Candidates(k));

    for (std::int64_t start = 0; start < size_; start += most_points) {
      const std::int64_t p = std::min(most_points, size_ - start);
      const float* b = points_.data() + start * n;
      if (centres) copy_centred(b, p, centre_, right.data());
      if (metric_ == Metric::l1) {
        const double nanoseconds = 0.05 * static_cast<double>(q * p) * static_cast<double>(n);
        kernels::share_out(q, nanoseconds, [&](std::int64_t from, std::int64_t end) {
          detail::l1_distances(a + from * n, end - from, b, p, n, pairs.data() + from * p, p);
        });
      } else {
        kernels::gemm(false, true, q, p, n, centres ? left.data() : a, centres ? right.data() : b,
                      pairs.data(), false);
      }
      kernels::share_out(q, 2.0 * static_cast<double>(q * p), [&](std::int64_t from,
                                                                  std::int64_t end) {
        for (std::int64_t i = from; i < end; ++i) {
          Candidates& nearest = candidates[static_cast<std::size_t>(i)];
          const double a_norm = query_norms[static_cast<std::size_t>(first + i)];
          for (std::int64_t j = 0; j < p; ++j) {
            const auto pair = static_cast<double>(pairs[static_cast<std::size_t>(i * p + j)]);
            const double b_norm = norms_[static_cast<std::size_t>(start + j)];
            double value = pair, error = 0;
            if (metric_ == Metric::l1) {
              error = 1.01 * unit * (kernels::most_in_a_row + 32) * pair;
            } else {
              error = product_error(n) * a_norm * b_norm + n * 1e-37;
              value = -pair;
            }
            if (centres) {
              const double reach = a_norm + b_norm;
              value = a_norm * a_norm + b_norm * b_norm - 2 * pair;
              error = 2 * error + 8 * unit * reach * reach;
            }
            nearest.add({value - error, value + error, start + j});
          }
        }
      });
    }

    const auto measured = static_cast<double>(q * (2 * k + 8)) * static_cast<double>(n);
    kernels::share_out(q, 0.2 * measured, [&](std::int64_t from, std::int64_t end) {
      std::vector<std::pair<float, std::int64_t>> nearest;
      for (std::int64_t i = from; i < end; ++i) {
        nearest.clear();
        const auto& left_over = candidates[static_cast<std::size_t>(i)].finish();
        nearest.reserve(left_over.size());
        for (const Candidate& candidate : left_over) {
          const double farness =
              detail::farness(metric_, a + i * n, points_.data() + candidate.index * n, n);
          const float distance = detail::distance_of(metric_, farness);
          // Negative, so that the most similar comes first.
          nearest.emplace_back(metric_ == Metric::dot ? -distance : distance, candidate.index);
        }
        std::partial_sort(nearest.begin(), nearest.begin() + k, nearest.end());
        for (std::int64_t rank = 0; rank < k; ++rank) {
          const auto [distance, index] = nearest[static_cast<std::size_t>(rank)];
          const std::int64_t place = (first + i) * k + rank;
          found.distances.data()[place] = metric_ == Metric::dot ? -distance : distance;
          found.indices.data()[place] = index;
        }
      }
    });
  }
  return found;
}

}  // namespace tapegrad::train
