#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tapegrad/ops/array.hpp>

namespace tapegrad::train {

/// What "near" means between two samples a and b.
enum class Metric {
  l1,   ///< Σ |a − b|.
  l2,   ///< √Σ (a − b)².
  dot,  ///< Σ a·b, a similarity: the largest is the nearest.
};

/// `L1`, `L2` or `dot`.
std::string to_string(Metric metric);

/// What a search has found: for each of Q queries the k nearest points, the nearest first.
struct Neighbors {
  /// Shape (Q, k): which points; −1 where an approximate index found fewer.
  Array<std::int64_t> indices;
  /// Shape (Q, k): how far they are, or how similar for Metric::dot; NaN beside an index of −1.
  Array<float> distances;

  /// The number of queries Q.
  std::size_t size() const { return indices.shape()[0]; }
  /// How many neighbours of each are known.
  std::int64_t k() const { return static_cast<std::int64_t>(indices.shape()[1]); }

  /// The label that most of the first k neighbours of each query have, `labels` being those of the
  /// points; of labels with equally many, the one whose nearest neighbour is nearer. A search for
  /// the largest k serves all smaller ones. Throws ValueError unless k is from 1 to k(), or if
  /// there are fewer labels than the neighbours ask for, or negative ones.
  std::vector<int> vote(const std::vector<int>& labels, std::int64_t k) const;
};

/// Exact search for nearest neighbours: every query is compared with every point.
///
///     train::NearestNeighbors search(training.inputs);
///     train::Neighbors found = search.kneighbors(test.inputs, 5);
///     found.indices(0, 0);  // The training sample nearest to the first test sample.
///
/// All cores are used, in blocks, so that no memory is needed beyond the points, the answer and
/// some ten million numbers. See NOTE [Distances by matrix product] for speed and accuracy.
class NearestNeighbors {
 public:
  /// Of N points (N, …), rows of features or images alike; move them in to avoid a copy. Throws
  /// ShapeError for another shape or no numbers, ValueError unless all numbers are finite and each
  /// point's Euclidean norm is below 1e18.
  explicit NearestNeighbors(Array<float> points, Metric metric = Metric::l2);

  /// The k nearest points of each query, of equally distant ones that with the lower index first.
  /// Distances are right to the last digits of a float, also for points that nearly coincide.
  /// Throws ShapeError unless queries are (Q, …) with as many features as the points, ValueError
  /// unless k is from 1 to N, and for numbers that are out of range.
  Neighbors kneighbors(const Array<float>& queries, std::int64_t k) const;

  /// The number of points N.
  std::int64_t size() const { return size_; }
  /// The number of features D of a point.
  std::int64_t features() const { return features_; }
  /// What "near" means.
  Metric metric() const { return metric_; }

 private:
  class Candidates;
  struct Workspace;

  /// Adds the points that may be among the nearest of a block of queries, one per candidates.
  void sort_out(const float* queries, const double* query_norms,
                std::vector<Candidates>& candidates, Workspace& memory) const;
  /// Writes the k nearest of the candidates, by distances in double.
  void measure(const float* queries, std::vector<Candidates>& candidates, std::int64_t k,
               std::int64_t* indices, float* distances) const;

  Array<float> points_;
  Metric metric_;
  std::int64_t size_ = 0, features_ = 0;
  std::vector<float> centre_;  ///< Subtracted from points and queries before they are multiplied.
  std::vector<double> norms_;  ///< ‖b − centre‖ of each point b.
};

}  // namespace tapegrad::train
