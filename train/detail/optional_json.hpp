#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace tapegrad::train::detail {

/// A number that may be missing: then null.
inline nlohmann::json optional_json(const std::optional<double>& number) {
  return number ? nlohmann::json(*number) : nlohmann::json();
}

/// The text of a value, in one line or indented by so many spaces. What is not UTF-8 in its texts
/// is replaced: names are the user's.
template <class Json = nlohmann::json>
std::string json_text(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tapegrad::train::detail
