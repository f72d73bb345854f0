#include <tapegrad/autograd/detail/circuit.hpp>

#include <nlohmann/json.hpp>

#include <tapegrad/autograd/detail/page.hpp>
#include <tapegrad/ops/error.hpp>

namespace tapegrad::detail {

/// autograd/page/circuit.html.
extern const Page circuit_page;

namespace {

using nlohmann::json;

json to_json(const ValueText& text) {
  return {{"brief", text.brief}, {"elements", text.elements}, {"range", text.range}};
}

json to_json(const CircuitGate& gate) {
  json operands = json::array();
  for (const CircuitOperand& operand : gate.operands) {
    operands.push_back({{"gate", operand.gate}, {"local", operand.local}, {"sent", operand.sent}});
  }
  return {{"kind", gate.kind},
          {"name", gate.name},
          {"symbol", gate.symbol()},
          {"isNumber", gate.is_number()},
          {"shape", gate.shape},
          {"value", to_json(gate.value)},
          {"gradient", to_json(gate.gradient)},
          {"operands", std::move(operands)},
          {"cancelled", gate.cancelled},
          {"place", gate.place},
          {"group", gate.group}};
}

json to_json(const CircuitGroup& group) {
  static constexpr const char* kinds[] = {"tape", "module", "scope", "run"};
  return {{"kind", kinds[static_cast<int>(group.kind)]},
          {"name", group.name},
          {"lines", group.lines},
          {"first", group.first},
          {"end", group.end},
          {"parent", group.parent},
          {"isOpen", group.is_open}};
}

/// One after the other: a tree of all of them would take ten times the memory of the text.
template <class Item>
std::string list(const std::vector<Item>& items) {
  std::string text = "[";
  for (const Item& item : items) text += (text.size() > 1 ? "," : "") + to_json(item).dump();
  return text + "]";
}

}  // namespace

std::string to_page(const Circuit& circuit) {
  constexpr std::size_t most_gates = 200'000;
  if (circuit.gates.size() > most_gates) {
    throw ValueError("[draw] needs a circuit of at most " + std::to_string(most_gates) +
                     " gates for a page, got " + std::to_string(circuit.gates.size()) +
                     "; draw a smaller one, or save it as .dot or .svg");
  }
  return page_with_data(circuit_page,
                        "{\"title\":" + json(circuit.title).dump() + ",\"precision\":" +
                            json(circuit.precision).dump() + ",\"gates\":" + list(circuit.gates) +
                            ",\"groups\":" + list(circuit.groups) + "}",
                        "draw", "ask for .dot or .svg");
}

}  // namespace tapegrad::detail
