#pragma once

#include <initializer_list>
#include <utility>
#include <vector>

#include <tapegrad/autograd/functions.hpp>

// Functions composed of gates, without derivatives of their own: shapes, and what has no gate
// because two gates say it. Axes may be negative, counted from the end. All throw ShapeError where
// shapes do not fit.

namespace tapegrad {

/// Reorders the axes: axis k of the result is axis order[k] of x.
Var permute(Operand x, const Axes& order);

/// x without its axes of size 1.
Var squeeze(Operand x);
/// x without one axis if its size is 1, else x as it is.
Var squeeze(Operand x, std::int64_t axis);

/// x with a new axis of size 1 at the given position, from −rank − 1 to rank.
Var unsqueeze(Operand x, std::int64_t axis);

/// x repeated along axes of size 1 and new leading axes until it has the given shape; −1 keeps a
/// size.
Var expand(Operand x, const Shape& shape);

/// Joins values of one shape along a new axis.
Var stack(const std::vector<Operand>& operands, std::int64_t axis = 0, Place place = Place::here());
/// The same for a list in braces.
Var stack(std::initializer_list<Operand> operands, std::int64_t axis = 0,
          Place place = Place::here());

/// Parts of `size` entries along an axis, the last one shorter where the axis ends within it.
std::vector<Var> split(Operand x, std::int64_t size, std::int64_t axis = 0);
/// Parts of the given sizes, which must add up to the axis's.
std::vector<Var> split(Operand x, const std::vector<std::int64_t>& sizes, std::int64_t axis = 0);
/// The same for a list in braces.
std::vector<Var> split(Operand x, std::initializer_list<std::int64_t> sizes, std::int64_t axis = 0);

/// x between entries of a constant value: `widths` says for each axis how many come before and
/// after.
Var pad(Operand x, const std::vector<std::pair<std::int64_t, std::int64_t>>& widths,
        double value = 0);

/// x laid side by side times[k] times along axis k; more times than axes give new leading axes.
Var repeat(Operand x, const Shape& times);

/// y (m, n) = aᵢ·bⱼ for vectors a (m) and b (n).
Var outer(Operand a, Operand b);

/// The largest element of each window of images x (N, C, H, W): max_pool2d_take of what
/// max_pool2d_index has found, which stays on the tape. `{2}`: windows of 2 side by side;
/// `{3, 2, 1}`: windows of 3, stride 2, padding 1. The gradient goes to the winner, at a tie to the
/// first.
Var max_pool2d(Operand x, const ops::Pooling& form = {});

/// √Σ x² of each window of images x (N, C, H, W); the gradient of a window of zeros is 0.
Var l2_pool2d(Operand x, const ops::Pooling& form = {});

/// The position of the smallest element, as argmax's of the largest.
Var argmin(Operand x, const Axes& axis = {}, bool keepdims = false);
/// The same along one axis.
Var argmin(Operand x, int axis, bool keepdims = false);

}  // namespace tapegrad
