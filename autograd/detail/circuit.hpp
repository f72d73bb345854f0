#pragma once

#include <string>
#include <vector>

#include <tapegrad/autograd/detail/block.hpp>

/// A tape as pictures show it: texts of its gates, and groups that can be drawn as one box.
namespace tapegrad::detail {

/// A number or tensor in words.
struct ValueText {
  std::string brief;     ///< For the wire: `0.7311`, or the size of a tensor's elements.
  std::string elements;  ///< All digits; of a tensor six of the first elements'.
  std::string range;     ///< Of a tensor its least, mean and largest element.
};

struct CircuitOperand {
  std::uint32_t gate;
  std::string local;  ///< Local gradient; empty where there is none, or none as an array.
  std::string sent;   ///< What the gate sent back to it; empty if nothing.
};

struct CircuitGate {
  std::string kind;
  std::string name;  ///< That of the user; empty if none.
  std::string shape;
  ValueText value;
  ValueText gradient;  ///< Empty texts where none has arrived; a scalar's may be 0 then.
  std::vector<CircuitOperand> operands;
  double cancelled = 0;  ///< As in GradientLedger.
  std::string place;
  std::uint32_t group = 0;  ///< The innermost one.
  bool has_consumers = false;

  bool is_leaf() const { return operands.empty(); }
  /// As in formulas where there is a sign for it: `×`; the name or value of a leaf.
  std::string symbol() const;
  /// A leaf that is a mere number.
  bool is_number() const { return kind == "data" && name.empty() && shape.empty(); }
};

/// Consecutive gates: the whole tape, a module's call, a Scope, or a run that was cut because its
/// group would have more children than a reader can look at.
struct CircuitGroup {
  enum class Kind { tape, module, scope, run };

  Kind kind;
  std::string name;
  std::string lines;  ///< Of the source: `train.cpp:41–57`.
  std::uint32_t first, end;
  std::uint32_t parent;
  bool is_open = false;
};

struct Circuit {
  std::string title;
  std::string precision;
  std::vector<CircuitGate> gates;
  /// Parents before their children; the first is the whole tape.
  std::vector<CircuitGroup> groups;
};

/// The groups of a tape, opened from the outermost while no more than `max_shown` things are seen.
std::vector<CircuitGroup> circuit_groups(const Block& block, std::size_t max_shown);

/// Reads all gates. Throws TapeError if a lean tape has reused their memory or a parameter has
/// changed.
Circuit read_circuit(Block& block, const std::string& title, std::size_t max_shown, Place place);

/// A user's text as UTF-8 on one line: what is no UTF-8 or a control character is replaced.
std::string printable(const std::string& text);

/// The circuit in Graphviz's language.
std::string to_dot(const Circuit& circuit);

/// The page that shows the circuit. Throws Error if the library was built without npm.
std::string to_page(const Circuit& circuit);

}  // namespace tapegrad::detail
