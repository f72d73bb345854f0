#include <tapegrad/train/k_neighbors_classifier.hpp>

#include <utility>

#include <fmt/format.h>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/train/detail/agreement.hpp>

namespace tapegrad::train {

namespace {

/// The data set, if k of its samples can be neighbours.
data::Dataset checked(data::Dataset training, std::int64_t k) {
  training.validate();
  if (k < 1 || k > static_cast<std::int64_t>(training.size())) {
    throw ValueError(fmt::format(
        "[k_neighbors_classifier] needs k from 1 to {}, the number of training samples, got {}",
        training.size(), k));
  }
  return training;
}

}  // namespace

KNeighborsClassifier::KNeighborsClassifier(data::Dataset training, std::int64_t k, Metric metric)
    : KNeighborsClassifier(checked(std::move(training), k), k, metric, Checked{}) {}

KNeighborsClassifier::KNeighborsClassifier(data::Dataset&& training, std::int64_t k, Metric metric,
                                           Checked)
    : labels_(std::move(training.labels)), k_(k), search_(std::move(training.inputs), metric) {}

std::vector<int> KNeighborsClassifier::predict(const Array<float>& samples) const {
  return search_.kneighbors(samples, k_).vote(labels_, k_);
}

double KNeighborsClassifier::accuracy(const data::Dataset& dataset) const {
  dataset.validate();
  return detail::agreement(predict(dataset.inputs), dataset.labels, "k_neighbors_classifier");
}

}  // namespace tapegrad::train
