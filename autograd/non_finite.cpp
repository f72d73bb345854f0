#include <tapegrad/autograd/non_finite.hpp>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/inspect.hpp>

namespace tapegrad {

namespace {

using detail::Block;

std::int64_t find_non_finite(const Block& block, std::uint32_t index) {
  return detail::find_non_finite(block.value(index), block.precision, block.count(index));
}

bool has_finite_gradient(const Block& block, std::uint32_t index) {
  const Block::Grad grad = block.grad(index);
  if (grad.numbers == nullptr) return true;
  return detail::find_non_finite(grad.numbers, grad.precision, block.count(index)) < 0;
}

bool gradients_are_finite(const Block& block, std::uint32_t index) {
  if (!has_finite_gradient(block, index)) return false;
  for (std::uint32_t k = 0; k < block.operand_count(index); ++k) {
    if (!has_finite_gradient(block, block.operand(index, k))) return false;
  }
  return true;
}

}  // namespace

std::vector<NonFiniteGate> non_finite_gates(const Var& output, Place place) {
  Block& block = detail::live_block(output, "non_finite_gates", place);
  const std::uint32_t end = output.index();
  const std::vector<char> upstream = detail::upstream_of(block, end, detail::Path::any);
  std::vector<char> bad(end + 1, 0), carried(end + 1, 0), reaches(end + 1, 0);
  for (std::uint32_t i = 0; i <= end; ++i) {
    if (upstream[i] == 0) continue;
    block.check_readable(i, "non_finite_gates", place);
    bad[i] = find_non_finite(block, i) >= 0 ? 1 : 0;
  }
  // The gate that carries a number on, one that reaches the output where there is one.
  std::vector<std::uint32_t> next(end + 1, end + 1);
  reaches[end] = bad[end];
  for (std::uint32_t i = end + 1; i-- > 0;) {
    for (std::uint32_t k = 0; bad[i] != 0 && k < block.operand_count(i); ++k) {
      const std::uint32_t operand = block.operand(i, k);
      if (bad[operand] == 0) continue;
      carried[i] = 1;
      if (next[operand] > end || reaches[operand] < reaches[i]) {
        next[operand] = i;
        reaches[operand] = reaches[i];
      }
    }
  }
  std::vector<NonFiniteGate> gates;
  for (std::uint32_t i = 0; i <= end; ++i) {
    if (bad[i] == 0 || carried[i] != 0) continue;
    const std::int64_t element = find_non_finite(block, i);
    const Var gate = detail::handle(block, i);
    NonFiniteGate found{gate, element, gate.value(place).data()[element],
                        {},   false,   gradients_are_finite(block, i)};
    for (std::uint32_t at = next[i]; at <= end; at = next[at]) {
      found.path.push_back(detail::handle(block, at));
    }
    found.reaches_output = reaches[i] != 0;
    gates.push_back(std::move(found));
  }
  return gates;
}

std::string to_string(const std::vector<NonFiniteGate>& gates) {
  const auto name = [](const Var& gate) {
    const Block& block = *detail::VarAccess::block(gate);
    return fmt::format("%{} {} ({})", gate.index(), block.label(gate.index()),
                       to_string(block.place(gate.index())));
  };
  std::string text;
  for (const NonFiniteGate& found : gates) {
    text += fmt::format("{} makes {} at element {}", name(found.gate), found.value, found.element);
    for (const Var& step : found.path) text += "\n  → " + name(step);
    text +=
        found.reaches_output ? "\n  reaches the output\n" : "\n  is masked: the output is finite\n";
    if (!found.gradients_finite) text += "  and comes back in gradients that are not finite\n";
  }
  return text;
}

}  // namespace tapegrad
