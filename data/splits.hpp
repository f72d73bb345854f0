#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <tapegrad/data/dataset.hpp>

/// \file
/// Random divisions of a data set, fixed by a seed. A *stratified* one keeps the share of every
/// class: of a class, each part gets its share of the samples, rounded up or down.

namespace tapegrad::data {

/// A data set in two: what a network learns from, and what its choices are compared on.
struct TrainValidation {
  Dataset train;       ///< To learn from.
  Dataset validation;  ///< To choose by.
};

/// Takes random samples out for validation, the others are to learn from; both in their old order.
/// `validation` is the share of the samples if it is below 1, rounded to whole samples, and their
/// number if not:
///
///     const auto [train, validation] = data::train_validation_split(dataset, 0.1, seed);
///
/// Throws ValueError unless both parts get a sample and a number from 1 on is whole, and what
/// `Dataset::validate` throws.
TrainValidation train_validation_split(const Dataset& dataset, double validation,
                                       std::uint64_t seed = 0, bool stratified = false);

/// One round of cross-validation: places in a data set, both lists in ascending order and together
/// all of them. subset() makes data sets of them when they are needed.
struct Fold {
  std::vector<std::size_t> train;       ///< The samples of all other folds.
  std::vector<std::size_t> validation;  ///< The samples of this one.
};

/// Divides a data set at random into `folds` parts of equal size, some one sample larger than
/// others, each of which is the validation set of one fold: every sample is in one of them.
///
///     for (const data::Fold& fold : data::k_fold(dataset, 5, seed)) {
///       const data::Dataset train = data::subset(dataset, fold.train);
///       const data::Dataset validation = data::subset(dataset, fold.validation);
///       …
///     }
///
/// Throws ValueError for fewer than 2 folds or more than samples, and what `Dataset::validate`
/// throws.
std::vector<Fold> k_fold(const Dataset& dataset, int folds, std::uint64_t seed = 0,
                         bool stratified = false);

}  // namespace tapegrad::data
