#pragma once

#include <string>
#include <vector>

#include <fmt/core.h>

#include <tapegrad/autograd/tape.hpp>

namespace tapegrad {

/// Everything that is known of one gate, copied out of the tape.
struct GateInfo {
  /// Its position on the tape.
  std::uint32_t index;
  /// The gate's kind: `mul`, or `variable`, `data`, `parameter` for leaves.
  std::string gate;
  /// The name that the user gave with Var::name, or a parameter's name in its module; empty if
  /// there is none.
  std::string name;
  /// In the order of its formula; a leaf has none.
  std::vector<Var> operands;
  /// The sizes along each axis; empty for a scalar.
  Shape shape;
  /// The forward value.
  Array<double> value;
  /// Zeros where no gradient has arrived.
  Array<double> grad;
  /// Whether backward() reaches it.
  bool requires_grad;
  /// The line of the user's source that recorded it.
  Place place;
};

/// Reads a gate. Throws TapeError if the handle is stale or a lean tape has reused its memory.
GateInfo inspect_gate(const Var& x, Place place = Place::here());

/// The local gradient in operand k. For a pointwise gate ∂y/∂x_k, element by element, of y's shape;
/// for a whole-tensor gate, which has no such array, the vector-Jacobian product of the gate's
/// present gradient, of the operand's shape. A single 0 if the gate has no gradient in that
/// operand. Never touches gradients on the tape. Throws TapeError if there is no
/// such operand.
Array<double> local_gradient(const Var& x, int operand, Place place = Place::here());

/// For each element of a gate with kinks, the branch taken: which side of the kink (negative or
/// positive, 0 at a tie) or the winner's position. Empty for gates without kinks.
std::vector<std::int64_t> branches(const Var& x, Place place = Place::here());

/// The circuit as a table, a line per gate: index, name, gate, operands, value and, beside it,
/// gradient, then the source line. Tensors show their shape and first elements; the gradient is
/// blank before a backward pass.
std::string to_table(const Tape& tape);

/// The value as text: a number, or shape and elements.
std::string to_string(const Var& x);

}  // namespace tapegrad

/// `{}` prints a Var's value; format specifications such as `{:.3f}` apply to a single element.
template <>
struct fmt::formatter<tapegrad::Var> {
  fmt::formatter<double> number;
  constexpr auto parse(fmt::format_parse_context& context) { return number.parse(context); }
  // Not here: how a double is formatted stands in <fmt/format.h>, which takes long to compile.
  fmt::format_context::iterator format(const tapegrad::Var& x, fmt::format_context& context) const;
};

template <>
struct fmt::formatter<tapegrad::Shape> : fmt::formatter<fmt::string_view> {
  fmt::format_context::iterator format(const tapegrad::Shape& shape,
                                       fmt::format_context& context) const;
};
