#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/var.hpp>

namespace tapegrad {

/// A gate that made NaN or infinity out of finite operands.
struct NonFiniteGate {
  Var gate;              ///< The gate.
  std::int64_t element;  ///< The first of its elements that is not finite.
  double value;          ///< What it holds.
  /// The gates that carry it on, each an operand of the next, towards the output.
  std::vector<Var> path;
  /// Whether it arrives at the output. If not, the last gate of the path feeds gates that are
  /// finite all the same, such as `where` and `max`: it is masked, and does no harm forwards.
  bool reaches_output;
  /// Whether its own gradient is finite and so are those of its operands, as after backward(): a
  /// masked NaN can still come back as 0·NaN.
  bool gradients_finite;
};

/// Everything upstream of an output that made a number which is not finite, in tape order, leaves
/// among them. Empty if all are finite. Throws TapeError if a lean tape has reused a value.
std::vector<NonFiniteGate> non_finite_gates(const Var& output, Place place = Place::here());

/// A paragraph per gate: what it made, the way to the output, or what masks it.
std::string to_string(const std::vector<NonFiniteGate>& gates);

}  // namespace tapegrad
