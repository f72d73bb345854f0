#include <tapegrad/data/cross_validate.hpp>

#include <cmath>
#include <numeric>

#include <tapegrad/data/subset.hpp>

namespace tapegrad::data {

double CrossValidation::mean() const {
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
}

double CrossValidation::standard_deviation() const {
  if (scores.size() < 2) return 0;
  const double centre = mean();
  double squares = 0;
  for (const double score : scores) squares += (score - centre) * (score - centre);
  return std::sqrt(squares / static_cast<double>(scores.size() - 1));
}

CrossValidation cross_validate(const Dataset& dataset, const std::vector<Fold>& folds,
                               const Score& score) {
  if (folds.empty() || !score) {
    throw ValueError(
        "[cross_validate] needs folds and a function that scores them, got none; make folds by "
        "k_fold");
  }
  CrossValidation result;
  result.scores.reserve(folds.size());
  for (const Fold& fold : folds) {
    result.scores.push_back(score(subset(dataset, fold.train), subset(dataset, fold.validation)));
  }
  return result;
}

}  // namespace tapegrad::data
