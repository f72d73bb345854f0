#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <tapegrad/train/stateful.hpp>

namespace tapegrad::train {

/// From where a run goes on.
struct Resumed {
  std::string path;  ///< The checkpoint.
  /// Newer ones that could not be used, each with the reason.
  std::vector<std::string> refused;
};

/// Where and when `fit` writes down how it stands. A run that was ended, at any moment and in any
/// way, is begun again with the same program: it goes on from the newest checkpoint of the folder
/// that is whole, to the very bits that it would have reached undisturbed.
///
/// In a checkpoint are: parameters and buffers of the model, the optimizer, where
/// nn::default_generator() stands (from which dropout draws), epoch and batch, the sums behind
/// Progress, the best epoch so far, and what `state` names besides. Order and augmentation of
/// samples depend on seed and epoch alone.
struct CheckpointOptions {
  /// A folder of the run's own, which is made if it is missing; without one nothing is written.
  std::string folder = {};
  /// Epochs between checkpoints; 0 for one after the last epoch alone, which is always written.
  int every_epochs = 1;
  /// Steps between further checkpoints, counted through all epochs; 0 for none.
  std::int64_t every_steps = 0;
  /// How many checkpoints stay, the newest ones. With two, one that the disk has damaged costs
  /// only some time.
  int keep = 2;
  /// What changes during the run besides, in `after_step`, an observer or the monitor: a schedule,
  /// a moving average, a Generator. All of them are called before a step's checkpoint is written;
  /// if one throws, that one is not.
  std::vector<Stateful> state = {};
  /// Whatever else the run depends on, as words: the strength of a penalty. A run is only resumed
  /// with the same.
  std::map<std::string, std::string> settings = {};
  /// Called when a run goes on from a checkpoint.
  std::function<void(const Resumed&)> on_resume = {};
};

}  // namespace tapegrad::train
