#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tapegrad/autograd/tape.hpp>

namespace tapegrad {

/// What all gates of one kind take on a tape, in bytes.
struct GateMemory {
  std::string gate;        ///< The kind: `mul`, or `variable`, `data`, `parameter`.
  std::int64_t count;      ///< How many there are.
  std::int64_t values;     ///< Numbers of values that the tape holds itself.
  std::int64_t gradients;  ///< Numbers of gradients that the tape holds itself.
  std::int64_t elsewhere;  ///< Values that are part of an operand's, or lent by their owner.
};

/// What the tape's gates take, kind by kind, the largest first. Besides, every gate takes a few
/// dozen bytes of the tape's own, see Tape::memory.
std::vector<GateMemory> memory_by_gate(const Tape& tape);

/// The same as a table.
std::string to_string(const std::vector<GateMemory>& memory);

}  // namespace tapegrad
