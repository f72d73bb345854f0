#include <tapegrad/train/detail/checkpoint_name.hpp>

#include <charconv>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

namespace tapegrad::detail {

namespace {

constexpr std::string_view prefix = "checkpoint-";
constexpr std::string_view ending = ".safetensors";
constexpr std::size_t digits = 12;

}  // namespace

std::string checkpoint_name(std::int64_t step) {
  return fmt::format("{}{:0{}}{}", prefix, step, digits, ending);
}

std::optional<std::int64_t> step_of(const std::string& name) {
  if (name.size() != prefix.size() + digits + ending.size()) return std::nullopt;
  std::int64_t step = 0;
  const char* const first = name.data() + prefix.size();
  const auto [end, error] = std::from_chars(first, first + digits, step);
  if (error != std::errc() || end != first + digits || name != checkpoint_name(step)) {
    return std::nullopt;
  }
  return step;
}

}  // namespace tapegrad::detail
