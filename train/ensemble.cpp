#include <tapegrad/train/ensemble.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/nn/functional.hpp>
#include <tapegrad/nn/mode_guard.hpp>
#include <tapegrad/train/detail/scores.hpp>

namespace tapegrad::train {

Array<double> probabilities(nn::Module& model, const data::Dataset& dataset, Precision precision,
                            int batch_size) {
  data::Batches batches(dataset, batch_size, 0, false);
  const nn::ModeGuard mode(model, false);
  const NoGrad no_grad;
  Array<double> result =
      Array<double>::from_shape({dataset.size(), static_cast<std::size_t>(dataset.classes)});
  double* row = result.data();
  for (const data::Batch& batch : batches) {
    Tape tape(precision);
    const Var scores = model(tape.data(batch.inputs));
    detail::check_scores(scores, batch.size(), dataset.classes, "probabilities");
    const Array<double> values = nn::softmax(scores).value();
    row = std::copy(values.data(), values.data() + values.size(), row);
  }
  return result;
}

Ensemble::Ensemble(const data::Dataset& held_out) : held_out_(&held_out) {
  held_out.validate();
  if (held_out.size() == 0) {
    throw ValueError("[ensemble] needs held-out samples to be measured on, got none");
  }
  sum_ = Array<double>::from_shape({held_out.size(), static_cast<std::size_t>(held_out.classes)});
  std::fill_n(sum_.data(), sum_.size(), 0.0);
}

void Ensemble::add(const std::string& name, nn::Module& model, Precision precision) {
  add(name, train::probabilities(model, *held_out_, precision));
}

void Ensemble::add(const std::string& name, const Array<double>& probabilities) {
  if (probabilities.shape() != sum_.shape()) {
    throw ShapeError(fmt::format(
        "[ensemble] needs probabilities (samples, classes) = ({}, {}), got {} numbers in {} axes",
        sum_.shape()[0], sum_.shape()[1], probabilities.size(), probabilities.dimension()));
  }
  const std::size_t classes = sum_.shape()[1];
  for (std::size_t first = 0; first < probabilities.size(); first += classes) {
    double total = 0;
    bool is_right = true;
    for (std::size_t i = first; i < first + classes; ++i) {
      is_right = is_right && probabilities.data()[i] >= 0;
      total += probabilities.data()[i];
    }
    if (!is_right || !(std::abs(total - 1) < 1e-3)) {
      throw ValueError(fmt::format(
          "[ensemble] needs probabilities, from 0 and with a sum of 1 for each sample; those of {} "
          "for sample {} have a sum of {}; train::probabilities makes them of a model",
          name, first / classes, total));
    }
  }
  members_.push_back(figures(name, probabilities));
  for (std::size_t i = 0; i < sum_.size(); ++i) sum_.data()[i] += probabilities.data()[i];
}

MemberFigures Ensemble::figures(const std::string& name, const Array<double>& probabilities) const {
  const std::size_t classes = sum_.shape()[1];
  const auto samples = static_cast<double>(held_out_->size());
  double loss = 0;
  for (std::size_t i = 0; i < held_out_->size(); ++i) {
    const auto label = static_cast<std::size_t>(held_out_->labels[i]);
    loss -= std::log(probabilities.data()[i * classes + label]);
  }
  const auto correct = static_cast<double>(detail::count_correct(probabilities, held_out_->labels));
  return {name, correct / samples, loss / samples};
}

void Ensemble::check_members() const {
  if (members_.empty()) throw ValueError("[ensemble] needs members, got none; add some");
}

MemberFigures Ensemble::mean() const {
  check_members();
  MemberFigures mean{"mean of members"};
  for (const MemberFigures& member : members_) {
    mean.accuracy += member.accuracy / static_cast<double>(members_.size());
    mean.loss += member.loss / static_cast<double>(members_.size());
  }
  return mean;
}

MemberFigures Ensemble::best() const {
  check_members();
  return *std::max_element(
      members_.begin(), members_.end(),
      [](const MemberFigures& a, const MemberFigures& b) { return a.accuracy < b.accuracy; });
}

MemberFigures Ensemble::ensemble() const {
  return figures("ensemble", probabilities());
}

Array<double> Ensemble::probabilities() const {
  check_members();
  Array<double> mean = sum_;
  const auto count = static_cast<double>(members_.size());
  for (double& number : mean) number /= count;
  return mean;
}

std::string Ensemble::to_table() const {
  std::vector<MemberFigures> rows = members_;
  rows.push_back(mean());
  rows.push_back(ensemble());
  std::size_t width = 0;
  for (const MemberFigures& row : rows) width = std::max(width, row.name.size());
  std::string table = fmt::format("{:<{}}  accuracy  loss\n", "", width);
  for (const MemberFigures& row : rows) {
    table += fmt::format("{:<{}}  {:.4f}    {:.4f}\n", row.name, width, row.accuracy, row.loss);
  }
  return table;
}

}  // namespace tapegrad::train
