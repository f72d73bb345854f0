// Where gradients, memory and numbers that are not finite come from.

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/gradient_ledger.hpp>
#include <tapegrad/autograd/memory_by_gate.hpp>
#include <tapegrad/autograd/non_finite.hpp>
#include <tapegrad/autograd/parameter.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

void expect_text(const std::string& text, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    EXPECT_NE(text.find(part), std::string::npos) << "no '" << part << "' in:\n" << text;
  }
}

// --- Ledger ---------------------------------------------------------------------------------

TEST(GradientLedger, WhatIsNotFiniteHasNoShare) {
  Tape tape;
  const Var x = tape.variable(0);
  (sqrt(x) - sqrt(x)).backward();
  EXPECT_TRUE(std::isnan(gradient_ledger(x).cancelled));
}

TEST(GradientLedger, NamesEveryConsumer) {
  Tape tape;
  const Var x = tape.variable(3).name("x");
  const Var square = x * x;
  const Var scaled = 4 * x;
  const Var aside = exp(x);  // Not upstream of f: it sends nothing.
  const Var f = square - scaled;
  f.backward();
  const GradientLedger ledger = gradient_ledger(x);
  ASSERT_EQ(ledger.entries.size(), 3U);
  EXPECT_EQ(ledger.entries[0].consumer.index(), square.index());
  EXPECT_EQ(ledger.entries[0].operand, 0);
  EXPECT_EQ(ledger.entries[0].gradient(), 3);
  EXPECT_EQ(ledger.entries[1].operand, 1);
  EXPECT_EQ(ledger.entries[1].gradient(), 3);
  EXPECT_EQ(ledger.entries[2].consumer.index(), scaled.index());
  EXPECT_EQ(ledger.entries[2].gradient(), -4);
  EXPECT_EQ(ledger.total(), x.grad_item());
  EXPECT_DOUBLE_EQ(ledger.cancelled, 1 - 2.0 / 10);
  expect_text(to_string(ledger),
              {"mul at inspection_test.cpp", "operand 1: 3", "total: 2", "80 % cancelled"});
  EXPECT_TRUE(gradient_ledger(f).entries.empty());
  EXPECT_TRUE(gradient_ledger(aside).entries.empty());
}

TEST(GradientLedger, SumsToTheGradientWhateverTheGates) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(array({2, 3}, {0.5, -1, 2, 1, 0.3, -0.7}));
    const Var bias = tape.variable({0.1, 0.2, 0.3});
    const Var hidden = tanh(x + bias);  // bias is broadcast.
    const Var y = sum(matmul(hidden, transpose(x))) + mean(bias * x) + amax(x);
    y.backward();
    for (const Var& leaf : {x, bias}) {
      const GradientLedger ledger = gradient_ledger(leaf);
      expect_arrays(ledger.total, leaf.grad(), precision == f32 ? 1e-5 : 1e-13);
      for (const LedgerEntry& entry : ledger.entries) {
        EXPECT_EQ(entry.gradient.shape(), leaf.grad().shape());
      }
    }
    EXPECT_EQ(gradient_ledger(x).entries.size(), 4U);
    EXPECT_EQ(gradient_ledger(bias).entries.size(), 2U);
  }
}

TEST(GradientLedger, Errors) {
  Tape tape(f64, lean);
  const Var x = tape.variable({1, 2});
  const Var y = sum(exp(x) * x);
  y.backward();
  expect_error<TapeError>([&] { gradient_ledger(x); }, {"lean"});
  expect_error<TapeError>([&] { gradient_ledger(Var()); }, {"[gradient_ledger]", "empty"});
}

// --- Memory ---------------------------------------------------------------------------------

TEST(MemoryByGate, CountsValuesGradientsAndWhatOthersHold) {
  Parameter w(Array<double>({10, 10}, 0.5));
  const Array<double> images({4, 10}, 1.0);
  Tape tape;
  const Var x = tape.data(images);
  const Var hidden = tanh(matmul(x, w));
  const Var y = sum(reshape(hidden, {40}));
  const auto find = [&](const std::string& gate) {
    for (const GateMemory& memory : memory_by_gate(tape)) {
      if (memory.gate == gate) return memory;
    }
    ADD_FAILURE() << "no " << gate;
    return GateMemory{};
  };
  EXPECT_EQ(find("tanh").gradients, 0);
  y.backward();
  EXPECT_EQ(find("tanh").values, 320);
  EXPECT_EQ(find("tanh").gradients, 320);
  EXPECT_EQ(find("tanh").count, 1);
  EXPECT_EQ(find("data").elsewhere, 320);
  EXPECT_EQ(find("data").values, 0);
  EXPECT_EQ(find("parameter").elsewhere, 800);
  EXPECT_EQ(find("parameter").gradients, 0);
  EXPECT_EQ(find("reshape").elsewhere, 320);
  EXPECT_EQ(find("sum").values, 8);
  EXPECT_GE(memory_by_gate(tape).front().values, memory_by_gate(tape).back().values);
  expect_text(to_string(memory_by_gate(tape)), {"gate", "gradients", "tanh", "320"});
}

// --- Numbers that are not finite ------------------------------------------------------------

TEST(NonFinite, TheWayFromTheGateThatMadeIt) {
  Tape tape;
  const Var x = tape.variable({1, -1}).name("x");
  const Var root = log(x);
  const Var scaled = 2 * root;
  const Var y = sum(scaled);
  const auto gates = non_finite_gates(y);
  ASSERT_EQ(gates.size(), 1U);
  EXPECT_EQ(gates[0].gate.index(), root.index());
  EXPECT_EQ(gates[0].element, 1);
  EXPECT_TRUE(std::isnan(gates[0].value));
  ASSERT_EQ(gates[0].path.size(), 2U);
  EXPECT_EQ(gates[0].path[0].index(), scaled.index());
  EXPECT_EQ(gates[0].path[1].index(), y.index());
  EXPECT_TRUE(gates[0].reaches_output);
  expect_text(to_string(gates), {"log", "element 1", "→ ", "reaches the output"});
  EXPECT_TRUE(non_finite_gates(x).empty());
}

TEST(NonFinite, AMaskedOneIsToldApart) {
  Tape tape;
  const Var x = tape.variable({4, -1});
  const Var root = sqrt(x);
  const Var masked = where(x > 0, root, 0);
  const Var y = sum(masked);
  y.backward();
  const auto gates = non_finite_gates(y);
  ASSERT_EQ(gates.size(), 1U);
  EXPECT_EQ(gates[0].gate.index(), root.index());
  EXPECT_FALSE(gates[0].reaches_output);
  EXPECT_TRUE(gates[0].path.empty());
  // The gradient that `where` sends is 0, and 0 / NaN is NaN: the mask comes too late.
  EXPECT_FALSE(gates[0].gradients_finite);
  expect_text(to_string(gates), {"is masked", "gradients that are not finite"});
}

TEST(NonFinite, SeveralWaysAndOrigins) {
  Tape tape;
  const double inf = std::numeric_limits<double>::infinity();
  const Var x = tape.variable(800), z = tape.data(-inf);
  const Var big = exp(x);
  const Var dead_end = where(x > 0, 1, big);
  const Var y = big + max(z, 3) + dead_end;
  const auto gates = non_finite_gates(y);
  ASSERT_EQ(gates.size(), 2U);
  EXPECT_EQ(gates[0].gate.index(), z.index());
  EXPECT_FALSE(gates[0].reaches_output);
  EXPECT_EQ(gates[1].gate.index(), big.index());
  EXPECT_TRUE(gates[1].reaches_output);
  EXPECT_EQ(gates[1].path.back().index(), y.index());
}

}  // namespace
}  // namespace tapegrad::testing
