#include <tapegrad/train/fit.hpp>

#include <algorithm>
#include <chrono>

#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mode_guard.hpp>

namespace tapegrad::train {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check_scores(const Var& scores, const data::Batch& batch, int classes) {
  const Shape needed{static_cast<std::int64_t>(batch.size()), classes};
  if (scores.shape() != needed) {
    throw ShapeError("[fit] needs a model whose output is (batch, classes) = " + to_string(needed) +
                     ", got " + to_string(scores.shape()) +
                     "; let the last layer have one output per class");
  }
}

/// How many samples have their largest score at their label.
std::int64_t count_correct(const Array<double>& scores, const std::vector<int>& labels) {
  const std::size_t classes = scores.shape()[1];
  const double* row = scores.data();
  std::int64_t correct = 0;
  for (const int label : labels) {
    correct += std::max_element(row, row + classes) - row == label;
    row += classes;
  }
  return correct;
}

}  // namespace

Progress fit(nn::Module& model, optim::Optimizer& optimizer, const data::Dataset& dataset,
             const Options& options, const Monitor& monitor) {
  if (options.epochs < 1) {
    throw ValueError("[fit] needs at least one epoch, got " + std::to_string(options.epochs));
  }
  data::Batches batches(dataset, options.batch_size, options.seed);
  batches.augment(options.augmentation);
  const nn::ModeGuard mode(model, true);
  const auto start = Clock::now();
  const auto steps = static_cast<std::int64_t>(batches.count());
  const auto samples = static_cast<double>(dataset.size()) * options.epochs;
  std::int64_t seen_before = 0, step_bytes = 0;
  Array<double> kept_scores[2];  // Of whole batches, and of the smaller one that ends an epoch.
  Progress progress{};
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    std::int64_t step = 0, seen = 0, correct = 0;
    double loss_sum = 0;
    for (const data::Batch& batch : batches) {
      Tape tape(options.precision, lean);
      const Var scores = model(tape.data(batch.inputs));
      check_scores(scores, batch, dataset.classes);
      const Var loss = options.loss ? options.loss(scores, batch.labels)
                                    : nn::cross_entropy(scores, batch.labels);
      const auto count = static_cast<std::int64_t>(batch.size());
      seen += count;
      Array<double>& score_numbers = kept_scores[step + 1 < steps ? 0 : 1];
      scores.value_to(score_numbers);
      correct += count_correct(score_numbers, batch.labels);
      loss_sum += loss.item() * static_cast<double>(count);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      if (options.after_step) options.after_step();
      step_bytes = std::max(step_bytes, tape.memory().peak);

      const double seconds = seconds_since(start);
      const auto done = static_cast<double>(seen_before + seen);
      const auto seen_now = static_cast<double>(seen);
      progress = {epoch,
                  options.epochs,
                  ++step,
                  steps,
                  loss_sum / seen_now,
                  static_cast<double>(correct) / seen_now,
                  done / seconds,
                  (samples - done) * seconds / done,
                  step_bytes};
      if (monitor) monitor(progress);
    }
    seen_before += seen;
  }
  return progress;
}

double accuracy(nn::Module& model, const data::Dataset& dataset, Precision precision,
                int batch_size) {
  data::Batches batches(dataset, batch_size, 0, false);
  const nn::ModeGuard mode(model, false);
  const NoGrad no_grad;
  std::int64_t correct = 0;
  for (const data::Batch& batch : batches) {
    Tape tape(precision);
    const Var scores = model(tape.data(batch.inputs));
    check_scores(scores, batch, dataset.classes);
    correct += count_correct(scores.value(), batch.labels);
  }
  return static_cast<double>(correct) / static_cast<double>(dataset.size());
}

}  // namespace tapegrad::train
