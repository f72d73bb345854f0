#pragma once

#include <cstdint>

#include <tapegrad/autograd/var.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/data/dataset.hpp>
#include <tapegrad/nn/module.hpp>
#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::train {

struct Options;
struct Progress;

/// What is trained, on what and how; the same throughout a run.
struct Run {
  nn::Module& model;             ///< What learns.
  optim::Optimizer& optimizer;   ///< How it learns.
  const data::Dataset& dataset;  ///< What it learns from.
  const Options& options;        ///< As `fit` was given them.
  std::int64_t steps;            ///< Steps of an epoch.
  /// Steps that were made before, if it goes on from a checkpoint.
  std::int64_t steps_before = 0;
};

/// One step while it is made.
struct Step {
  int epoch;                 ///< Counted from 0.
  std::int64_t index;        ///< In the epoch, from 0.
  const data::Batch& batch;  ///< Its samples.
  Var scores;                ///< Of its samples, (batch, classes).
  Var loss;                  ///< The penalty included; what backward started from.
  double penalty;            ///< The value of Options::penalty, 0 without.
};

/// Watches training from within, apart from the loop: each function is called at its place by `fit`
/// and does nothing unless overridden. What it throws ends training.
class Observer {
 public:
  virtual ~Observer() = default;

  /// Before the first step.
  virtual void begin(const Run& /*run*/) {}
  /// Before a step's forward pass. True if values and gradients of the gates between are to be
  /// readable in before_update: the step is made on an inspect tape then, which takes more memory
  /// and gives the same numbers to the bit.
  virtual bool wants_values(int /*epoch*/, std::int64_t /*index*/) { return false; }
  /// After the forward pass, whose loss may be no number.
  virtual void after_forward(const Step& /*step*/) {}
  /// After the backward pass: gradients are there, parameters as forward saw them.
  virtual void before_update(const Step& /*step*/) {}
  /// After the optimizer's step and Options::after_step.
  virtual void after_update(const Step& /*step*/) {}
  /// After the last step of an epoch and its validation.
  virtual void epoch_end(const Progress& /*progress*/) {}
  /// After all, with the weights that training leaves; `error` is null, or what ended it.
  virtual void end(const Progress& /*progress*/, const char* /*error*/) {}

 protected:
  Observer() = default;
  /// For observers that can be copied.
  Observer(const Observer&) = default;
  /// The same.
  Observer& operator=(const Observer&) = default;
};

}  // namespace tapegrad::train
