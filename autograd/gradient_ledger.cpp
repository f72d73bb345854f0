#include <tapegrad/autograd/gradient_ledger.hpp>

#include <fmt/format.h>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/local_gradient.hpp>
#include <tapegrad/autograd/detail/record.hpp>

namespace tapegrad {

namespace {

using detail::Block;

}  // namespace

GradientLedger gradient_ledger(const Var& x, Place place) {
  Block& block = detail::live_block(x, "gradient_ledger", place);
  detail::check_versions(block, place, "gradient_ledger");
  GradientLedger ledger{{}, x.value(place), 0};
  ledger.total.fill(0);
  double sent = 0;
  for (std::uint32_t i = x.index() + 1; i < block.size; ++i) {
    for (std::uint32_t k = 0; k < block.operand_count(i); ++k) {
      if (block.operand(i, k) != x.index()) continue;
      block.check_readable(i, "gradient_ledger", place);
      if (!detail::sends_gradient(block, i, k)) continue;
      LedgerEntry entry{detail::handle(block, i), static_cast<int>(k),
                        detail::vector_jacobian_product(block, i, k)};
      for (std::size_t e = 0; e < ledger.total.size(); ++e) {
        ledger.total.data()[e] += entry.gradient.data()[e];
      }
      sent += detail::sum_of_magnitudes(entry.gradient);
      ledger.entries.push_back(std::move(entry));
    }
  }
  ledger.cancelled = detail::cancelled_share(ledger.total, sent);
  return ledger;
}

std::string to_string(const GradientLedger& ledger) {
  const auto amount = [](const Array<double>& gradient) {
    return gradient.size() == 1
               ? fmt::format("{:.6g}", gradient.data()[0])
               : fmt::format("{:.6g} in sum of magnitudes", detail::sum_of_magnitudes(gradient));
  };
  std::string text;
  for (const LedgerEntry& entry : ledger.entries) {
    const Block& block = *detail::VarAccess::block(entry.consumer);
    const std::uint32_t consumer = entry.consumer.index();
    text += fmt::format("%{} {} at {}, operand {}: {}\n", consumer, block.label(consumer),
                        to_string(block.place(consumer)), entry.operand, amount(entry.gradient));
  }
  return text + fmt::format("total: {}, {:.0f} % cancelled\n", amount(ledger.total),
                            100 * ledger.cancelled);
}

}  // namespace tapegrad
