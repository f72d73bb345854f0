#include <tapegrad/train/fit.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mode_guard.hpp>
#include <tapegrad/nn/state_dict.hpp>
#include <tapegrad/train/detail/scores.hpp>

namespace tapegrad::train {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check(const Options& options, const data::Dataset& dataset) {
  if (options.epochs < 1) {
    throw ValueError("[fit] needs at least one epoch, got " + std::to_string(options.epochs));
  }
  const EarlyStopping& stopping = options.early_stopping;
  if (stopping.patience < 0) {
    throw ValueError("[fit] needs a patience of at least 0 epochs, got " +
                     std::to_string(stopping.patience));
  }
  if (!(stopping.min_delta >= 0) || std::isinf(stopping.min_delta)) {
    throw ValueError("[fit] needs a min_delta that is finite and at least 0, got " +
                     std::to_string(stopping.min_delta));
  }
  if ((stopping.patience > 0 || stopping.restore_best) && options.validation == nullptr) {
    throw ValueError(
        "[fit] needs a validation set to stop early or to restore the best epoch, got none; set "
        "Options::validation");
  }
  if (options.validation != nullptr) {
    options.validation->validate();
    if (options.validation->size() == 0 || options.validation->classes != dataset.classes) {
      throw ValueError("[fit] needs a validation set with samples of the " +
                       std::to_string(dataset.classes) + " classes of the training set, got " +
                       std::to_string(options.validation->size()) + " samples of " +
                       std::to_string(options.validation->classes) + " classes");
    }
  }
  const auto is_null = [](const Observer* observer) { return observer == nullptr; };
  if (std::any_of(options.observers.begin(), options.observers.end(), is_null)) {
    throw ValueError("[fit] needs observers, got a null pointer among them");
  }
}

/// The epoch that was best on the validation set, and its weights if they will be wanted.
class BestEpoch {
 public:
  explicit BestEpoch(const EarlyStopping& options) : options_(options) {}

  /// Takes notice of an epoch; true if training ends with it.
  bool is_enough(const Evaluation& validation, int epoch, const nn::Module& model) {
    const double quality =
        options_.watch == Watch::accuracy ? validation.accuracy() : -validation.loss;
    // The first epoch need not be better than anything; NaN never is.
    if (epoch_ < 0 ? !std::isnan(quality) : quality > quality_ + options_.min_delta) {
      quality_ = quality;
      epoch_ = epoch;
      waited_ = 0;
      if (options_.restore_best) keep(model);
    } else {
      ++waited_;
    }
    return options_.patience > 0 && waited_ >= options_.patience;
  }

  /// Its number; −1 if there is none.
  int epoch() const { return epoch_; }

  /// Puts its weights back, if they were kept.
  void restore(const nn::Module& model) const {
    if (kept_.empty()) return;
    NamedParameters now = nn::state_dict(model);
    for (std::size_t i = 0; i < now.size(); ++i) now[i].second.set_value(kept_[i].value());
  }

 private:
  void keep(const nn::Module& model) {
    kept_.clear();
    for (const auto& [name, parameter] : nn::state_dict(model)) kept_.push_back(parameter.clone());
  }

  const EarlyStopping options_;
  double quality_ = 0;
  int epoch_ = -1;
  int waited_ = 0;
  std::vector<Parameter> kept_;
};

}  // namespace

Progress fit(nn::Module& model, optim::Optimizer& optimizer, const data::Dataset& dataset,
             const Options& options, const Monitor& monitor) {
  check(options, dataset);
  data::Batches batches(dataset, options.batch_size, options.seed);
  batches.augment(options.augmentation);
  const nn::ModeGuard mode(model, true);
  const auto start = Clock::now();
  const auto steps = static_cast<std::int64_t>(batches.count());
  const auto samples = static_cast<double>(dataset.size()) * options.epochs;
  const Run run{model, optimizer, dataset, options, steps};
  const auto tell = [&](auto&& event) {
    for (Observer* observer : options.observers) event(*observer);
  };
  BestEpoch best(options.early_stopping);
  std::int64_t seen_before = 0, step_bytes = 0;
  Array<double> kept_scores[2];  // Of whole batches, and of the smaller one that ends an epoch.
  Progress progress{};
  tell([&](Observer& observer) { observer.begin(run); });
  try {
    for (int epoch = 0; epoch < options.epochs && !progress.stopped; ++epoch) {
      std::int64_t step = 0, seen = 0, correct = 0;
      double loss_sum = 0, penalty_sum = 0;
      for (const data::Batch& batch : batches) {
        bool keeps_values = false;
        tell([&](Observer& o) { keeps_values = o.wants_values(epoch, step) || keeps_values; });
        Tape tape(options.precision, keeps_values ? inspect : lean);
        const Var scores = model(tape.data(batch.inputs));
        detail::check_scores(scores, batch.size(), dataset.classes, "fit");
        const Var data_loss = options.loss ? options.loss(scores, batch.labels)
                                           : nn::cross_entropy(scores, batch.labels);
        const Var penalty = options.penalty ? options.penalty() : Var();
        const Var loss = options.penalty ? data_loss + penalty : data_loss;
        const double penalty_value = options.penalty ? penalty.item() : 0;
        const auto count = static_cast<std::int64_t>(batch.size());
        seen += count;
        Array<double>& score_numbers = kept_scores[step + 1 < steps ? 0 : 1];
        scores.value_to(score_numbers);
        correct += detail::count_correct(score_numbers, batch.labels);
        loss_sum += loss.item() * static_cast<double>(count);
        penalty_sum += penalty_value * static_cast<double>(count);
        const Step now{epoch, step, batch, scores, loss, penalty_value};
        tell([&](Observer& observer) { observer.after_forward(now); });
        optimizer.zero_grad();
        loss.backward();
        tell([&](Observer& observer) { observer.before_update(now); });
        optimizer.step();
        if (options.after_step) options.after_step();
        tell([&](Observer& observer) { observer.after_update(now); });
        step_bytes = std::max(step_bytes, tape.memory().peak);

        const auto seen_now = static_cast<double>(seen);
        progress.epoch = epoch;
        progress.epochs = options.epochs;
        progress.step = ++step;
        progress.steps = steps;
        progress.loss = loss_sum / seen_now;
        progress.penalty = penalty_sum / seen_now;
        progress.accuracy = static_cast<double>(correct) / seen_now;
        progress.step_bytes = step_bytes;
        progress.validation_loss = progress.validation_accuracy = std::nullopt;
        if (step == steps && options.validation != nullptr) {
          const Evaluation on_validation =
              evaluate(model, *options.validation, options.loss, options.precision);
          progress.validation_loss = on_validation.loss;
          progress.validation_accuracy = on_validation.accuracy();
          progress.stopped = best.is_enough(on_validation, epoch, model);
          progress.best_epoch = best.epoch();
        }
        const double seconds = seconds_since(start);
        const auto done = static_cast<double>(seen_before + seen);
        progress.samples_per_second = done / seconds;
        progress.seconds_left = progress.stopped ? 0 : (samples - done) * seconds / done;
        if (step == steps) tell([&](Observer& observer) { observer.epoch_end(progress); });
        if (monitor) monitor(progress);
      }
      seen_before += seen;
    }
    best.restore(model);
  } catch (const std::exception& error) {
    tell([&](Observer& observer) { observer.end(progress, error.what()); });
    throw;
  }
  tell([&](Observer& observer) { observer.end(progress, nullptr); });
  return progress;
}

}  // namespace tapegrad::train
