#pragma once

#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::optim::detail {

/// Calls rule(T(), first, n) for ranges of n elements that make up the parameter, T being their
/// type, on several threads where that pays: for rules that treat each element by itself.
template <class Rule>
void for_all_elements(const Optimizer::Slot& slot, Rule rule) {
  with_precision(slot.parameter.precision(), [&](auto type) {
    namespace kernels = ops::kernels;
    // Value and gradient are read, the value written, and each array of the state read and written.
    const auto arrays = static_cast<std::int64_t>(3 + 2 * slot.state.size());
    kernels::share_out(
        slot.size(), kernels::streaming_time<decltype(type)>(arrays * slot.size()),
        [&](std::int64_t first, std::int64_t end) { rule(type, first, end - first); });
  });
}

}  // namespace tapegrad::optim::detail
