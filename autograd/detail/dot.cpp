#include <tapegrad/autograd/detail/circuit.hpp>

#include <set>

#include <fmt/format.h>

namespace tapegrad::detail {

namespace {

constexpr std::uint32_t none = 0xFFFFFFFF;

/// In a text between tags.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

/// In quotes, where Graphviz gives backslashes a meaning.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

/// At most 40 characters, where every UTF-8 sequence counts as one.
std::string shortened(const std::string& text) {
  constexpr int most = 40;
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (text[i] & 0xC0) != 0x80;
    if (begins && ++count > most) return text.substr(0, i) + "…";
  }
  return text;
}

/// Which closed group stands for each group's gates; `none` where all around them is open.
std::vector<std::uint32_t> closed_around(const std::vector<CircuitGroup>& groups) {
  std::vector<std::uint32_t> closed(groups.size(), none);
  for (std::uint32_t g = 0; g < groups.size(); ++g) {
    const std::uint32_t around = g == 0 ? none : closed[groups[g].parent];
    closed[g] = around == none && !groups[g].is_open ? g : around;
  }
  return closed;
}

/// Writes one graph: boxes for open groups around the gates, wires between what is seen.
class Writer {
 public:
  explicit Writer(const Circuit& circuit)
      : circuit_(circuit), closed_(closed_around(circuit.groups)), wire_of_(circuit.groups.size()) {
    find_wires();
  }

  std::string write() {
    text_ = fmt::format(
        "digraph circuit {{\n"
        "  rankdir=LR; nodesep=0.15; ranksep=0.3; fontname=\"Helvetica\"; labelloc=t;\n"
        "  label={};\n"
        "  node [shape=plain, fontname=\"Helvetica\", fontsize=12];\n"
        "  edge [arrowsize=0.5, color=\"#57606a\"];\n",
        quoted(shortened(circuit_.title)));
    write_nodes();
    write_edges();
    return text_ + "}\n";
  }

 private:
  /// What a gate is drawn as: `g5`, or `c2` for the closed group around it.
  std::string node_of(std::uint32_t gate) const {
    const std::uint32_t closed = closed_[circuit_.gates[gate].group];
    return closed == none ? fmt::format("g{}", gate) : fmt::format("c{}", closed);
  }

  /// The one gate whose value leaves a closed group, if it is one.
  void find_wires() {
    std::vector<std::set<std::uint32_t>> leaving(circuit_.groups.size());
    for (std::uint32_t i = 0; i < circuit_.gates.size(); ++i) {
      const CircuitGate& gate = circuit_.gates[i];
      const std::uint32_t closed = closed_[gate.group];
      if (closed != none && !gate.has_consumers) leaving[closed].insert(i);
      for (const CircuitOperand& operand : gate.operands) {
        const std::uint32_t from = closed_[circuit_.gates[operand.gate].group];
        if (from != none && from != closed) leaving[from].insert(operand.gate);
      }
    }
    for (std::uint32_t g = 0; g < leaving.size(); ++g) {
      wire_of_[g] = leaving[g].size() == 1 ? *leaving[g].begin() : none;
    }
  }

  /// A box with its wire to the right: the value above, the gradient below.
  void write_node(const std::string& id, const std::string& box, const char* colour,
                  const CircuitGate* wire, const std::string& tooltip) {
    std::string upper, lower;
    if (wire != nullptr && !wire->is_number()) {
      const std::string space = wire->shape.empty() ? "" : " ";
      upper = fmt::format(
          "<td border=\"1\" sides=\"b\" color=\"#57606a\"><font point-size=\"10\" "
          "color=\"#1a7f37\"> {} </font></td>",
          escaped(wire->shape + space + wire->value.brief));
      lower = fmt::format("<tr><td><font point-size=\"10\" color=\"#cf222e\"> {} </font></td></tr>",
                          escaped(wire->gradient.brief));
    }
    text_ += fmt::format(
        "  {} [tooltip={}, label=<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" "
        "cellpadding=\"3\"><tr><td rowspan=\"{}\" border=\"1\" style=\"rounded\" "
        "bgcolor=\"{}\">{}</td>{}</tr>{}</table>>];\n",
        id, quoted(tooltip), lower.empty() ? 1 : 2, colour, box, upper, lower);
  }

  void write_gate(std::uint32_t index) {
    const CircuitGate& gate = circuit_.gates[index];
    const char* const colour = gate.is_leaf() ? "#ddf4ff" : "#ffffff";
    std::string box = " " + escaped(shortened(gate.symbol())) + " ";
    if (!gate.is_leaf() && !gate.name.empty())
      box += "<br/><i>" + escaped(shortened(gate.name)) + "</i>";
    write_node(fmt::format("g{}", index), box, colour, &gate,
               fmt::format("%{} {} at {}", index, gate.kind, gate.place));
  }

  void write_closed(std::uint32_t g) {
    const CircuitGroup& group = circuit_.groups[g];
    const std::uint32_t gates = group.end - group.first;
    const std::string below = group.kind == CircuitGroup::Kind::run
                                  ? escaped(group.lines)
                                  : fmt::format("{} gate{}", gates, gates == 1 ? "" : "s");
    write_node(fmt::format("c{}", g),
               fmt::format(" <b>{}</b> <br/> {} ", escaped(shortened(group.name)), below),
               "#fff8c5", wire_of_[g] == none ? nullptr : &circuit_.gates[wire_of_[g]],
               group.lines);
  }

  /// Gates in tape order; a group begins before its first gate and ends after its last.
  void write_nodes() {
    std::vector<std::vector<std::uint32_t>> beginning(circuit_.gates.size());
    for (std::uint32_t g = 1; g < circuit_.groups.size(); ++g) {
      const bool is_seen = closed_[circuit_.groups[g].parent] == none;
      if (is_seen) beginning[circuit_.groups[g].first].push_back(g);
    }
    std::vector<std::uint32_t> ends;
    for (std::uint32_t i = 0; i < circuit_.gates.size(); ++i) {
      for (; !ends.empty() && ends.back() == i; ends.pop_back()) text_ += "  }\n";
      for (const std::uint32_t g : beginning[i]) {
        if (!circuit_.groups[g].is_open) {
          write_closed(g);
          continue;
        }
        text_ += fmt::format(
            "  subgraph cluster_{} {{\n  label={}; style=\"rounded\"; color=\"#afb8c1\"; "
            "fontsize=12;\n",
            g, quoted(shortened(circuit_.groups[g].name)));
        ends.push_back(circuit_.groups[g].end);
      }
      if (closed_[circuit_.gates[i].group] == none) write_gate(i);
    }
    for (; !ends.empty(); ends.pop_back()) text_ += "  }\n";
  }

  void write_edges() {
    std::set<std::pair<std::string, std::string>> drawn;
    for (std::uint32_t i = 0; i < circuit_.gates.size(); ++i) {
      const std::string to = node_of(i);
      for (const CircuitOperand& operand : circuit_.gates[i].operands) {
        const std::string from = node_of(operand.gate);
        if (from == to || !drawn.insert({from, to}).second) continue;
        text_ += fmt::format("  {}:e -> {}:w;\n", from, to);
      }
    }
  }

  const Circuit& circuit_;
  std::vector<std::uint32_t> closed_;
  std::vector<std::uint32_t> wire_of_;
  std::string text_;
};

}  // namespace

std::string to_dot(const Circuit& circuit) {
  return Writer(circuit).write();
}

}  // namespace tapegrad::detail
