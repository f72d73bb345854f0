// Circuits drawn at random from the list of gates: rules that are right alone must be right
// together.

#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/inspect.hpp>

#include "support/random_circuit.hpp"

namespace tapegrad::testing {
namespace {

/// TAPEGRAD_CIRCUITS asks for a longer run.
int circuit_count() {
  const char* wanted = std::getenv("TAPEGRAD_CIRCUITS");
  return wanted == nullptr ? 1000 : std::atoi(wanted);
}

bool agrees(const CoordinateCheck& c) {
  // Below 1e-9 the difference quotient is rounding of the output.
  return c.error <= 1e-5 || std::abs(c.analytic - c.numeric) < 1e-9;
}

TEST(RandomCircuits, GradientsEqualCentredDifferences) {
  std::int64_t checked = 0;
  std::int64_t kinks = 0;
  for (int seed = 0; seed < circuit_count(); ++seed) {
    Tape tape(f64);
    const RandomCircuit circuit(tape, static_cast<std::uint64_t>(seed), 4 + seed % 7);
    const GradientReport report = gradcheck(tape, circuit.output());
    for (std::size_t i = 0; i < report.coordinates.size(); ++i) {
      CoordinateCheck c = report.coordinates[i];
      if (!agrees(c)) {
        // One draw in some thousands lies nearer to a kink than the step. A step a thousand times
        // smaller stays on the kink's side of the draw; a gradient that is wrong stays wrong.
        c = gradcheck(tape, circuit.output(), 1e-8).coordinates[i];
        ++kinks;
      }
      ASSERT_TRUE(agrees(c)) << "circuit " << seed << ", leaf " << c.leaf << ", element "
                             << c.element << ": analytic " << c.analytic << ", numeric "
                             << c.numeric;
      ++checked;
    }
  }
  EXPECT_GT(checked, 20 * circuit_count());
  EXPECT_LE(kinks, 1 + circuit_count() / 1000);
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
