#pragma once

#include <string>

namespace tapegrad::train::detail {

/// A text as a field of a comma-separated table: in quotes where it would be read as several.
std::string csv_field(const std::string& text);

}  // namespace tapegrad::train::detail
