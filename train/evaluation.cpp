#include <tapegrad/train/evaluation.hpp>

#include <numeric>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/text_table.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mode_guard.hpp>
#include <tapegrad/train/detail/scores.hpp>

namespace tapegrad::train {

namespace {

/// a/b, and 0 where both are 0.
double ratio(double a, double b) {
  return b == 0 ? 0 : a / b;
}

double ratio(std::int64_t a, std::int64_t b) {
  return ratio(static_cast<double>(a), static_cast<double>(b));
}

/// Calls `look(scores, labels)` for the batches of a data set, in its order, in evaluation mode.
template <class Look>
void for_each_batch(nn::Module& model, const data::Dataset& dataset, Precision precision,
                    int batch_size, const char* who, Look look) {
  data::Batches batches(dataset, batch_size, 0, false);
  const nn::ModeGuard mode(model, false);
  const NoGrad no_grad;
  for (const data::Batch& batch : batches) {
    Tape tape(precision);
    const Var scores = model(tape.data(batch.inputs));
    detail::check_scores(scores, batch.size(), dataset.classes, who);
    look(scores, batch.labels);
  }
}

/// The mean of the classes' figures, each counting as often as `weight` says.
template <class Weight>
ClassFigures average(const Evaluation& evaluation, Weight weight) {
  ClassFigures sum;
  double weights = 0;
  for (int label = 0; label < evaluation.classes; ++label) {
    const ClassFigures figures = evaluation.figures(label);
    const double share = weight(figures);
    sum.precision += share * figures.precision;
    sum.recall += share * figures.recall;
    sum.f1 += share * figures.f1;
    sum.support += figures.support;
    weights += share;
  }
  return {ratio(sum.precision, weights), ratio(sum.recall, weights), ratio(sum.f1, weights),
          sum.support};
}

std::string name_of(const Evaluation& evaluation, int label) {
  return evaluation.class_names.empty() ? std::to_string(label)
                                        : evaluation.class_names[static_cast<std::size_t>(label)];
}

std::vector<std::string> row_of(const std::string& name, const ClassFigures& figures) {
  return {name, fmt::format("{:.4f}", figures.precision), fmt::format("{:.4f}", figures.recall),
          fmt::format("{:.4f}", figures.f1), std::to_string(figures.support)};
}

}  // namespace

std::int64_t Evaluation::samples() const {
  return std::accumulate(confusion.begin(), confusion.end(), std::int64_t{0});
}

double Evaluation::accuracy() const {
  std::int64_t right = 0;
  for (int label = 0; label < classes; ++label) right += count(label, label);
  return ratio(right, samples());
}

ClassFigures Evaluation::figures(int label) const {
  if (label < 0 || label >= classes) {
    throw ValueError(
        fmt::format("[evaluation] needs a class from 0 to {}, got {}", classes - 1, label));
  }
  ClassFigures result;
  std::int64_t chosen = 0;
  for (int other = 0; other < classes; ++other) {
    result.support += count(label, other);
    chosen += count(other, label);
  }
  result.precision = ratio(count(label, label), chosen);
  result.recall = ratio(count(label, label), result.support);
  result.f1 = ratio(2 * result.precision * result.recall, result.precision + result.recall);
  return result;
}

ClassFigures Evaluation::macro_average() const {
  return average(*this, [](const ClassFigures&) { return 1.0; });
}

ClassFigures Evaluation::weighted_average() const {
  return average(*this,
                 [](const ClassFigures& figures) { return static_cast<double>(figures.support); });
}

std::string Evaluation::to_table() const {
  std::vector<std::vector<std::string>> rows = {{"class", "precision", "recall", "f1", "support"}};
  rows.reserve(static_cast<std::size_t>(classes) + 3);
  for (int label = 0; label < classes; ++label) {
    rows.push_back(row_of(name_of(*this, label), figures(label)));
  }
  rows.push_back(row_of("macro average", macro_average()));
  rows.push_back(row_of("weighted average", weighted_average()));
  return detail::text_table(rows, {1, 2, 3, 4}) +
         fmt::format("accuracy {:.4f}, loss {:.4f}\n", accuracy(), loss);
}

std::string Evaluation::confusion_table() const {
  std::vector<std::string> header = {"is \\ taken for"};
  std::vector<std::size_t> numbers;
  std::vector<std::vector<std::string>> rows;
  rows.reserve(static_cast<std::size_t>(classes));
  for (int label = 0; label < classes; ++label) {
    header.push_back(name_of(*this, label));
    numbers.push_back(numbers.size() + 1);
    std::vector<std::string> row = {name_of(*this, label)};
    for (int chosen = 0; chosen < classes; ++chosen) {
      row.push_back(std::to_string(count(label, chosen)));
    }
    rows.push_back(std::move(row));
  }
  rows.insert(rows.begin(), std::move(header));
  return detail::text_table(rows, numbers);
}

Evaluation evaluate(nn::Module& model, const data::Dataset& dataset, const Loss& loss,
                    Precision precision, int batch_size) {
  Evaluation result;
  result.classes = dataset.classes;
  result.class_names = dataset.class_names;
  std::vector<int> chosen;
  for_each_batch(model, dataset, precision, batch_size, "evaluate",
                 [&](const Var& scores, const std::vector<int>& labels) {
                   // Made here: the data set has been checked by now.
                   const auto classes = static_cast<std::size_t>(dataset.classes);
                   result.confusion.resize(classes * classes);
                   const Var value =
                       loss ? loss(scores, labels) : nn::cross_entropy(scores, labels);
                   result.loss += value.item() * static_cast<double>(labels.size());
                   detail::predicted_classes(scores.value(), chosen);
                   for (std::size_t i = 0; i < labels.size(); ++i) {
                     ++result.confusion[static_cast<std::size_t>(labels[i]) * classes +
                                        static_cast<std::size_t>(chosen[i])];
                   }
                 });
  result.loss /= static_cast<double>(dataset.size());
  return result;
}

double accuracy(nn::Module& model, const data::Dataset& dataset, Precision precision,
                int batch_size) {
  std::int64_t correct = 0;
  for_each_batch(model, dataset, precision, batch_size, "accuracy",
                 [&](const Var& scores, const std::vector<int>& labels) {
                   correct += detail::count_correct(scores.value(), labels);
                 });
  return ratio(correct, static_cast<std::int64_t>(dataset.size()));
}

}  // namespace tapegrad::train
