#pragma once

#include <cstdint>
#include <vector>

#include <tapegrad/ops/philox.hpp>

namespace tapegrad::detail {

/// `most` of the numbers 0 … count − 1, drawn at random, in order; all of them if there are no
/// more.
std::vector<std::int64_t> sample(std::int64_t count, std::int64_t most, Generator& generator);

}  // namespace tapegrad::detail
