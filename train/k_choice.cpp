#include <tapegrad/train/k_choice.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <tapegrad/data/subset.hpp>
#include <tapegrad/ops/error.hpp>
#include <tapegrad/train/detail/agreement.hpp>

namespace tapegrad::train {

namespace {

constexpr const char* who = "choose_k";

/// Scores without accuracies yet.
KChoice empty_choice(const std::vector<std::int64_t>& ks, const std::vector<Metric>& metrics) {
  if (ks.empty() || metrics.empty()) {
    throw ValueError(fmt::format("[{}] needs at least one k and one metric, got {} and {}", who,
                                 ks.size(), metrics.size()));
  }
  KChoice choice;
  choice.scores.reserve(ks.size() * metrics.size());
  for (const Metric metric : metrics) {
    for (const std::int64_t k : ks) choice.scores.push_back({metric, k, {}});
  }
  return choice;
}

void check_ks(const std::vector<std::int64_t>& ks, std::size_t samples) {
  for (const std::int64_t k : ks) {
    if (k >= 1 && k <= static_cast<std::int64_t>(samples)) continue;
    throw ValueError(fmt::format(
        "[{}] needs k from 1 to {}, the number of training samples, got {}", who, samples, k));
  }
}

/// Adds a fold's accuracies. Whoever votes, the neighbours are the same.
void add_fold(KChoice& choice, const data::Dataset& training, const data::Dataset& validation,
              const std::vector<std::int64_t>& ks) {
  training.validate();
  validation.validate();
  check_ks(ks, training.size());
  const std::int64_t most = *std::max_element(ks.begin(), ks.end());
  for (std::size_t i = 0; i < choice.scores.size(); i += ks.size()) {
    const NearestNeighbors search(training.inputs, choice.scores[i].metric);
    const Neighbors found = search.kneighbors(validation.inputs, most);
    for (std::size_t j = i; j < i + ks.size(); ++j) {
      KScore& score = choice.scores[j];
      score.accuracies.scores.push_back(
          detail::agreement(found.vote(training.labels, score.k), validation.labels, who));
    }
  }
}

}  // namespace

const KScore& KChoice::best() const {
  if (scores.empty()) throw ValueError("[choose_k] needs scores to find the best of, got none");
  return *std::max_element(scores.begin(), scores.end(), [](const KScore& a, const KScore& b) {
    return a.accuracies.mean() < b.accuracies.mean();
  });
}

KChoice choose_k(const data::Dataset& dataset, const std::vector<data::Fold>& folds,
                 const std::vector<std::int64_t>& ks, const std::vector<Metric>& metrics) {
  KChoice choice = empty_choice(ks, metrics);
  if (folds.empty()) {
    throw ValueError(
        fmt::format("[{}] needs at least one fold, got none; data::k_fold makes them", who));
  }
  // Before hours may have been spent on other folds.
  for (const data::Fold& fold : folds) check_ks(ks, fold.train.size());
  for (const data::Fold& fold : folds) {
    add_fold(choice, data::subset(dataset, fold.train), data::subset(dataset, fold.validation), ks);
  }
  return choice;
}

KChoice choose_k(const data::Dataset& training, const data::Dataset& validation,
                 const std::vector<std::int64_t>& ks, const std::vector<Metric>& metrics) {
  KChoice choice = empty_choice(ks, metrics);
  add_fold(choice, training, validation, ks);
  return choice;
}

}  // namespace tapegrad::train
