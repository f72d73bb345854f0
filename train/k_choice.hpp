#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tapegrad/data/cross_validate.hpp>
#include <tapegrad/data/dataset.hpp>
#include <tapegrad/data/splits.hpp>
#include <tapegrad/train/nearest_neighbors.hpp>

namespace tapegrad::train {

/// How well k nearest neighbours by one metric predict the validation samples of each fold.
struct KScore {
  Metric metric;                     ///< What "near" meant.
  std::int64_t k;                    ///< How many neighbours voted.
  data::CrossValidation accuracies;  ///< One per fold, with mean and standard deviation.
};

/// Every metric with every k on the same folds: plain numbers, and their picture.
struct KChoice {
  std::string title = "Choosing k";  ///< Above the picture.
  std::vector<KScore> scores;        ///< Metric after metric, in the order that was asked for.

  /// The score with the highest mean, of equal ones the first. Throws ValueError if there is none.
  const KScore& best() const;

  /// A table with a header: metric, k, mean, deviation, and the accuracy of each fold.
  std::string csv() const;
  /// Everything, under the names of the members, with means and deviations.
  std::string json() const;
  /// A page in one file that needs no network: for each metric the accuracies of the folds as dots
  /// over k, their mean as a line with a bar of one standard deviation to each side. Throws Error
  /// if the library was built without npm, which bundles the page.
  std::string html() const;
  /// Writes what the name's ending says: `.csv`, `.json` or `.html`. Throws ValueError for another
  /// ending, FileError if it cannot be written, and as html().
  void save(const std::string& path) const;
};

/// Tries every k with every metric by cross-validation: in each fold the validation samples ask the
/// others. Neighbours are searched for once per fold and metric, for the largest k. Throws
/// ValueError for no k, no metric, no fold, or a k that is below 1 or above the number of training
/// samples of a fold, and what NearestNeighbors and `data::subset` throw.
///
///     const auto folds = data::k_fold(train, 5, seed);
///     train::choose_k(train, folds, {1, 3, 5, 8, 10, 12, 15, 20, 50, 100}).save("k.html");
KChoice choose_k(const data::Dataset& dataset, const std::vector<data::Fold>& folds,
                 const std::vector<std::int64_t>& ks,
                 const std::vector<Metric>& metrics = {Metric::l1, Metric::l2});

/// The same with one validation set in place of folds. Throws as above.
KChoice choose_k(const data::Dataset& training, const data::Dataset& validation,
                 const std::vector<std::int64_t>& ks,
                 const std::vector<Metric>& metrics = {Metric::l1, Metric::l2});

}  // namespace tapegrad::train
