// Writes what Doxygen shows of the gates: a page for each, made of its header's text, of its table
// and of the tests that it passes; the list of all; and declarations of the functions that macros
// make (autograd/functions.hpp). Fails where a gate fails a test.
//
//   tapegrad_gate_pages ROOT FOLDER      (the repository, and where to write: see docs/run.sh)

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/testing/detail/gate_cases.hpp>

#include "gate_checks.hpp"
#include "gate_header.hpp"

namespace tapegrad::docs {
namespace {

namespace fs = std::filesystem;
using testing::GateCase;

/// A gate of the list, and all that its page tells.
struct Gate {
  std::string name;
  std::string type;
  const detail::GateTable* table;
  bool takes_attributes;
  std::vector<GateCase> cases;
  GateHeader header;
};

template <class G>
Gate listed_gate(const char* name, const char* type, const fs::path& root) {
  Gate gate{name, type, &detail::table_of<G>(), detail::takes_attributes<G>, {}, {}};
  gate.cases = testing::cases_of(G{});
  gate.header = read_gate_header(root / "ops" / (gate.name + ".hpp"), type);
  if (gate.header.operands.empty()) {
    const std::vector<std::string> names = {"a", "b", "c", "d"};
    if (gate.table->arity == 1) gate.header.operands = {"x"};
    if (gate.table->arity > 1) {
      gate.header.operands = {names.begin(), names.begin() + gate.table->arity};
    }
  }
  return gate;
}

std::vector<Gate> all_gates(const fs::path& root) {
  std::vector<Gate> gates;
#define TAPEGRAD_GATE(name, Type) gates.push_back(listed_gate<ops::Type>(#name, #Type, root));
  TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE
  return gates;
}

bool takes_any_number(const Gate& gate) {
  return gate.table->arity == ops::variadic;
}

std::string link(const std::string& gate) {
  return fmt::format("@ref gate_{0} \"{0}\"", gate);
}

// --- How it is called ---------------------------------------------------------------------------

/// The operators that record a gate, `a + b` for add, by the gate's name.
std::map<std::string, std::string> operators(const fs::path& root) {
  const std::string text = read_text(root / "autograd/functions.hpp");
  const std::regex pattern(
      R"(Var operator(\S+)\(Operand \w+(, Operand \w+)?\) \{\s*return (\w+)\()");
  std::map<std::string, std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    const std::string symbol = (*match)[1];
    found[(*match)[3]] = (*match)[2].matched ? "a " + symbol + " b" : symbol + "x";
  }
  return found;
}

/// `slice(x, {axis, start, stop})`.
std::string call(const Gate& gate) {
  std::vector<std::string> arguments = gate.header.operands;
  if (gate.table->arity == 0) arguments = {"tape"};
  if (takes_any_number(gate)) arguments = {"{a, b, …}"};
  if (!gate.header.attributes.empty()) {
    arguments.push_back(fmt::format("{{{}}}", fmt::join(gate.header.attributes, ", ")));
  }
  return fmt::format("{}({})", gate.name, fmt::join(arguments, ", "));
}

/// The gates that are called with axes too: TAPEGRAD_REDUCTION in autograd/functions.hpp.
std::set<std::string> reductions(const fs::path& root) {
  const std::string text = read_text(root / "autograd/functions.hpp");
  const std::regex pattern("\nTAPEGRAD_REDUCTION\\((\\w+),");
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) {
    found.insert((*match)[1]);
  }
  return found;
}

/// The functions of that name that the macro makes.
std::string declarations(const Gate& gate) {
  const std::string attributes =
      gate.takes_attributes ? fmt::format("const ops::{}& gate", gate.type) : "";
  const auto declare = [&](const std::vector<std::string>& parameters) {
    return fmt::format("/// \\copydoc tapegrad::ops::{}\nVar {}({});\n", gate.type, gate.name,
                       fmt::join(parameters, ", "));
  };
  const std::string place = "Place place = Place::here()";
  if (gate.table->arity == 0) {
    return declare({attributes, place}) + declare({"const Tape& tape", attributes, place});
  }
  if (takes_any_number(gate)) {
    return declare({"const std::vector<Operand>& operands", attributes + " = {}", place});
  }
  std::vector<std::string> parameters;
  for (const std::string& operand : gate.header.operands) {
    parameters.push_back("Operand " + operand);
  }
  if (!attributes.empty()) parameters.push_back(attributes + " = {}");
  return declare(parameters);
}

// --- What is known of it ------------------------------------------------------------------------

std::string to_text(const ops::Domain& domain) {
  return domain.integral ? fmt::format("whole numbers {} … {}", domain.low, domain.high)
                         : fmt::format("({}, {})", domain.low, domain.high);
}

std::string operand_name(const Gate& gate, std::size_t k) {
  return k < gate.header.operands.size() ? gate.header.operands[k] : fmt::format("operand {}", k);
}

/// Where the tests sample each operand: `x from (-2, 2)`.
std::string domains(const Gate& gate) {
  std::map<std::size_t, std::set<std::string>> found;
  for (const GateCase& gate_case : gate.cases) {
    for (std::size_t k = 0; k < gate_case.domains.size(); ++k) {
      found[takes_any_number(gate) ? 0 : k].insert(to_text(gate_case.domains[k]));
    }
  }
  std::vector<std::string> parts;
  for (const auto& [k, texts] : found) {
    const std::string who = takes_any_number(gate) ? "all operands" : operand_name(gate, k);
    parts.push_back(fmt::format("{} from {}", who, fmt::join(texts, " or ")));
  }
  return parts.empty() ? "–" : fmt::format("{}", fmt::join(parts, "; "));
}

std::string gradients(const Gate& gate) {
  if (takes_any_number(gate)) return gate.table->differentiable != 0 ? "all operands" : "none";
  std::vector<std::string> names;
  for (std::size_t k = 0; k < gate.header.operands.size(); ++k) {
    if (gate.table->differentiable_in(static_cast<std::uint32_t>(k))) {
      names.push_back(operand_name(gate, k));
    }
  }
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

/// The gates of which its gradient is made, seen by recording it for every case.
std::string gradient_gates(const Gate& gate) {
  std::vector<std::string> names;
  for (const GateCase& gate_case : gate.cases) {
    // What broadcasting adds is no part of the rule.
    const std::vector<Shape>& shapes = gate_case.shapes;
    const bool broadcasts = gate.table->pointwise && shapes.front() != shapes.back();
    if (gate_case.differentiable().empty() || broadcasts) continue;
    const auto numbers = testing::draw_operands(gate_case, 1);
    Tape tape(f64);
    const testing::Recorded recorded =
        testing::record_case(tape, gate_case, numbers, testing::all_variable(gate_case));
    const std::vector<double> ones(static_cast<std::size_t>(recorded.y.size()), 1.0);
    const Var upstream = tape.variable(ArrayRef(ones.data(), recorded.y.shape()));
    const std::uint32_t before = tape.size();
    std::vector<Var> xs;
    for (const std::size_t k : gate_case.differentiable()) xs.push_back(recorded.operands[k]);
    grad(recorded.y, xs, upstream);
    for (std::uint32_t i = before; i < tape.size(); ++i) {
      const GateInfo info = inspect_gate(tape.gate(i));
      const bool leaf = info.operands.empty();
      const bool known = std::find(names.begin(), names.end(), info.gate) != names.end();
      if (!leaf && !known) names.push_back(info.gate);
    }
  }
  std::vector<std::string> links;
  links.reserve(names.size());
  for (const std::string& name : names) links.push_back(link(name));
  return fmt::format("{}", fmt::join(links, ", "));
}

// --- Pages --------------------------------------------------------------------------------------

std::string facts(const Gate& gate) {
  std::string text = "| | |\n| --- | --- |\n";
  const auto row = [&](const std::string& key, const std::string& value) {
    text += fmt::format("| {} | {} |\n", key, value);
  };
  row("works on", gate.table->pointwise ? "elements; operands broadcast" : "whole tensors");
  row("gradient in", gradients(gate));
  const std::string made_of = gradient_gates(gate);
  if (!made_of.empty()) row("gradient is made of", made_of);
  row("kinks",
      gate.table->branches != nullptr ? "yes: tapegrad::branches tells the side taken" : "none");
  if (gate.table->constant_second) row("an operand without gradient", "is put second");
  if (gate.table->view_offset != nullptr)
    row("memory", "its operand's, where that holds it in order");
  row("sampled by tests", domains(gate));
  row("rule", "tapegrad::ops::" + gate.type);
  return text;
}

std::string checks(const Gate& gate, GateChecks& found) {
  std::string text = "| check | cases passed |\n| --- | ---: |\n";
  for (const Check& check : found.of(gate.name)) {
    const std::string skipped =
        check.skipped == 0 ? "" : fmt::format(", {} skipped", check.skipped);
    text += fmt::format("| {} | {}{} |\n", check.name, check.passed, skipped);
  }
  const int wrong = found.wrong_rules_of(gate.name);
  if (wrong > 0) text += fmt::format("| Wrong gradient rules are noticed | {} |\n", wrong);
  return text + fmt::format(
                    "\nRun them with "
                    "`./tests/run.sh '--gtest_filter=List*/{0}_*:Mutants.{0}'`.\n",
                    gate.name);
}

std::string page(const Gate& gate, const std::string& written, GateChecks& found) {
  std::string text = fmt::format("# {0} {{#gate_{0}}}\n\n```cpp\n{1}{2}\n```\n\n", gate.name,
                                 call(gate), written.empty() ? "" : "\n" + written);
  text += gate.header.comment + "\n" + facts(gate);
  text += fmt::format("\n<h2>Rule</h2>\n\n`ops/{}.hpp`, as it stands:\n\n```cpp\n{}\n```\n",
                      gate.name, gate.header.rule);
  for (const std::string& note : gate.header.notes) {
    const std::size_t line = note.find('\n');
    text += fmt::format("\n**{}** {}\n", note.substr(0, line), note.substr(line));
  }
  return text + "\n<h2>Checks</h2>\n\n" + checks(gate, found);
}

/// All gates, under the headings of ops/gates.txt.
std::string index_page(const fs::path& root, const std::vector<Gate>& gates) {
  std::string text =
      "# Gates {#gates}\n\nEvery function that a tape records, from `ops/gates.txt`. Each page is "
      "made of the gate's header, of what the list-driven tests say of it, and of nothing else.\n";
  std::ifstream list(root / "ops/gates.txt");
  std::string comment;
  for (std::string line; std::getline(list, line);) {
    if (line.empty() || line[0] == '#') {
      comment = line;
      continue;
    }
    if (!comment.empty()) {
      text += fmt::format("\n<h2>{}</h2>\n\n| gate | |\n| --- | --- |\n", comment.substr(2));
      comment.clear();
    }
    const std::string name = line.substr(0, line.find_first_of(" #"));
    const auto gate = std::find_if(gates.begin(), gates.end(),
                                   [&](const Gate& listed) { return listed.name == name; });
    text += fmt::format("| @subpage gate_{0} \"{0}\" | \\copybrief tapegrad::ops::{1} |\n", name,
                        gate->type);
  }
  return text;
}

void write_pages(const fs::path& root, const fs::path& folder, GateChecks& found) {
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
  };
  const std::map<std::string, std::string> symbols = operators(root);
  const std::set<std::string> with_axes = reductions(root);
  std::string functions =
      "/// \\file\n/// What `<tapegrad/autograd/functions.hpp>` makes of the list of gates, as "
      "declarations: include that header.\n\nnamespace tapegrad {\n\n";
  std::string links;
  const std::vector<Gate> gates = all_gates(root);
  for (const Gate& gate : gates) {
    const auto symbol = symbols.find(gate.name);
    write("gate_" + gate.name + ".md",
          page(gate, symbol == symbols.end() ? "" : symbol->second, found));
    functions += declarations(gate);
    if (with_axes.count(gate.name) != 0) {
      functions += fmt::format(
          "/// The same over one axis; negative axes count from the end.\n"
          "Var {0}(Operand x, int axis, bool keepdims = false);\n"
          "/// The same over several axes.\n"
          "Var {0}(Operand x, const Axes& axes, bool keepdims = false);\n",
          gate.name);
    }
    links += fmt::format("/// \\struct tapegrad::ops::{}\n/// \\see @ref gate_{}\n\n", gate.type,
                         gate.name);
  }
  write("gate_functions.hpp", functions + "\n}  // namespace tapegrad\n\n" + links);
  write("gates.md", index_page(root, gates));
}

}  // namespace
}  // namespace tapegrad::docs

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 3) {
    fmt::print(stderr, "tapegrad_gate_pages ROOT FOLDER\n");
    return 2;
  }
  ::testing::TestEventListeners& listeners = ::testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  auto* checks = new tapegrad::docs::GateChecks;  // Belongs to gtest.
  listeners.Append(checks);
  const int status = RUN_ALL_TESTS();
  if (status != 0) {
    fmt::print(
        stderr,
        "A page tells only of what holds: see ./tests/run.sh '--gtest_filter=List*:Mutants.*'\n");
    return status;
  }
  tapegrad::docs::write_pages(argv[1], argv[2], *checks);
}
