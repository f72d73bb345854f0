#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tapegrad/ops/array.hpp>
#include <tapegrad/ops/shape.hpp>

// What a run of training recorded: plain numbers, filled by train::Recorder, read by
// train::diagnose and by reports.

namespace tapegrad::train {

/// How often numbers fell into intervals of equal width; an upper end belongs to the next interval,
/// except for the last. NaN and infinite numbers are left out.
struct Histogram {
  double low = 0;                         ///< The smallest number, where the first interval begins.
  double high = 0;                        ///< The largest one, where the last interval ends.
  std::vector<std::int64_t> counts = {};  ///< One per interval; empty if there was no number.
  double mean = 0;                        ///< Of the numbers themselves.
  double standard_deviation = 0;          ///< About the mean, divided by how many they are.
};

/// One step of the optimizer.
struct StepRecord {
  int epoch = 0;             ///< Counted from 0.
  std::int64_t step = 0;     ///< Counted from 0 through all epochs.
  double loss = 0;           ///< Of the batch before the step, the penalty included.
  double penalty = 0;        ///< What Options::penalty contributed to it.
  double learning_rate = 0;  ///< Of the first group, as the step used it.
};

/// What an epoch did to one parameter. Norms and ratio are means over the steps observed.
struct ParameterRecord {
  std::string name;         ///< As Module::named_parameters calls it, `0.weight`.
  Shape shape = {};         ///< Of the parameter.
  double update_ratio = 0;  ///< ‖update‖/‖weights before it‖, 0 for weights that are all 0.
  double gradient_norm = 0;  ///< Euclidean norm of the gradient.
  double weight_norm = 0;    ///< Euclidean norm of the parameter at the end of the epoch.
  /// Whether a backward pass reached it: it is used by the loss, even if its gradient is 0.
  bool reached = false;
  /// Whether its gradient was other than 0 in a step observed.
  bool received_gradient = false;
  /// ‖W − mean row‖/‖W‖ at the end of the epoch, for two axes and more, whose rows are units: 0 if
  /// all units are equal, near 1 if they have nothing in common. Nothing for fewer than two rows.
  std::optional<double> unit_spread = {};
};

/// What an epoch saw at the output of one activation, by its module.
struct LayerRecord {
  std::string name;            ///< The module's path, `1`.
  std::string kind;            ///< Its type, `ReLU`.
  std::int64_t units = 0;      ///< Features, or channels of images.
  Histogram activations = {};  ///< Its outputs in the last step observed.
  Histogram gradients = {};    ///< The loss's gradients with respect to them.
  /// ReLU: the share of units whose output was 0 for every sample observed.
  double dead_share = 0;
  /// Sigmoid and tanh: the share of outputs where the slope is below 4 % of its largest, which is σ
  /// outside of 0.01…0.99 and |tanh| above 0.98.
  double saturated_share = 0;
};

/// One pass over the data.
struct EpochRecord {
  int epoch = 0;              ///< Counted from 0.
  bool complete = true;       ///< False for one that an error ended.
  double loss = 0;            ///< Mean over its samples, each before its step; penalty included.
  double penalty = 0;         ///< Mean over its samples of what Options::penalty contributed.
  double accuracy = 0;        ///< Share of them that was classified right, before each step.
  double learning_rate = 0;   ///< Of the last step.
  double seconds = 0;         ///< That it took, validation included.
  std::int64_t steps = 0;     ///< Steps made.
  std::int64_t observed = 0;  ///< Of these, how many the records below were taken from.
  std::optional<double> validation_loss = {};      ///< Without penalty.
  std::optional<double> validation_accuracy = {};  ///< At the end of the epoch.
  std::vector<ParameterRecord> parameters = {};    ///< In the order of the model.
  std::vector<LayerRecord> layers = {};            ///< In the order in which they were called.
};

/// What a run of training recorded.
struct History {
  std::string name;  ///< Of the run, for legends.
  /// Names and values as text: optimizer, rates, batch size, and what the user adds.
  std::vector<std::pair<std::string, std::string>> settings = {};
  int classes = 0;                             ///< How many there are.
  std::vector<std::string> class_names = {};   ///< One per class, or none.
  std::vector<std::int64_t> class_sizes = {};  ///< Samples of each class in the training set.
  /// The largest `weight_decay` among the optimizer's groups; 0 if it has none.
  double weight_decay = 0;
  std::int64_t samples = 0;             ///< In the training set.
  std::int64_t validation_samples = 0;  ///< In the validation set; 0 without one.
  /// Steps that were made before recording began, since the run went on from a checkpoint: of them
  /// and their epochs nothing is here, and `start` is how they left the parameters.
  std::int64_t steps_before = 0;
  std::vector<ParameterRecord> start = {};  ///< The parameters before the first step.
  std::vector<StepRecord> steps = {};       ///< Every step.
  std::vector<EpochRecord> epochs = {};     ///< Every epoch.
  /// The weights of the first layer as K images (K, C, H, W), at the end of the last epoch; empty
  /// unless that layer looks at images.
  Array<float> filters = {};
  /// How often a sample of class i (row) was taken for class j (column), on the validation set at
  /// the end of training, i·classes + j; empty without one.
  std::vector<std::int64_t> confusion = {};
  int best_epoch = -1;   ///< The one whose validation was best; −1 without.
  bool stopped = false;  ///< Whether early stopping ended it.
  std::string error;     ///< What ended it before its time; empty if nothing did.
};

}  // namespace tapegrad::train
