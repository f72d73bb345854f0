#pragma once

#include <map>
#include <string>

#include <tapegrad/train/fit.hpp>

namespace tapegrad::detail {

/// What the numbers of a run depend on and a checkpoint does not hold, in words: the data sets by a
/// checksum, the options of `fit` but for the number of epochs and for functions, and those that
/// the optimizer begins with; besides, what CheckpointOptions::settings says.
std::map<std::string, std::string> settings_of(const train::Run& run);

}  // namespace tapegrad::detail
