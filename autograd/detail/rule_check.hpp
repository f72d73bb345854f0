#pragma once

#include <optional>

#include <tapegrad/autograd/detail/block.hpp>

namespace tapegrad::detail {

/// A derivative that a gate's rule got wrong.
struct RuleError {
  std::uint32_t gate;
  std::uint32_t operand;
  std::int64_t element;  ///< Of the operand; for a pointwise gate, of the output.
  double expected;       ///< What differences of the gate alone say.
  double got;            ///< What its rule says.
};

/// The first gate upstream of `output` whose gradient rule, checked by itself at the values of its
/// operands, contradicts differences of its formula. `block` is in double and has been walked
/// backward.
std::optional<RuleError> first_wrong_rule(Block& block, std::uint32_t output);

}  // namespace tapegrad::detail
