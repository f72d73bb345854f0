#pragma once

#include <tapegrad/autograd/detail/block.hpp>

/// Backward through neighbouring pointwise gates at once. See NOTE [Tile by tile].
namespace tapegrad::detail {

/// The first gate of the chain that ends with gate `last`: `last` itself if there is none.
std::uint32_t chain_start(const Block& block, std::uint32_t last);

/// Sends on the gradients of the gates of a chain. On a lean tape those of its gates themselves are
/// kept nowhere.
void chain_gradients(Block& block, std::uint32_t first, std::uint32_t last);

}  // namespace tapegrad::detail
