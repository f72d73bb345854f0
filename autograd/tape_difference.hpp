#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <tapegrad/autograd/tape.hpp>

namespace tapegrad {

/// Where two tapes part.
struct TapeDifference {
  std::uint32_t gate;  ///< The first gate that differs, or the end of the shorter tape.
  std::string text;  ///< What differs there: kind, operands, shape, value or gradient, both sides.
};

/// The first gate at which two tapes of the same circuit differ: in its kind, operands or shape, or
/// in an element of value or gradient by more than tolerance · max(1, |a|, |b|). Two NaN are equal.
/// Empty if there is none. Throws TapeError if a lean tape has reused the memory of a value.
std::optional<TapeDifference> first_difference(const Tape& a, const Tape& b, double tolerance = 0);

}  // namespace tapegrad
