#include <tapegrad/data/splits.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <tapegrad/data/subset.hpp>
#include <tapegrad/ops/philox.hpp>

// NOTE [Random splits]
// Samples are put in random order, for a stratified split class after class. Along this order each
// part takes samples at even distances. So it gets its share of any run of them, rounded up or
// down: of every class, and of all.

namespace tapegrad::data {

namespace {

constexpr std::uint64_t splits_stream = 0x73706c69'00000000;  // "spli", see NOTE [Random numbers]

/// All places of the data set. See NOTE [Random splits].
std::vector<std::size_t> random_order(const Dataset& dataset, std::uint64_t seed, bool stratified) {
  std::vector<std::size_t> order(dataset.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Generator(seed, splits_stream).shuffle(order.begin(), order.end());
  if (stratified) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return dataset.labels[a] < dataset.labels[b];
    });
  }
  return order;
}

/// The places of the samples in part `part`, and those of the others.
Fold fold_of(const std::vector<int>& part_of_sample, int part) {
  Fold fold;
  for (std::size_t i = 0; i < part_of_sample.size(); ++i) {
    (part_of_sample[i] == part ? fold.validation : fold.train).push_back(i);
  }
  return fold;
}

/// How many samples are taken out.
std::size_t validation_count(std::size_t samples, double validation) {
  const auto all = static_cast<double>(samples);
  const double count = validation < 1 ? std::round(validation * all) : validation;
  if (!(count >= 1 && count <= all - 1 && count == std::floor(count))) {
    throw ValueError(fmt::format(
        "[train_validation_split] needs a share below 1 or a whole number of samples, so that both "
        "parts of {} samples get at least 1; got {}; 0.1 is usual",
        samples, validation));
  }
  return static_cast<std::size_t>(count);
}

}  // namespace

TrainValidation train_validation_split(const Dataset& dataset, double validation,
                                       std::uint64_t seed, bool stratified) {
  dataset.validate();
  const std::size_t samples = dataset.size();
  const std::size_t count = validation_count(samples, validation);
  const std::vector<std::size_t> order = random_order(dataset, seed, stratified);
  std::vector<int> part_of_sample(samples, 1);
  for (std::size_t i = 0; i < count; ++i) part_of_sample[order[i * samples / count]] = 0;
  const Fold fold = fold_of(part_of_sample, 0);
  return {subset(dataset, fold.train), subset(dataset, fold.validation)};
}

std::vector<Fold> k_fold(const Dataset& dataset, int folds, std::uint64_t seed, bool stratified) {
  dataset.validate();
  const std::size_t samples = dataset.size();
  if (folds < 2 || static_cast<std::size_t>(folds) > samples) {
    throw ValueError(
        fmt::format("[k_fold] needs at least 2 folds with a sample each, of {} samples; got {} "
                    "folds; 3, 5 or 10 are usual",
                    samples, folds));
  }
  const std::vector<std::size_t> order = random_order(dataset, seed, stratified);
  std::vector<int> part_of_sample(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    part_of_sample[order[i]] = static_cast<int>(i % static_cast<std::size_t>(folds));
  }
  std::vector<Fold> result;
  result.reserve(static_cast<std::size_t>(folds));
  for (int part = 0; part < folds; ++part) result.push_back(fold_of(part_of_sample, part));
  return result;
}

}  // namespace tapegrad::data
