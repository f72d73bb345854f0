#include <tapegrad/train/fit.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mode_guard.hpp>
#include <tapegrad/train/detail/best_epoch.hpp>
#include <tapegrad/train/detail/checkpointer.hpp>
#include <tapegrad/train/detail/position.hpp>
#include <tapegrad/train/detail/run_settings.hpp>
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

/// Where training stands, in the words of its monitors; times are left open.
Progress progress_at(const detail::Position& at, int best_epoch, int epochs, std::int64_t steps) {
  Progress progress{};
  const auto seen = static_cast<double>(at.seen);
  progress.epoch = at.epoch;
  progress.epochs = epochs;
  progress.step = at.step;
  progress.steps = steps;
  progress.loss = at.loss_sum / seen;
  progress.penalty = at.penalty_sum / seen;
  progress.accuracy = static_cast<double>(at.correct) / seen;
  progress.step_bytes = at.step_bytes;
  progress.validation_loss = at.validation_loss;
  progress.validation_accuracy = at.validation_accuracy;
  progress.best_epoch = best_epoch;
  progress.stopped = at.stopped;
  return progress;
}

/// A checkpointer for all that `fit` and what it is given change, if it is to have one.
std::optional<detail::Checkpointer> checkpointer_of(const Run& run, detail::Position& at,
                                                    detail::BestEpoch& best) {
  if (run.options.checkpoints.folder.empty()) return std::nullopt;
  const auto load_position = [&](const NamedParameters& state) {
    detail::Position there;
    there.load_state_dict(state);
    if (there.epoch >= run.options.epochs) {
      throw ValueError("[fit] needs at least the " + std::to_string(there.epoch + 1) +
                       " epochs that the run has begun, got " + std::to_string(run.options.epochs));
    }
    at = there;
  };
  // The position first: it alone is refused for a reason besides its form.
  std::vector<Stateful> state = {{"position", [&] { return at.state_dict(); }, load_position},
                                 {"model", run.model},
                                 {"optimizer", run.optimizer},
                                 {"generator", nn::default_generator()},
                                 {"best", best}};
  const std::vector<Stateful>& more = run.options.checkpoints.state;
  state.insert(state.end(), more.begin(), more.end());
  return std::optional<detail::Checkpointer>(std::in_place, run.options.checkpoints,
                                             std::move(state), detail::settings_of(run));
}

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
  Run run{model, optimizer, dataset, options, steps};
  const auto tell = [&](auto&& event) {
    for (Observer* observer : options.observers) event(*observer);
  };
  detail::Position at;
  detail::BestEpoch best(options.early_stopping, model);
  std::optional<detail::Checkpointer> checkpointer = checkpointer_of(run, at, best);
  Progress progress{};
  if (checkpointer && checkpointer->resume()) {
    progress = progress_at(at, best.epoch(), options.epochs, steps);
    batches.set_next_epoch(static_cast<std::uint64_t>(at.epoch), static_cast<std::size_t>(at.step));
    run.steps_before = at.epoch * steps + at.step;
  }
  std::int64_t seen_here = 0;    // In this process, by which its pace is told.
  Array<double> kept_scores[2];  // Of whole batches, and of the smaller one that ends an epoch.
  tell([&](Observer& observer) { observer.begin(run); });
  try {
    for (; at.epoch < options.epochs && !at.stopped; at = at.next_epoch()) {
      for (const data::Batch& batch : batches) {
        bool keeps_values = false;
        tell(
            [&](Observer& o) { keeps_values = o.wants_values(at.epoch, at.step) || keeps_values; });
        Tape tape(options.precision, keeps_values ? inspect : lean);
        const Var scores = model(tape.data(batch.inputs));
        detail::check_scores(scores, batch.size(), dataset.classes, "fit");
        const Var data_loss = options.loss ? options.loss(scores, batch.labels)
                                           : nn::cross_entropy(scores, batch.labels);
        const Var penalty = options.penalty ? options.penalty() : Var();
        const Var loss = options.penalty ? data_loss + penalty : data_loss;
        const double penalty_value = options.penalty ? penalty.item() : 0;
        const auto count = static_cast<std::int64_t>(batch.size());
        Array<double>& score_numbers = kept_scores[at.step + 1 < steps ? 0 : 1];
        scores.value_to(score_numbers);
        at.seen += count;
        at.correct += detail::count_correct(score_numbers, batch.labels);
        at.loss_sum += loss.item() * static_cast<double>(count);
        at.penalty_sum += penalty_value * static_cast<double>(count);
        const Step now{at.epoch, at.step, batch, scores, loss, penalty_value};
        tell([&](Observer& observer) { observer.after_forward(now); });
        optimizer.zero_grad();
        loss.backward();
        tell([&](Observer& observer) { observer.before_update(now); });
        optimizer.step();
        if (options.after_step) options.after_step();
        tell([&](Observer& observer) { observer.after_update(now); });
        at.step_bytes = std::max(at.step_bytes, tape.memory().peak);

        const bool ends_epoch = ++at.step == steps;
        if (ends_epoch && options.validation != nullptr) {
          const Evaluation on_validation =
              evaluate(model, *options.validation, options.loss, options.precision);
          at.validation_loss = on_validation.loss;
          at.validation_accuracy = on_validation.accuracy();
          at.stopped = best.is_enough(on_validation, at.epoch);
        }
        progress = progress_at(at, best.epoch(), options.epochs, steps);
        const double seconds = seconds_since(start);
        seen_here += count;
        const auto here = static_cast<double>(seen_here);
        const double left =
            samples - static_cast<double>(dataset.size()) * at.epoch - static_cast<double>(at.seen);
        progress.samples_per_second = here / seconds;
        progress.seconds_left = at.stopped ? 0 : left * seconds / here;
        if (ends_epoch) tell([&](Observer& observer) { observer.epoch_end(progress); });
        // Before the checkpoint, which is to hold what the monitor changes: a schedule, say.
        if (monitor) monitor(progress);
        if (checkpointer) {
          const bool ends_run = ends_epoch && (at.stopped || at.epoch + 1 == options.epochs);
          checkpointer->after_step(at.epoch * steps + at.step, ends_epoch, at.epoch + 1, ends_run);
        }
      }
    }
    best.restore();
  } catch (const std::exception& error) {
    tell([&](Observer& observer) { observer.end(progress, error.what()); });
    throw;
  }
  tell([&](Observer& observer) { observer.end(progress, nullptr); });
  return progress;
}

}  // namespace tapegrad::train
