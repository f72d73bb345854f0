#pragma once

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/autograd/functions.hpp>

// Functions composed of gates: no derivative is written here. Axes may be negative, counted from
// the end; an empty choice of axes means all. All throw ShapeError where shapes do not fit.

namespace tapegrad::nn {

/// eˣ / Σ eˣ along an axis.
Var softmax(Operand x, std::int64_t axis = -1);

/// log softmax(x) = x − logsumexp(x) along an axis.
Var log_softmax(Operand x, std::int64_t axis = -1);

/// Σ (x − mean)² / (n − correction) over n elements: the unbiased variance, or with correction 0
/// the mean squared deviation. Throws ShapeError unless n > correction.
Var variance(Operand x, const Axes& axes = {}, bool keepdims = false, int correction = 1);

/// The square root of the variance; its gradient is 0 where all elements are equal.
Var standard_deviation(Operand x, const Axes& axes = {}, bool keepdims = false, int correction = 1);

/// (Σ |x|^p)^(1/p) for p > 0; the largest |x| for p = ∞. Throws ValueError for other p.
Var vector_norm(Operand x, double p = 2, const Axes& axes = {}, bool keepdims = false);

/// Σ a·b / (‖a‖·‖b‖) along an axis of two values that broadcast, each norm at least eps.
Var cosine_similarity(Operand a, Operand b, std::int64_t axis = 1, double eps = 1e-8);

/// ‖a − b‖ along the last axis: the distances between rows that lie side by side.
Var pairwise_distance(Operand a, Operand b, double p = 2);

/// The Euclidean distances (N, M) between all rows of a (N, D) and of b (M, D), by way of
/// ‖a‖² + ‖b‖² − 2·a·bᵀ: one matrix product, which loses the digits of distances far below ‖a‖. The
/// gradient is 0 where a distance is 0.
Var cdist(Operand a, Operand b);

}  // namespace tapegrad::nn
