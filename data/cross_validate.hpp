#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <tapegrad/data/splits.hpp>

namespace tapegrad::data {

/// Trains on the first data set and returns how well the result does on the second one, such as its
/// accuracy. What is fitted to data, preprocessing too, belongs into it: fitted before, it would
/// have seen what it is measured on.
using Score = std::function<double(const Dataset& train, const Dataset& validation)>;

/// The scores of cross-validation, one for each fold.
struct CrossValidation {
  /// In the order of the folds; at least one.
  std::vector<double> scores;

  /// Their mean.
  double mean() const;

  /// Their standard deviation, with the number of folds less 1 as divisor; 0 for one fold.
  double standard_deviation() const;
};

/// Calls `score` with the parts of each fold in turn; only one fold's data are in memory at a time.
///
///     const auto result = data::cross_validate(dataset, data::k_fold(dataset, 5), score);
///     fmt::print("{:.3f} ± {:.3f}\n", result.mean(), result.standard_deviation());
///
/// Throws ValueError for no folds or no function, and what subset() and `score` throw.
CrossValidation cross_validate(const Dataset& dataset, const std::vector<Fold>& folds,
                               const Score& score);

}  // namespace tapegrad::data
