#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tapegrad::detail {

/// Rows of equal length as lines of text, columns two blanks apart and as wide as their widest
/// entry; those at the given positions are aligned at the right.
std::string text_table(const std::vector<std::vector<std::string>>& rows,
                       const std::vector<std::size_t>& numbers);

}  // namespace tapegrad::detail
