#include <tapegrad/autograd/inspect.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/branches.hpp>
#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/autograd/detail/local_gradient.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/detail/text_table.hpp>

namespace tapegrad {

namespace {

using detail::Block;

std::uint32_t checked_operand(const Block& block, std::uint32_t index, int k, Place place) {
  const auto count = static_cast<int>(block.operand_count(index));
  if (count == 0) {
    throw TapeError(std::string("[local_gradient] needs a gate with operands, got the leaf [") +
                    block.name(index) + "] (" + to_string(place) + ")");
  }
  if (k < 0 || k >= count) {
    throw TapeError(std::string("[local_gradient] needs an operand of [") + block.name(index) +
                    "] from 0 to " + std::to_string(count - 1) + ", got " + std::to_string(k) +
                    " (" + to_string(place) + ")");
  }
  return block.operand(index, static_cast<std::uint32_t>(k));
}

/// A gate's value and those of its operands.
void check_readable(const Block& block, std::uint32_t index, const char* who, Place place) {
  block.check_readable(index, who, place);
  for (std::uint32_t k = 0; k < block.operand_count(index); ++k) {
    block.check_readable(block.operand(index, k), who, place);
  }
}

/// Four decimals; four digits where those would show a small number as 0 or a large one too long.
std::string table_text(const Array<double>& array) {
  const auto* const first = array.data();
  const bool fits =
      std::all_of(first, first + std::min(array.size(), detail::most_shown), [](double number) {
        const double size = std::abs(number);
        return size == 0 || !std::isfinite(size) || (size >= 1e-3 && size < 1e6);
      });
  return detail::elements_text(array, fits ? "{:.4f}" : "{:.4g}");
}

}  // namespace

GateInfo inspect_gate(const Var& x, Place place) {
  Block& block = detail::live_block(x, "inspect_gate", place);
  const std::uint32_t index = x.index();
  GateInfo info{index,
                block.name(index),
                block.given_name(index),
                {},
                block.shape(index),
                x.value(place),
                x.grad(place),
                block.requires_grad(index),
                block.place(index)};
  for (std::uint32_t k = 0; k < block.operand_count(index); ++k) {
    info.operands.push_back(detail::handle(block, block.operand(index, k)));
  }
  return info;
}

Array<double> local_gradient(const Var& x, int operand, Place place) {
  Block& block = detail::live_block(x, "local_gradient", place);
  const std::uint32_t index = x.index();
  const std::uint32_t source = checked_operand(block, index, operand, place);
  check_readable(block, index, "local_gradient", place);
  const detail::GateTable& table = detail::table_of_gate(block, index);
  if (!table.differentiable_in(static_cast<std::uint32_t>(operand))) return Array<double>(0.0);
  if (table.pointwise) return detail::pointwise_local_gradient(block, index, operand);
  if (block.grad(index).numbers == nullptr)
    return detail::to_array(block.shape(source), nullptr, f64);
  return detail::vector_jacobian_product(block, index, static_cast<std::uint32_t>(operand));
}

std::vector<std::int64_t> branches(const Var& x, Place place) {
  Block& block = detail::live_block(x, "branches", place);
  const std::uint32_t index = x.index();
  if (!detail::has_kinks(block, index)) return {};
  check_readable(block, index, "branches", place);
  return detail::branches_of(block, index);
}

std::string to_string(const Var& x) {
  const Array<double> value = x.value();
  const std::string numbers = detail::elements_text(value, "{:g}");
  return value.dimension() == 0 ? numbers : to_string(x.shape()) + " " + numbers;
}

std::string to_table(const Tape& tape) {
  std::vector<std::vector<std::string>> rows{
      {"index", "name", "gate", "operands", "value", "gradient", "line"}};
  for (std::uint32_t i = 0; i < tape.size(); ++i) {
    const GateInfo info = inspect_gate(tape.gate(i));
    std::string operands;
    for (const Var& operand : info.operands) {
      operands += (operands.empty() ? "%" : " %") + std::to_string(operand.index());
    }
    const std::string shape = info.shape.empty() ? "" : to_string(info.shape) + " ";
    // Before a pass there is none, which is not a gradient of 0.
    const bool has_grad = info.requires_grad &&
                          (tape.block().grad_count > 0 || tape.block().grad(i).numbers != nullptr);
    rows.push_back({"%" + std::to_string(i), info.name, info.gate, operands,
                    shape + table_text(info.value), has_grad ? table_text(info.grad) : "",
                    to_string(info.place)});
  }
  return detail::text_table(rows, {4, 5});
}

}  // namespace tapegrad

fmt::format_context::iterator fmt::formatter<tapegrad::Var>::format(
    const tapegrad::Var& x, fmt::format_context& context) const {
  if (x.size() == 1 && x.shape().empty()) return number.format(x.item(), context);
  return fmt::format_to(context.out(), "{}", tapegrad::to_string(x));
}

fmt::format_context::iterator fmt::formatter<tapegrad::Shape>::format(
    const tapegrad::Shape& shape, fmt::format_context& context) const {
  return fmt::formatter<fmt::string_view>::format(tapegrad::to_string(shape), context);
}
