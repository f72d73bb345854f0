#include <tapegrad/autograd/memory_by_gate.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/block.hpp>

namespace tapegrad {

namespace {

using detail::Block;

bool is_held_elsewhere(const Block& block, std::uint32_t index) {
  if (!block.is_tensor(index)) return false;
  const detail::Extra& extra = block.extra(index);
  return extra.is_view() ||
         (extra.leaf >= 0 && block.leaves[static_cast<std::size_t>(extra.leaf)].borrowed);
}

/// A parameter's gradient is its own; scalars have theirs in the tape's columns.
std::int64_t gradient_bytes(const Block& block, std::uint32_t index) {
  return block.is_tensor(index) && block.extra(index).grad_memory != nullptr ? block.bytes(index)
                                                                             : 0;
}

std::int64_t all_of(const GateMemory& memory) {
  return memory.values + memory.gradients;
}

}  // namespace

std::vector<GateMemory> memory_by_gate(const Tape& tape) {
  const Block& block = tape.block();
  std::vector<GateMemory> kinds;
  for (std::uint32_t i = 0; i < block.size; ++i) {
    const char* const name = block.name(i);
    auto kind = std::find_if(kinds.begin(), kinds.end(),
                             [&](const GateMemory& memory) { return memory.gate == name; });
    if (kind == kinds.end()) kind = kinds.insert(kind, GateMemory{name, 0, 0, 0, 0});
    ++kind->count;
    (is_held_elsewhere(block, i) ? kind->elsewhere : kind->values) += block.bytes(i);
    kind->gradients += gradient_bytes(block, i);
  }
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const GateMemory& a, const GateMemory& b) { return all_of(a) > all_of(b); });
  return kinds;
}

std::string to_string(const std::vector<GateMemory>& memory) {
  std::string text = fmt::format("{:<28} {:>8} {:>14} {:>14} {:>14}\n", "gate", "count", "values",
                                 "gradients", "held elsewhere");
  for (const GateMemory& kind : memory) {
    text += fmt::format("{:<28} {:>8} {:>14} {:>14} {:>14}\n", kind.gate, kind.count, kind.values,
                        kind.gradients, kind.elsewhere);
  }
  return text;
}

}  // namespace tapegrad
