#pragma once

#include <tapegrad/autograd/detail/block.hpp>

namespace tapegrad::detail {

/// Computes every gate again from the leaves, reading parameters anew.
void replay(Block& block, Place place);

/// Copies the circuit of `from` into the empty block `to`, whose precision may differ, and computes
/// it. Gates keep their indices. Parameters of `to` are copies: it never touches their gradients.
void replay_into(const Block& from, Block& to, Place place);

/// Turns the gates `detach` of a copied circuit into leaves: what they return stays as it is
/// wherever their operands are moved to, as their gradient says.
void hold_detached(Block& copy);

}  // namespace tapegrad::detail
