#pragma once

#include <vector>

#include <tapegrad/autograd/detail/objective.hpp>

namespace tapegrad::detail {

/// ‖x‖₂.
double norm(const std::vector<double>& numbers);

/// A term of a sum, such as a data loss beside its regularisation, whose gradient in some leaf is
/// so small beside another's that its mistakes would not show.
struct DrownedTerm {
  std::uint32_t term;
  std::uint32_t larger;  ///< The other one.
  std::uint32_t leaf;
  double share;  ///< Norm of its gradient beside the other's.
};

/// Those of an output that is a sum, or a multiple of one, each with the first leaf in which it
/// drowns. Overwrites the gradients of the block.
std::vector<DrownedTerm> drowned_terms(Block& block, std::uint32_t output,
                                       const std::vector<CheckedLeaf>& leaves, Place place);

}  // namespace tapegrad::detail
