#pragma once

#include <tapegrad/autograd/operand.hpp>
#include <tapegrad/nn/losses.hpp>

// What losses share.

namespace tapegrad::detail {

/// The losses of a batch, reduced.
Var reduced(const Var& losses, nn::Reduction reduction, Place place);

/// x (N, …) as (N, rest), one row per sample; a scalar as (1, 1).
Var as_rows(const Var& x, Place place);

/// An operand's numbers in row-major order, in memory of this thread until the next call.
const Array<double>& numbers_of(const Operand& x);

/// Throws ShapeError unless scores are (N, K) and there are N labels, ValueError unless these are
/// whole numbers from 0 to K − 1. Returns numbers_of(labels).
const Array<double>& checked_labels(const Shape& scores, const Operand& labels, const char* who,
                                    Place place);

}  // namespace tapegrad::detail
