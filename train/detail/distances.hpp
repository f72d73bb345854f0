#pragma once

#include <cstdint>
#include <string>

#include <tapegrad/ops/array.hpp>
#include <tapegrad/train/nearest_neighbors.hpp>

/// Distances between samples, for the searches among them.
namespace tapegrad::train::detail {

/// ‖a − b‖² over n features, gathered in double.
double squared_distance(const float* a, const float* b, std::int64_t n);

/// A point and its distance, or similarity, to a query.
struct Measured {
  float rank;          ///< The smaller the nearer.
  std::int64_t index;  ///< Which point.
  float distance;      ///< Or similarity.

  /// Nearer, or as near and of a lower index.
  friend bool operator<(const Measured& a, const Measured& b) {
    return a.rank < b.rank || (a.rank == b.rank && a.index < b.index);
  }
};

/// How far point b, number `index`, is from a query a of n features: gathered in double.
Measured measured(Metric metric, const float* a, const float* b, std::int64_t n,
                  std::int64_t index);

/// Σ |a − b|, Σ (a − b)² or −Σ a·b over n features in the precision of float: the smaller the
/// nearer.
float rough_farness(Metric metric, const float* a, const float* b, std::int64_t n);

/// Σ |a − b| in the precision of float: sums (rows_a, rows_b) of all pairs of rows of n features.
/// Numbers are added up to `most_in_a_row` at a time, those sums in double: see NOTE [Wide sums].
void l1_distances(const float* a, std::int64_t rows_a, const float* b, std::int64_t rows_b,
                  std::int64_t n, float* sums, std::int64_t row_stride);

/// How many samples there are, and of how many features.
struct Sizes {
  std::int64_t samples, features;
};

/// Of samples (N, …). Throws ShapeError in the name of `who` for another shape, or without
/// features.
Sizes sizes_of(const Array<float>& samples, const char* who);

/// Throws ShapeError in the name of `who` unless queries are (Q, …) with `features` features,
/// ValueError unless k is from 1 to `points`. Returns Q.
std::int64_t check_search(const Array<float>& queries, std::int64_t k, std::int64_t features,
                          std::int64_t points, const char* who);

/// Writes ‖a − centre‖ of each sample. Throws ValueError in the name of `who` unless all numbers
/// are finite and no norm reaches 1e18, where products of floats would overflow.
void centred_norms(const float* samples, const Sizes& sizes, const float* centre, double* norms,
                   const char* who);

}  // namespace tapegrad::train::detail
