// Circuits drawn at random from the list of gates: rules that are right alone must be right
// together.

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/autograd/testing/detail/wrong_rules.hpp>

#include "support/random_circuit.hpp"

namespace tapegrad::testing {
namespace {

/// TAPEGRAD_CIRCUITS asks for a longer run.
int circuit_count() {
  const char* wanted = std::getenv("TAPEGRAD_CIRCUITS");
  return wanted == nullptr ? 1000 : std::atoi(wanted);
}

TEST(RandomCircuits, GradientsEqualDifferences) {
  std::int64_t checked = 0;
  std::int64_t ok = 0;
  for (int seed = 0; seed < circuit_count(); ++seed) {
    Tape tape(f64);
    const RandomCircuit circuit(tape, static_cast<std::uint64_t>(seed), 4 + seed % 7);
    const GradcheckReport report = gradcheck(circuit.output());
    const bool good = report.count(Verdict::wrong) == 0 && !report.wrong_rule &&
                      report.count(Verdict::suspicious) == 0;
    ASSERT_TRUE(good) << "circuit " << seed << ": " << to_string(report);
    checked += static_cast<std::int64_t>(report.coordinates.size());
    ok += report.count(Verdict::ok);
  }
  EXPECT_GT(checked, 20 * circuit_count());
  EXPECT_GE(static_cast<double>(ok), 0.95 * static_cast<double>(checked));
  std::printf("[ MEASURED ] %lld of %lld coordinates ok\n", static_cast<long long>(ok),
              static_cast<long long>(checked));
}

using Mutate = GateCase (*)(const GateCase&, std::size_t, Mutation);

/// How a case of a listed gate gets a wrong rule.
Mutate mutate_of(const GateCase& gate_case) {
#define TAPEGRAD_GATE(name, Type) \
  if (gate_case.table == &detail::table_of<ops::Type>()) return &mutated<ops::Type>;
  TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE
  return nullptr;
}

/// A wrong rule in an operand of the case, drawn by `seed`; the case itself if it has no gradient.
GateCase draw_mutant(const GateCase& gate_case, std::uint64_t seed) {
  const std::vector<std::size_t> operands = gate_case.differentiable();
  if (operands.empty()) return gate_case;
  Generator generator(seed, 1);
  const std::size_t operand = operands[generator.below(operands.size())];
  const Mutation mutation = generator.below(2) == 0 ? Mutation::scaled : Mutation::dropped;
  return mutate_of(gate_case)(gate_case, operand, mutation);
}

/// All gradients that backward gives the variables of a circuit, one after the other.
std::vector<double> gradients_of(const Tape& tape, const Var& output) {
  output.backward();
  std::vector<double> gradients;
  for (std::uint32_t i = 0; i < output.index(); ++i) {
    if (!tape.gate(i).requires_grad() || inspect_gate(tape.gate(i)).gate != "variable") continue;
    const Array<double> gradient = tape.gate(i).grad();
    gradients.insert(gradients.end(), gradient.begin(), gradient.end());
  }
  return gradients;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(RandomCircuits, AWrongRuleAmongThemIsFoundAndBlamed) {
  int wrong = 0;
  int found = 0;
  for (int seed = 0; seed < circuit_count(); ++seed) {
    const auto draw = static_cast<std::uint64_t>(seed);
    const int gates = 4 + seed % 7;
    const std::vector<double> right = [&] {
      Tape tape(f64);
      return gradients_of(tape, RandomCircuit(tape, draw, gates).output());
    }();
    Tape tape(f64);
    const RandomCircuit circuit(tape, draw, gates, seed % gates, [&](const GateCase& gate_case) {
      return draw_mutant(gate_case, draw);
    });
    const GradcheckReport report = gradcheck(circuit.output());
    const double effect = largest_difference(right, gradients_of(tape, circuit.output()));
    // Rounding of outputs of about 10 over the steps of the differences.
    constexpr double noise = 1e-9;
    if (effect <= noise) {
      EXPECT_EQ(report.count(Verdict::wrong), 0) << "circuit " << seed << to_string(report);
      continue;
    }
    ++wrong;
    const bool blamed = report.wrong_rule && report.wrong_rule->gate == circuit.replaced().index();
    found += report.count(Verdict::wrong) > 0 && blamed ? 1 : 0;
    EXPECT_FALSE(report.passed()) << "circuit " << seed << ": effect " << effect << "\n"
                                  << to_string(report);
  }
  EXPECT_GT(wrong, circuit_count() / 4);
  EXPECT_GE(found, 0.99 * wrong);
  std::printf("[ MEASURED ] %d of %d wrong rules found and blamed\n", found, wrong);
}

std::vector<Var> variables_of(const Tape& tape, const Var& output) {
  std::vector<Var> variables;
  for (std::uint32_t i = 0; i < output.index(); ++i) {
    const Var x = tape.gate(i);
    if (x.requires_grad() && inspect_gate(x).gate == "variable") variables.push_back(x);
  }
  return variables;
}

TEST(RandomCircuits, FloatGradientsAreNearDoubleOnes) {
  for (int seed = 0; seed < circuit_count(); ++seed) {
    Tape tape(f32);
    const RandomCircuit circuit(tape, static_cast<std::uint64_t>(seed), 4 + seed % 7);
    circuit.output().backward();
    const Tape copy = tape.replay(f64);
    copy.gate(circuit.output().index()).backward();
    for (const Var& x : variables_of(tape, circuit.output())) {
      const Array<double> narrow = x.grad();
      const Array<double> wide = copy.gate(x.index()).grad();
      double largest = 0;
      double error = 0;
      for (std::size_t i = 0; i < wide.size(); ++i) {
        largest = std::max(largest, std::abs(wide.data()[i]));
        error = std::max(error, std::abs(narrow.data()[i] - wide.data()[i]));
      }
      ASSERT_LE(error, 1e-5 * largest + 5e-6) << "circuit " << seed << ", leaf " << x.index();
    }
  }
}

class RandomCircuitsIn : public ::testing::TestWithParam<Precision> {};

TEST_P(RandomCircuitsIn, RecordedGradientsAndModesAgree) {
  const double digits = GetParam() == f32 ? 1e-5 : 1e-12;
  for (int seed = 0; seed < circuit_count(); ++seed) {
    std::vector<Array<double>> gradients[3];
    for (const int way : {0, 1, 2}) {
      Tape tape(GetParam(), way == 1 ? lean : inspect);
      const RandomCircuit circuit(tape, static_cast<std::uint64_t>(seed), 4 + seed % 7);
      const std::vector<Var> variables = variables_of(tape, circuit.output());
      if (way == 2) {
        for (const Var& g : grad(circuit.output(), variables)) gradients[way].push_back(g.value());
      } else {
        circuit.output().backward();
        for (const Var& x : variables) gradients[way].push_back(x.grad());
      }
    }
    for (std::size_t k = 0; k < gradients[0].size(); ++k) {
      for (std::size_t i = 0; i < gradients[0][k].size(); ++i) {
        const double expected = gradients[0][k].data()[i];
        ASSERT_EQ(gradients[1][k].data()[i], expected) << "lean, circuit " << seed;
        ASSERT_NEAR(gradients[2][k].data()[i], expected, digits * std::max(1.0, std::abs(expected)))
            << "recorded, circuit " << seed;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, RandomCircuitsIn, ::testing::Values(f32, f64));

}  // namespace
}  // namespace tapegrad::testing
