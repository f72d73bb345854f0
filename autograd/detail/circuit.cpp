#include <tapegrad/autograd/detail/circuit.hpp>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/backward.hpp>
#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/autograd/detail/local_gradient.hpp>
#include <tapegrad/autograd/detail/record.hpp>

namespace tapegrad::detail {

namespace {

constexpr const char* six_digits = "{:.6g}";

std::string all_digits(double number, Precision precision) {
  return precision == f32 ? fmt::format("{}", static_cast<float>(number))
                          : fmt::format("{}", number);
}

/// Least, mean and largest of the elements that are finite, and how many are not.
std::string range_of(const Array<double>& array) {
  double least = INFINITY, largest = -INFINITY, sum = 0;
  std::size_t finite = 0;
  for (const double x : array) {
    if (!std::isfinite(x)) continue;
    least = std::min(least, x);
    largest = std::max(largest, x);
    sum += x;
    ++finite;
  }
  std::string text;
  if (finite > 0) {
    text = fmt::format("min {:.4g}, mean {:.4g}, max {:.4g}", least,
                       sum / static_cast<double>(finite), largest);
  }
  if (finite == array.size()) return text;
  return text + fmt::format("{}{} of {} not finite", text.empty() ? "" : "; ",
                            array.size() - finite, array.size());
}

ValueText text_of(const Array<double>& array, Precision precision) {
  constexpr std::size_t few = 4;
  if (array.dimension() == 0) {
    return {elements_text(array, "{:.4g}"), all_digits(array(), precision), ""};
  }
  if (array.size() == 0) return {"empty", "[]", ""};
  double squares = 0;
  for (const double x : array) squares += x * x;
  return {array.size() <= few
              ? elements_text(array, "{:.3g}")
              : fmt::format("rms {:.3g}", std::sqrt(squares / static_cast<double>(array.size()))),
          elements_text(array, six_digits), range_of(array)};
}

/// What consumers sent back to each gate, gathered in one pass.
class Ledger {
 public:
  explicit Ledger(const Block& block) : consumers_(block.size), sent_(block.size) {
    for (std::uint32_t i = 0; i < block.size; ++i) {
      for (std::uint32_t k = 0; k < block.operand_count(i); ++k) ++consumers_[block.operand(i, k)];
    }
  }

  void add(std::uint32_t gate, const Array<double>& gradient) {
    if (consumers_[gate] < 2) return;
    sent_[gate] += sum_of_magnitudes(gradient);
    const auto [entry, is_first] = totals_.try_emplace(gate, gradient);
    if (is_first) return;
    double* const total = entry->second.data();
    for (std::size_t i = 0; i < gradient.size(); ++i) total[i] += gradient.data()[i];
  }

  double cancelled(std::uint32_t gate) const {
    return consumers_[gate] < 2 ? 0 : cancelled_share(total(gate), sent_[gate]);
  }

 private:
  Array<double> total(std::uint32_t gate) const {
    const auto found = totals_.find(gate);
    return found == totals_.end() ? Array<double>(0.0) : found->second;
  }

  std::vector<std::uint32_t> consumers_;
  std::vector<double> sent_;
  /// Of gates with several consumers.
  std::unordered_map<std::uint32_t, Array<double>> totals_;
};

CircuitOperand read_operand(Block& block, std::uint32_t index, std::uint32_t k, Ledger& ledger) {
  CircuitOperand operand{block.operand(index, k), "", ""};
  const GateTable& table = table_of_gate(block, index);
  if (!table.differentiable_in(k) || !block.requires_grad(operand.gate)) return operand;
  if (table.pointwise) {
    operand.local =
        elements_text(pointwise_local_gradient(block, index, static_cast<int>(k)), six_digits);
  }
  if (sends_gradient(block, index, k)) {
    const Array<double> sent = vector_jacobian_product(block, index, k);
    operand.sent = elements_text(sent, six_digits);
    ledger.add(operand.gate, sent);
  }
  return operand;
}

}  // namespace

std::string CircuitGate::symbol() const {
  static const std::unordered_map<std::string, const char*> signs{
      {"add", "+"}, {"sub", "−"}, {"mul", "×"}, {"div", "/"}};
  if (is_number()) return value.brief;
  if (is_leaf()) return name.empty() ? kind : name;
  const auto sign = signs.find(kind);
  return sign == signs.end() ? kind : sign->second;
}

std::string printable(const std::string& text) {
  // The JSON library knows UTF-8: writing and reading back replaces what is none.
  const std::string json =
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto valid = nlohmann::json::parse(json).get<std::string>();
  std::replace_if(
      valid.begin(), valid.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return valid;
}

Circuit read_circuit(Block& block, const std::string& title, std::size_t max_shown, Place place) {
  for (std::uint32_t i = 0; i < block.size; ++i) block.check_readable(i, "draw", place);
  check_versions(block, place, "draw");
  Circuit circuit{printable(title),
                  block.precision == f64 ? "double" : "float",
                  {},
                  circuit_groups(block, max_shown)};
  circuit.gates.resize(block.size);
  Ledger ledger(block);
  for (std::uint32_t i = 0; i < block.size; ++i) {
    const Var handle_of_gate = handle(block, i);
    CircuitGate& gate = circuit.gates[i];
    gate.kind = block.name(i);
    gate.shape = block.shape(i).empty() ? "" : to_string(block.shape(i));
    gate.value = text_of(handle_of_gate.value(place), block.precision);
    if (block.grad(i).numbers != nullptr) {
      gate.gradient = text_of(handle_of_gate.grad(place), block.precision);
    }
    gate.place = to_string(block.place(i));
    for (std::uint32_t k = 0; k < block.operand_count(i); ++k) {
      circuit.gates[block.operand(i, k)].has_consumers = true;
      gate.operands.push_back(read_operand(block, i, k, ledger));
    }
    const ParameterState* const parameter = block.is_leaf(i) ? block.parameter(i) : nullptr;
    if (parameter != nullptr) gate.name = printable(parameter->name);
  }
  for (const auto& [index, name] : block.names) circuit.gates[index].name = printable(name);
  for (std::uint32_t i = 0; i < block.size; ++i) circuit.gates[i].cancelled = ledger.cancelled(i);
  // Groups come after those that they lie in.
  for (std::uint32_t g = 0; g < circuit.groups.size(); ++g) {
    for (std::uint32_t i = circuit.groups[g].first; i < circuit.groups[g].end; ++i) {
      circuit.gates[i].group = g;
    }
  }
  return circuit;
}

}  // namespace tapegrad::detail
