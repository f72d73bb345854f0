#pragma once

#include <cstdint>
#include <functional>

#include <tapegrad/autograd/precision.hpp>
#include <tapegrad/data/augmentation.hpp>
#include <tapegrad/data/dataset.hpp>
#include <tapegrad/nn/module.hpp>
#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::train {

/// The loss of a batch, a single number: of its scores (batch, classes) and its labels.
using Loss = std::function<Var(const Var& scores, const std::vector<int>& labels)>;

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
  /// Called after every step of the optimizer, for what changes from step to step: a schedule,
  /// max_norm, a moving average of the weights.
  std::function<void()> after_step = {};
  /// Of the tapes on which steps are computed.
  Precision precision = default_precision();
};

/// Where training stands, after every step.
struct Progress {
  int epoch;                  ///< Counted from 0.
  int epochs;                 ///< How many there will be.
  std::int64_t step;          ///< Steps done in this epoch.
  std::int64_t steps;         ///< Steps of an epoch.
  double loss;                ///< Mean over the samples seen in this epoch.
  double accuracy;            ///< Share of them that was classified right, before each step.
  double samples_per_second;  ///< Since training began.
  double seconds_left;        ///< Until the last epoch ends, at this pace.
  std::int64_t step_bytes;    ///< Memory that the tape of the largest step so far needed.
};

/// Called after every step, for a progress bar or a log.
using Monitor = std::function<void(const Progress&)>;

/// Trains a classifier: for each shuffled mini-batch the forward pass, the loss, the backward pass
/// and one step of the optimizer. Returns the last state. Throws
/// ValueError for options below 1 or an empty data set, what `Augmentation::validate` throws,
/// ShapeError if the model's output is not (batch, classes), NonFiniteError, naming the gate, when
/// the loss is no longer a number.
Progress fit(nn::Module& model, optim::Optimizer& optimizer, const data::Dataset& dataset,
             const Options& options, const Monitor& monitor = {});

/// The share of samples whose largest score is that of their label, in evaluation mode.
/// Throws as `fit`.
double accuracy(nn::Module& model, const data::Dataset& dataset,
                Precision precision = default_precision(), int batch_size = 256);

}  // namespace tapegrad::train
