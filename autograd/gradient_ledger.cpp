#include <tapegrad/autograd/gradient_ledger.hpp>

#include <cmath>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/autograd/detail/local_gradient.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/inspect.hpp>

namespace tapegrad {

namespace {

using detail::Block;

double sum_of_magnitudes(const Array<double>& numbers) {
  double sum = 0;
  for (const double x : numbers) sum += std::abs(x);
  return sum;
}

/// Whether a gradient has arrived; that of a scalar that none has reached is zero.
bool is_reached(const Block& block, std::uint32_t index) {
  const Block::Grad grad = block.grad(index);
  if (grad.numbers == nullptr) return false;
  return block.is_tensor(index) || detail::first_number(grad.numbers, grad.precision) != 0;
}

}  // namespace

GradientLedger gradient_ledger(const Var& x, Place place) {
  Block& block = detail::live_block(x, "gradient_ledger", place);
  GradientLedger ledger{{}, x.value(place), 0};
  ledger.total.fill(0);
  double sent = 0;
  for (std::uint32_t i = x.index() + 1; i < block.size; ++i) {
    for (std::uint32_t k = 0; k < block.operand_count(i); ++k) {
      if (block.operand(i, k) != x.index()) continue;
      block.check_readable(i, "gradient_ledger", place);
      const bool sends = detail::table_of_gate(block, i).differentiable_in(k);
      if (!sends || !is_reached(block, i)) continue;
      LedgerEntry entry{detail::handle(block, i), static_cast<int>(k),
                        detail::vector_jacobian_product(block, i, k)};
      for (std::size_t e = 0; e < ledger.total.size(); ++e) {
        ledger.total.data()[e] += entry.gradient.data()[e];
      }
      sent += sum_of_magnitudes(entry.gradient);
      ledger.entries.push_back(std::move(entry));
    }
  }
  if (sent > 0) ledger.cancelled = 1 - sum_of_magnitudes(ledger.total) / sent;
  return ledger;
}

std::string to_string(const GradientLedger& ledger) {
  const auto amount = [](const Array<double>& gradient) {
    return gradient.size() == 1
               ? fmt::format("{:.6g}", gradient.data()[0])
               : fmt::format("{:.6g} in sum of magnitudes", sum_of_magnitudes(gradient));
  };
  std::string text;
  for (const LedgerEntry& entry : ledger.entries) {
    const GateInfo consumer = inspect_gate(entry.consumer);
    text += fmt::format("%{} {} at {}, operand {}: {}\n", consumer.index,
                        consumer.name.empty() ? consumer.gate : consumer.name,
                        to_string(consumer.place), entry.operand, amount(entry.gradient));
  }
  return text + fmt::format("total: {}, {:.0f} % cancelled\n", amount(ledger.total),
                            100 * ledger.cancelled);
}

}  // namespace tapegrad
