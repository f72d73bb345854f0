#include <tapegrad/train/detail/csv_field.hpp>

namespace tapegrad::train::detail {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += c;
    field += c;
  }
  return field + '"';
}

}  // namespace tapegrad::train::detail
