#include <tapegrad/autograd/tape_difference.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <tapegrad/autograd/inspect.hpp>

namespace tapegrad {

namespace {

bool is_near(double a, double b, double tolerance) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

std::string list(const std::vector<Var>& operands) {
  std::string text;
  for (const Var& operand : operands) text += fmt::format(" %{}", operand.index());
  return text.empty() ? " none" : text;
}

/// The first element that differs; empty if none does.
std::string compare(const char* what, const Array<double>& a, const Array<double>& b,
                    double tolerance) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (is_near(a.data()[i], b.data()[i], tolerance)) continue;
    return fmt::format("{} of element {}: {} and {}", what, i, a.data()[i], b.data()[i]);
  }
  return "";
}

/// What differs first between two gates; empty if nothing does.
std::string compare(const GateInfo& a, const GateInfo& b, double tolerance) {
  if (a.gate != b.gate) return fmt::format("kinds: {} and {}", a.gate, b.gate);
  if (list(a.operands) != list(b.operands)) {
    return fmt::format("operands:{} and{}", list(a.operands), list(b.operands));
  }
  if (a.shape != b.shape) {
    return fmt::format("shapes: {} and {}", to_string(a.shape), to_string(b.shape));
  }
  const std::string value = compare("value", a.value, b.value, tolerance);
  return value.empty() ? compare("gradient", a.grad, b.grad, tolerance) : value;
}

}  // namespace

std::optional<TapeDifference> first_difference(const Tape& a, const Tape& b, double tolerance) {
  const std::uint32_t common = std::min(a.size(), b.size());
  for (std::uint32_t i = 0; i < common; ++i) {
    const GateInfo left = inspect_gate(a.gate(i)), right = inspect_gate(b.gate(i));
    const std::string what = compare(left, right, tolerance);
    if (what.empty()) continue;
    return TapeDifference{
        i, fmt::format("gate %{}, {} at {} and {}, differs in {}", i, a.block().label(i),
                       to_string(left.place), to_string(right.place), what)};
  }
  if (a.size() == b.size()) return std::nullopt;
  return TapeDifference{common, fmt::format("one tape ends after {} gates, the other goes on to {}",
                                            common, std::max(a.size(), b.size()))};
}

}  // namespace tapegrad
