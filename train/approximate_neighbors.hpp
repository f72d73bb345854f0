#pragma once

#include <cstdint>
#include <memory>

#include <tapegrad/train/nearest_neighbors.hpp>

namespace tapegrad::train {

/// How an index of approximate neighbours is built; the names are hnswlib's.
struct ApproximateOptions {
  std::int64_t m = 16;                 ///< Links of a point in each layer, 2 to 1000.
  std::int64_t ef_construction = 200;  ///< Points kept in view while a new one is linked.
  std::uint64_t seed = 0;              ///< Of the layers that points are drawn for.
};

/// Search for nearest neighbours that compares a query with some of the points only and may miss
/// some of the nearest: a graph of links between near points, walked from layer to layer, of the
/// library hnswlib. The larger `ef`, the more it finds and the longer it takes.
/// Source: Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using
/// Hierarchical Navigable Small World graphs, 2018.
class ApproximateNeighbors {
 public:
  /// Links N points (N, …), of which it keeps a copy, one after the other on one thread, so that
  /// the same seed gives the same index. Throws as NearestNeighbors, and ValueError for options out
  /// of range.
  explicit ApproximateNeighbors(const Array<float>& points, Metric metric = Metric::l2,
                                const ApproximateOptions& options = {});
  ~ApproximateNeighbors();
  /// Moves the index; the one moved from can only be destroyed or assigned to.
  ApproximateNeighbors(ApproximateNeighbors&& other) noexcept;
  /// The same for one that exists.
  ApproximateNeighbors& operator=(ApproximateNeighbors&& other) noexcept;

  /// Up to k near points of each query, the nearest first, with distances as exact as
  /// NearestNeighbors'; where the graph leads to fewer, the rest is −1. `ef` points are kept in
  /// view on the way, at least k. Queries are shared out among all threads; two searches at a time
  /// in one index are an error of the caller's. Throws as NearestNeighbors::kneighbors, and
  /// ValueError if `ef` is below 1.
  Neighbors kneighbors(const Array<float>& queries, std::int64_t k, std::int64_t ef = 64);

 private:
  struct Index;
  std::unique_ptr<Index> index_;
};

/// Recall: the share of the exact neighbours that were found too, over all queries. Throws
/// ShapeError unless both are answers to the same number of queries, with one k.
double recall(const Neighbors& found, const Neighbors& exact);

}  // namespace tapegrad::train
