#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <tapegrad/train/history.hpp>
#include <tapegrad/train/observer.hpp>

namespace tapegrad::train {

/// What a Recorder looks at.
struct RecorderOptions {
  /// Of the run, for legends.
  std::string name = {};
  /// How many steps of an epoch are looked at closely, spread evenly, the last one among them; at
  /// least 1. The first step of a run is one more. Each takes two to three times as long as others,
  /// of which only loss and rate are kept.
  int observed_steps = 10;
  /// Intervals of histograms, at least 1.
  int bins = 40;
  /// (C, H, W) of the images that rows were before data::flatten, for the first layer's filters;
  /// empty if samples are images still, or never were.
  Shape image_shape = {};
};

// NOTE [What is observed]
// Ratios and histograms change slowly and cost time: a step of the 784-128-64-10 network on batches
// of 32 takes 2.5 times as long when it is looked at, one of a convolutional network 1.7 times. So
// a few steps per epoch are looked at, whatever its length; an epoch of Fashion-MNIST, 1,875 steps,
// takes less than one percent longer. Ten batches of 32 are also enough to call a unit dead: one
// that answers to 2 % of the samples stays silent on all 320 once in 600 cases.

/// Writes down what happens in `fit`: losses of all steps, figures of all epochs, and of some steps
/// per epoch update ratios, gradients, and what comes out of activations. It hooks the modules
/// ReLU, LeakyReLU, PReLU, Sigmoid, Tanh and Maxout of the model while training lasts; functions
/// such as relu(x) within a module's forward are not seen. Nothing of what is trained changes.
///
///     train::Recorder recorder;
///     options.observers = {&recorder};
///     train::fit(model, sgd, data, options);
///     fmt::print("{}", to_text(train::diagnose(recorder.history())));
class Recorder : public Observer {
 public:
  /// Throws ValueError for options out of range.
  explicit Recorder(RecorderOptions options = {});
  ~Recorder() override;

  /// What was recorded; while training lasts, so far. Valid until the next run begins.
  const History& history() const { return history_; }
  /// Adds a line to the settings of this and later runs.
  void add_setting(const std::string& name, const std::string& value);

  /// Starts a new history, also for a run that goes on from a checkpoint: what was before is not in
  /// it, as History::steps_before tells. Hooks the activations of the model.
  void begin(const Run& run) override;
  /// True for the steps that are looked at closely.
  bool wants_values(int epoch, std::int64_t index) override;
  /// Notes the loss.
  void after_forward(const Step& step) override;
  /// Looks at activations and gradients.
  void before_update(const Step& step) override;
  /// Looks at what became of the parameters.
  void after_update(const Step& step) override;
  /// Closes the record of an epoch.
  void epoch_end(const Progress& progress) override;
  /// Notes what is known at the end, and takes the hooks away.
  void end(const Progress& progress, const char* error) override;

 private:
  /// What is gathered while training lasts.
  struct State;

  void close_epoch(const Progress& progress, bool complete);

  const RecorderOptions options_;
  std::vector<std::pair<std::string, std::string>> added_settings_;
  History history_;
  std::unique_ptr<State> state_;  ///< Null but while training lasts.
};

}  // namespace tapegrad::train
