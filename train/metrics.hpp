#pragma once

#include <string>

#include <tapegrad/train/history.hpp>

/// What a run recorded, for programs of others: tables, lines of JSON, TensorBoard.
namespace tapegrad::train {

/// A table with a header and a row per step: epoch and step, both from 0, loss, penalty, learning
/// rate. Numbers that are not finite read `nan`, `inf` and `-inf`.
std::string steps_csv(const History& history);

/// A table with a header and a row per epoch: means, accuracies, seconds. What was not measured is
/// an empty field.
std::string epochs_csv(const History& history);

/// A table with a header and a row per epoch and parameter: update ratio, norms, whether a gradient
/// came. Epoch −1 is the state before the first step.
std::string parameters_csv(const History& history);

/// A table with a header and a row per epoch and layer: dead and saturated shares, range, mean and
/// standard deviation of activations and of their gradients.
std::string layers_csv(const History& history);

/// Everything but the images of filters as JSON Lines: one object per line, whose member `type` is
/// `run`, then `step` for every step with an `epoch`, histograms included, after each epoch's last,
/// and `end`. Numbers that are not finite, and what was not measured, are null.
std::string metrics_jsonl(const History& history);

/// The bytes of a TensorBoard event file: losses, accuracies, learning rate, update ratios, norms,
/// dead and saturated shares as scalars; activations and gradients as histograms. Records of steps
/// stand at their step, those of epochs at the steps made by then. `start_time` is when the run
/// began, in seconds since 1970; TensorBoard shows times relative to it.
std::string tensorboard_events(const History& history, double start_time);

/// Writes `steps.csv`, `epochs.csv`, `parameters.csv`, `layers.csv`, `metrics.jsonl` and
/// `events.out.tfevents.tapegrad` into a folder, which is made if it is missing. TensorBoard shows
/// each folder below its `--logdir` as a run. The run is taken to end now. Each file is written
/// completely or not at all; throws FileError if one cannot be.
void save_metrics(const History& history, const std::string& folder);

}  // namespace tapegrad::train
