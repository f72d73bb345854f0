#pragma once

#include <vector>

namespace tapegrad::train::detail {

/// The share of predicted labels that are the true ones. Throws ValueError in the name of `who` if
/// there are none.
double agreement(const std::vector<int>& predicted, const std::vector<int>& labels,
                 const char* who);

}  // namespace tapegrad::train::detail
