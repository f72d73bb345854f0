#pragma once

#include <optional>

#include <nlohmann/json.hpp>

namespace tapegrad::train::detail {

/// A number that may be missing: then null.
inline nlohmann::json optional_json(const std::optional<double>& number) {
  return number ? nlohmann::json(*number) : nlohmann::json();
}

/// The text of a value in one line. What is not UTF-8 in its texts is replaced: names are the
/// user's.
inline std::string json_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace tapegrad::train::detail
