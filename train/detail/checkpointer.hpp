#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <tapegrad/train/checkpoint.hpp>
#include <tapegrad/train/checkpoint_options.hpp>
#include <tapegrad/train/detail/lock_file.hpp>

namespace tapegrad::detail {

/// The checkpoints of one run in their folder, which no other process uses meanwhile.
class Checkpointer {
 public:
  /// `state` is all that the run changes, `settings` all that must not differ when it is resumed.
  /// Throws ValueError for options out of range and names of state that are empty, have a dot or
  /// come twice; FileError if the folder cannot be written to or another process trains in it.
  Checkpointer(const train::CheckpointOptions& options, std::vector<train::Stateful> state,
               std::map<std::string, std::string> settings);

  /// Gives all state what the newest whole checkpoint holds; false, if there is none. Throws
  /// FileError if there are some and none is whole; ValueError that lists everything that does not
  /// fit, and changes nothing, if it was made with other settings or of other state.
  bool resume();

  /// Writes a checkpoint if it is time for one, after so many steps and epochs. Throws FileError.
  void after_step(std::int64_t steps, bool ends_epoch, std::int64_t epochs, bool ends_run);

 private:
  void write(std::int64_t steps) const;
  void load(const train::Checkpoint& checkpoint, const std::string& path);

  const train::CheckpointOptions& options_;
  std::vector<train::Stateful> state_;
  std::map<std::string, std::string> settings_;
  LockFile lock_;
};

}  // namespace tapegrad::detail
