#pragma once

#include <tapegrad/ops/rule.hpp>
#include <tapegrad/ops/strides.hpp>

namespace tapegrad::ops {

/// Base of gates that merge the elements along some axes into one number.
struct Reduction : Whole<1> {
  Axes axes;              ///< Negative ones count from the end; none means all.
  bool keepdims = false;  ///< Keeps reduced axes as size 1.

  Reduction() = default;
  Reduction(const Axes& over, bool keep = false) : axes(over), keepdims(keep) {}

 protected:
  /// The shape of the output for an operand of shape x.
  Shape reduced(const Shape& x, const char* gate) const {
    return reduced_shape(x, axes, keepdims, gate);
  }
  /// The same for a gate that makes nothing of no elements.
  Shape reduced_of_some(const Shape& x, const char* gate) const {
    const Shape result = reduced(x, gate);
    if (x.size() > 0) return result;
    throw ShapeError(std::string("[") + gate + "] needs at least one element, got shape " +
                     to_string(x));
  }
};

}  // namespace tapegrad::ops
