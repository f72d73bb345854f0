#pragma once

#include <vector>

#include <tapegrad/autograd/parameter.hpp>

// To be called between backward() and step().

namespace tapegrad::optim {

/// Scales all gradients by one factor so that their norm, taken over all of them together, is at
/// most max_norm, and returns the norm before: PyTorch's clip_grad_norm_
/// without the 1e-6 that it adds to the norm. With a norm_type p it is
/// (Σ |g|ᵖ)^(1/p), with infinity max |g|. Parameters without gradient do not count. Throws
/// ValueError unless max_norm is 0 or more and p above 0, NonFiniteError, with gradients
/// unchanged, if the norm is NaN or infinite.
double clip_grad_norm(const std::vector<Parameter>& parameters, double max_norm,
                      double norm_type = 2.0);

/// Brings every element of the gradients into [−max_value, max_value]: PyTorch's
/// clip_grad_value_. NaN stays. Throws ValueError unless max_value is 0 or more.
void clip_grad_value(const std::vector<Parameter>& parameters, double max_value);

}  // namespace tapegrad::optim
