#include <tapegrad/train/detail/agreement.hpp>

#include <cstddef>
#include <string>

#include <tapegrad/ops/error.hpp>

namespace tapegrad::train::detail {

double agreement(const std::vector<int>& predicted, const std::vector<int>& labels,
                 const char* who) {
  if (labels.empty()) {
    throw ValueError(std::string("[") + who +
                     "] needs samples to measure an accuracy on, got none");
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (predicted[i] == labels[i]) ++right;
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

}  // namespace tapegrad::train::detail
