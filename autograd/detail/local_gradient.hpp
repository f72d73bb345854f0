#pragma once

#include <vector>

#include <tapegrad/autograd/detail/block.hpp>
#include <tapegrad/ops/array.hpp>

namespace tapegrad::detail {

/// ∂y/∂x_k of a pointwise gate, element by element, of y's shape.
Array<double> pointwise_local_gradient(Block& block, std::uint32_t gate, int k);

/// Whether a gradient has arrived at a gate that passes some of it to operand k; that of a scalar
/// that none has reached is zero.
bool sends_gradient(const Block& block, std::uint32_t gate, std::uint32_t k);

/// 1 − Σ|total| / sent, for a total of gradients whose magnitudes add up to `sent`.
double cancelled_share(const Array<double>& total, double sent);

/// uᵀ ∂y/∂x_k of a gate, of x_k's shape, for the gradient u that has arrived at it.
Array<double> vector_jacobian_product(Block& block, std::uint32_t gate, std::uint32_t k);
/// The same for a u of one's own, on a tape in double.
std::vector<double> vector_jacobian_product(Block& block, std::uint32_t gate, std::uint32_t k,
                                            std::vector<double> u);

}  // namespace tapegrad::detail
