#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <tapegrad/autograd/precision.hpp>
#include <tapegrad/data/augmentation.hpp>
#include <tapegrad/data/dataset.hpp>
#include <tapegrad/nn/module.hpp>
#include <tapegrad/optim/optimizer.hpp>
#include <tapegrad/train/checkpoint_options.hpp>
#include <tapegrad/train/evaluation.hpp>
#include <tapegrad/train/observer.hpp>

namespace tapegrad::train {

/// What of the validation set tells a better epoch from a worse one.
enum class Watch : std::uint8_t {
  accuracy,  ///< More is better.
  loss,      ///< Less is better.
};

/// When training ends before its last epoch, and with which weights.
struct EarlyStopping {
  /// How many epochs in a row may be no better than the best one; 0 for all that there are.
  int patience = 0;
  Watch watch = Watch::accuracy;  ///< By which figure of the validation set epochs are compared.
  double min_delta = 0;           ///< By how much a better one is better, at least.
  /// Whether parameters and buffers go back to those of the best epoch at the end, or stay the
  /// last ones. What the optimizer remembers stays.
  bool restore_best = false;
};

/// How `fit` goes through the data.
struct Options {
  int epochs = 10;         ///< How often every sample is seen.
  int batch_size = 32;     ///< Samples per step; the last batch of an epoch may be smaller.
  std::uint64_t seed = 0;  ///< Of the order in which samples come, and of their augmentation.
  /// What happens to images before each step; nothing unless it says so.
  data::Augmentation augmentation = {};
  /// What is minimised; the mean softmax cross-entropy unless it says otherwise. May add penalties
  /// on parameters.
  Loss loss = {};
  /// λ·R(W), added to the loss of every batch and reported apart: nn::l2_penalty of weights, say.
  std::function<Var()> penalty = {};
  /// Called after every step of the optimizer, for what changes from step to step: a schedule,
  /// max_norm, a moving average of the weights.
  std::function<void()> after_step = {};
  /// Of the tapes on which steps are computed.
  Precision precision = default_precision();
  /// Samples not trained on, on which the model is measured after every epoch; null for none. Must
  /// live until `fit` returns.
  const data::Dataset* validation = nullptr;
  /// Whether the validation set ends training; it does not unless it says so.
  EarlyStopping early_stopping = {};
  /// Who watches from within, in this order, such as a Recorder; they must live until `fit`
  /// returns.
  std::vector<Observer*> observers = {};
  /// Where the run is written down, to be resumed after its process has ended; nowhere unless it
  /// says so.
  CheckpointOptions checkpoints = {};
};

/// Where training stands, after every step.
struct Progress {
  int epoch;                  ///< Counted from 0.
  int epochs;                 ///< How many there will be.
  std::int64_t step;          ///< Steps done in this epoch.
  std::int64_t steps;         ///< Steps of an epoch.
  double loss;                ///< Mean over the samples seen in this epoch.
  double accuracy;            ///< Share of them that was classified right, before each step.
  double samples_per_second;  ///< Since training began, or went on from a checkpoint.
  double seconds_left;        ///< Until the last epoch ends, at this pace.
  std::int64_t step_bytes;    ///< Memory that the tape of the largest step so far needed.
  /// The mean of Options::penalty over the samples seen in this epoch, which `loss` contains.
  double penalty = 0;
  /// On the validation set, without penalty; at the last step of an epoch.
  std::optional<double> validation_loss = {};
  std::optional<double> validation_accuracy = {};  ///< The same.
  /// The epoch that was best on the validation set so far; −1 before the first is measured.
  int best_epoch = -1;
  bool stopped = false;  ///< Whether early stopping makes this epoch the last.
};

/// Called after every step, before its checkpoint is written: for a progress bar, a log, or a
/// ReduceLROnPlateau.
using Monitor = std::function<void(const Progress&)>;

/// Trains a classifier: for each shuffled mini-batch the forward pass, the loss, the backward pass
/// and one step of the optimizer. Returns the last state. Throws
/// ValueError for options below 1 or an empty data set, and for early stopping out of range or
/// without a validation set, what `Augmentation::validate` throws, ShapeError if the model's output
/// is not (batch, classes), NonFiniteError, naming the gate, when the loss is no longer a number.
/// With checkpoints it first goes on from the newest whole one of their folder; a run that had
/// ended returns at once. Then it throws, before anything has changed, FileError if the folder
/// cannot be used or holds damaged checkpoints alone, and ValueError that lists the differences if
/// the checkpoint was made with another model, optimizer, data or options; only the number of
/// epochs may grow.
Progress fit(nn::Module& model, optim::Optimizer& optimizer, const data::Dataset& dataset,
             const Options& options, const Monitor& monitor = {});

}  // namespace tapegrad::train
