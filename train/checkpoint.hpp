#pragma once

#include <map>
#include <string>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>

namespace tapegrad::train {

/// What a file keeps of a run: arrays and numbers under names such as `model.0.weight`, and words
/// about how it was made.
struct Checkpoint {
  NamedParameters values;                    ///< Numbers are scalars in double.
  std::map<std::string, std::string> words;  ///< Of any meaning.

  /// The values whose names begin with NAME and a point, under the rest of their names: those of
  /// `model` are what nn::load_state_dict takes.
  NamedParameters part(const std::string& name) const;
};

/// Writes a file in the safetensors format, which data::load_safetensors and PyTorch's users read
/// too, with a checksum over all its bytes. A process that is killed meanwhile leaves the file as
/// it was: what is written lies under another name in the same folder, on the disk, before it takes
/// the file's place. Throws FileError if it cannot be written, or for names and words that no such
/// file can hold.
void save_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// What such a file holds. Throws FileError, saying what is wrong, if it is missing, was not
/// written by save_checkpoint, or if a single bit of it has changed.
Checkpoint load_checkpoint(const std::string& path);

/// The paths of the checkpoints that `fit` has written into a folder, the newest first; none if
/// there is no such folder.
std::vector<std::string> checkpoint_files(const std::string& folder);

}  // namespace tapegrad::train
