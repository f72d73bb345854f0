// Tests the tests: for every listed gate, every wrong gradient rule must be noticed by gradcheck.

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>

#include "support/gate_cases.hpp"
#include "support/mutant.hpp"

namespace tapegrad::testing {
namespace {

const char* to_string(Mutation mutation) {
  switch (mutation) {
    case Mutation::scaled:
      return "scaled";
    case Mutation::dropped:
      return "dropped";
    case Mutation::swapped:
      break;
  }
  return "swapped";
}

/// A gate, right or mutated, with operands of some shapes.
struct Trial {
  const detail::GateTable* table;
  const void* attributes;
  const GateCase* gate_case;
};

/// The gradients in all operands, and what gradcheck says of them.
struct Outcome {
  std::vector<double> gradients;
  Verdict verdict;
};

Outcome run(const Trial& trial) {
  const GateCase& gate_case = *trial.gate_case;
  const auto numbers = draw_operands(gate_case, 21);
  Tape tape(f64);
  std::vector<Var> leaves;
  std::vector<Operand> operands;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const ArrayRef value(numbers[k].data(), gate_case.shapes[k]);
    const bool variable = gate_case.table->differentiable_in(static_cast<std::uint32_t>(k));
    leaves.push_back(variable ? tape.variable(value) : tape.data(value));
    operands.emplace_back(leaves.back());
  }
  const Var y = detail::record(*trial.table, trial.attributes, operands.data(), operands.size(),
                               Place::here());
  const std::vector<double> upstream = asymmetric(y.size());
  const Var output = sum(y * tape.data(ArrayRef(upstream.data(), y.shape())));
  Outcome outcome{{}, gradcheck(tape, output).verdict()};
  output.backward();
  for (const Var& leaf : leaves) {
    const Array<double> gradient = leaf.grad();
    outcome.gradients.insert(outcome.gradients.end(), gradient.begin(), gradient.end());
  }
  return outcome;
}

/// Counts what became of the mutants of one gate.
struct Tally {
  int found = 0;
  int equivalent = 0;
};

/// A mutant that sends the same numbers as the right rule, to the last bit, for operands without
/// any symmetry is that rule written otherwise: adding swapped operands, say.
template <class G>
void try_mutant(const GateCase& gate_case, const Outcome& right, int operand, Mutation mutation,
                Tally& tally) {
  using M = Mutant<G>;
  M mutant;
  mutant.gate = *static_cast<const G*>(gate_case.attributes.get());
  mutant.operand = operand;
  mutant.mutation = mutation;
  const Outcome outcome = run({&detail::table_of<M>(), &mutant, &gate_case});
  if (outcome.gradients == right.gradients) {
    EXPECT_NE(mutation, Mutation::dropped) << gate_case << ": operand " << operand;
    EXPECT_NE(mutation, Mutation::scaled) << gate_case << ": operand " << operand;
    ++tally.equivalent;
    return;
  }
  EXPECT_GE(static_cast<int>(outcome.verdict), static_cast<int>(Verdict::suspicious))
      << gate_case << ": operand " << operand << " " << to_string(mutation);
  ++tally.found;
}

/// Operands may trade gradients only where their shapes agree.
bool can_swap(const GateCase& gate_case, std::size_t operand) {
  const std::size_t next = (operand + 1) % gate_case.shapes.size();
  return next != operand && gate_case.shapes[next] == gate_case.shapes[operand] &&
         gate_case.table->differentiable_in(static_cast<std::uint32_t>(next));
}

template <class G>
void try_all_mutants(const char* name) {
  Tally tally;
  std::vector<GateCase> cases;
  collect_cases<G>(cases);
  bool differentiable = false;
  for (const GateCase& gate_case : cases) {
    std::int64_t elements = 0;
    for (const Shape& shape : gate_case.shapes) elements += shape.size();
    if (!gate_case.has_elements() || elements > 60 || gate_case.differentiable().empty()) continue;
    differentiable = true;
    const Outcome right = run({gate_case.table, gate_case.attributes.get(), &gate_case});
    // A sample whose true gradients all vanish (softmax of one class) has no wrong rule to find.
    double largest = 0;
    for (const double g : right.gradients) largest = std::max(largest, std::abs(g));
    if (largest < 1e-9) continue;
    for (const std::size_t k : gate_case.differentiable()) {
      // The same for one operand whose gradient happens to vanish.
      std::size_t first = 0;
      for (std::size_t i = 0; i < k; ++i)
        first += static_cast<std::size_t>(gate_case.shapes[i].size());
      const auto from = right.gradients.begin() + static_cast<std::ptrdiff_t>(first);
      const bool vanishes = std::all_of(from, from + gate_case.shapes[k].size(),
                                        [](double g) { return std::abs(g) < 1e-9; });
      if (vanishes) continue;
      const int operand = static_cast<int>(k);
      try_mutant<G>(gate_case, right, operand, Mutation::scaled, tally);
      try_mutant<G>(gate_case, right, operand, Mutation::dropped, tally);
      if (can_swap(gate_case, k)) {
        try_mutant<G>(gate_case, right, operand, Mutation::swapped, tally);
      }
    }
  }
  if (differentiable) {
    EXPECT_GT(tally.found, 0) << name << ": no mutant could be tried";
  }
  // A gate with equal rules for all its operands is rare enough to be named.
  const bool symmetric = std::string(name) == "add" || std::string(name) == "concat";
  if (!symmetric) {
    EXPECT_EQ(tally.equivalent, 0) << name;
  }
}

#define TAPEGRAD_GATE(name, Type)      \
  TEST(Mutants, name) {                \
    try_all_mutants<ops::Type>(#name); \
  }
TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE

}  // namespace
}  // namespace tapegrad::testing
