#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/testing/detail/gate_cases.hpp>
#include <tapegrad/autograd/testing/detail/mutant.hpp>

// Tests the tests: a checker that lets a wrong gradient pass is worth nothing.

namespace tapegrad::testing {

inline const char* to_string(Mutation mutation) {
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

/// The gradients in all operands, and what gradcheck says of them.
struct Outcome {
  std::vector<double> gradients;
  std::uint32_t gate;  ///< Its index on the tape.
  GradcheckReport report;
};

inline Outcome run(const GateCase& gate_case) {
  const auto numbers = draw_operands(gate_case, 21);
  Tape tape(f64);
  const Recorded recorded = record_case(tape, gate_case, numbers, all_variable(gate_case));
  const std::vector<double> upstream = asymmetric(recorded.y.size());
  const Var output = sum(recorded.y * tape.data(ArrayRef(upstream.data(), recorded.y.shape())));
  Outcome outcome{{}, recorded.y.index(), gradcheck(output)};
  output.backward();
  for (const Var& operand : recorded.operands) {
    const Array<double> gradient = operand.grad();
    outcome.gradients.insert(outcome.gradients.end(), gradient.begin(), gradient.end());
  }
  return outcome;
}

/// The gradient of operand k within all that `run` collects.
inline std::vector<double> gradient_of(const GateCase& gate_case, const Outcome& outcome,
                                       std::size_t k) {
  std::int64_t first = 0;
  for (std::size_t i = 0; i < k; ++i) first += gate_case.shapes[i].size();
  const auto from = outcome.gradients.begin() + first;
  return {from, from + gate_case.shapes[k].size()};
}

/// True where the mutant is the right rule written otherwise: a pointwise gate whose operands trade
/// gradients that are equal, to the last bit, for numbers and upstream gradients without any
/// symmetry (the terms of a sum). A whole-tensor mutant sends its gradient elsewhere instead, which
/// is never right.
inline bool is_equal_by_mathematics(const GateCase& gate_case, const Outcome& right,
                                    std::size_t operand, Mutation mutation) {
  if (mutation != Mutation::swapped || !gate_case.table->pointwise) return false;
  const std::size_t next = (operand + 1) % gate_case.shapes.size();
  return gradient_of(gate_case, right, operand) == gradient_of(gate_case, right, next);
}

/// The same case with a wrong gradient rule.
template <class G>
GateCase mutated(const GateCase& right, std::size_t operand, Mutation mutation) {
  using M = Mutant<G>;
  GateCase wrong = right;
  wrong.table = &detail::table_of<M>();
  wrong.attributes = std::make_shared<const M>(*static_cast<const G*>(right.attributes.get()),
                                               static_cast<int>(operand), mutation);
  return wrong;
}

/// Every mutant that is wrong must have other gradients, or it tests nothing, and be noticed. True
/// if this one is wrong.
template <class G>
bool try_mutant(const GateCase& gate_case, const Outcome& right, std::size_t operand,
                Mutation mutation) {
  SCOPED_TRACE(gate_case.name() + ": operand " + std::to_string(operand) + " " +
               to_string(mutation));
  const Outcome outcome = run(mutated<G>(gate_case, operand, mutation));
  if (is_equal_by_mathematics(gate_case, right, operand, mutation)) {
    EXPECT_EQ(outcome.gradients, right.gradients);
    return false;
  }
  EXPECT_NE(outcome.gradients, right.gradients);
  EXPECT_FALSE(outcome.report.passed()) << to_string(outcome.report);
  const std::optional<WrongRule>& blamed = outcome.report.wrong_rule;
  // A whole-tensor gate that sends a gradient elsewhere is wrong in two operands.
  const bool either = mutation == Mutation::swapped;
  EXPECT_TRUE(blamed && blamed->gate == outcome.gate && (either || blamed->operand == operand))
      << to_string(outcome.report);
  return true;
}

/// Operands may trade gradients only where their shapes agree.
inline bool can_swap(const GateCase& gate_case, std::size_t operand) {
  const std::size_t next = (operand + 1) % gate_case.shapes.size();
  return next != operand && gate_case.shapes[next] == gate_case.shapes[operand] &&
         gate_case.table->differentiable_in(static_cast<std::uint32_t>(next));
}

/// For each case of a gate, every wrong gradient rule must be noticed by gradcheck: this tests the
/// checker on the gate, and whether the gate's samples can tell right from wrong.
template <class G>
void wrong_gradient_rules_are_noticed(const G& rule) {
  const std::vector<GateCase> cases = cases_of(rule);
  int wrong = 0;
  for (const GateCase& gate_case : cases) {
    std::int64_t elements = 0;
    for (const Shape& shape : gate_case.shapes) elements += shape.size();
    if (!gate_case.has_elements() || elements > 60 || gate_case.differentiable().empty()) continue;
    const Outcome right = run(gate_case);
    for (const std::size_t k : gate_case.differentiable()) {
      // Where a gradient vanishes (softmax of one class) there is no wrong rule to find.
      const std::vector<double> own = gradient_of(gate_case, right, k);
      if (std::all_of(own.begin(), own.end(), [](double g) { return std::abs(g) < 1e-9; })) {
        continue;
      }
      wrong += try_mutant<G>(gate_case, right, k, Mutation::scaled);
      wrong += try_mutant<G>(gate_case, right, k, Mutation::dropped);
      if (can_swap(gate_case, k)) wrong += try_mutant<G>(gate_case, right, k, Mutation::swapped);
    }
  }
  if (G::arity != 0 && detail::table_of<G>().differentiable != 0) {
    EXPECT_GT(wrong, 0) << "no wrong rule could be tried: the checks need a case of 1 to 60 "
                           "elements in which the gradient is not zero; see samples() in "
                           "NOTE [The form of a gate], ops/rule.hpp";
  }
  // For the gate's page: docs/gate_checks.hpp.
  ::testing::Test::RecordProperty("wrong_rules", wrong);
}

}  // namespace tapegrad::testing
