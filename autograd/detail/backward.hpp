#pragma once

#include <tapegrad/autograd/detail/block.hpp>

namespace tapegrad::detail {

/// Adds the gradient of everything upstream of `output`; `upstream` is null for a gradient of 1.
void run_backward(Block& block, std::uint32_t output, const ArrayRef* upstream, Place place);

/// Forgets the gradients of variables and everything between.
void clear_grads(Block& block);

/// Throws TapeError, naming `who`, if a parameter upstream has changed since it was read.
void check_versions(const Block& block, std::uint32_t output, Place place, const char* who);
/// The same for all parameters on the tape.
void check_versions(const Block& block, Place place, const char* who);

/// Throws NonFiniteError, naming `who`, if the value is NaN or infinite, and the first gate that
/// made one.
void check_finite(const Block& block, std::uint32_t output, Place place, const char* who);

/// Which dependencies count: all of them, or those that a gradient follows.
enum class Path { any, differentiable };

/// Not 0 per gate that `output` depends on (gates after it are not listed). Valid until the next
/// call for this block.
const std::vector<char>& upstream_of(const Block& block, std::uint32_t output, Path path);

}  // namespace tapegrad::detail
