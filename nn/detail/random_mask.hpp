#pragma once

#include <tapegrad/autograd/var.hpp>

namespace tapegrad::detail {

/// A dropout_mask of the given shape on x's tape, its seed drawn from nn::default_generator();
/// `who` stands in messages.
Var random_mask(const Var& x, const Shape& shape, double p, const char* who);

/// Throws ValueError naming `who` unless p, a probability to drop, is from 0 to below 1.
void check_drop_probability(double p, const char* who);

}  // namespace tapegrad::detail
