#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// How files of checkpoints are called.
namespace tapegrad::detail {

/// `checkpoint-000000001234.safetensors` after so many steps.
std::string checkpoint_name(std::int64_t step);

/// After how many steps a file of this name was written; nothing for any other name.
std::optional<std::int64_t> step_of(const std::string& name);

}  // namespace tapegrad::detail
