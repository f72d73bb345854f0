#pragma once

#include <string>
#include <vector>

#include <tapegrad/nn/sequential.hpp>

namespace tapegrad::nn {

/// A fully connected network with ReLU between its layers and none after the last:
/// `mlp({784, 128, 64, 10})`. Throws ValueError for fewer than two sizes.
Sequential mlp(const std::vector<std::int64_t>& sizes);

/// The sizes in `mlp:784-128-64-10`. Throws ValueError, saying what is needed, for other text.
std::vector<std::int64_t> parse_mlp(const std::string& description);

}  // namespace tapegrad::nn
