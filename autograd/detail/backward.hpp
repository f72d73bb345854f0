#pragma once

#include <tapegrad/autograd/detail/block.hpp>

namespace tapegrad::detail {

/// Adds the gradient of everything upstream of `output`; `upstream` is null for a gradient of 1.
void run_backward(Block& block, std::uint32_t output, const ArrayRef* upstream, Place place);

/// Forgets the gradients of variables and everything between.
void clear_grads(Block& block);

/// Throws TapeError, naming `who`, if a parameter upstream has changed since it was read.
void check_versions(const Block& block, std::uint32_t output, Place place, const char* who);

/// Throws NonFiniteError if the value is NaN or infinite, naming the first gate that made one.
void check_finite(const Block& block, std::uint32_t output, Place place);

/// True per gate that `output` depends on (gates after it are not listed).
std::vector<char> upstream_of(const Block& block, std::uint32_t output);

}  // namespace tapegrad::detail
