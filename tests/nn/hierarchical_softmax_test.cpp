// Hierarchical softmax (MISSION R5): probabilities by walking the tree, gradients, trees that are
// none.

#include <tapegrad/nn/hierarchical_softmax.hpp>

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/autograd/testing/matchers.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/optim/sgd.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using nn::HierarchicalSoftmax;
using nn::LabelTree;

/// Trees of all forms: binary and full, binary with ways of different lengths, one node alone,
/// nodes of different sizes, a chain.
std::vector<LabelTree> trees() {
  return {LabelTree::balanced(8),
          LabelTree::balanced(5),
          LabelTree::balanced(7, 7),
          LabelTree::balanced(11, 3),
          LabelTree({5, 5, 6, 6, 6, 7, 7, -1}),
          LabelTree({4, 4, 5, 6, 5, 6, -1})};
}

Array<double> inputs(std::size_t samples, std::size_t size) {
  Array<double> x(std::vector<std::size_t>{samples, size});
  Generator generator(4);
  for (double& number : x) number = generator.normal();
  return x;
}

HierarchicalSoftmax head_over(const LabelTree& tree, std::int64_t in) {
  nn::manual_seed(8);
  HierarchicalSoftmax head(in, tree);
  Parameter bias = head.bias();
  nn::init::normal(bias);
  return head;
}

/// The probability of a class by the definition, one decision after the other from the leaf up.
double probability(const HierarchicalSoftmax& head, const Array<double>& x, std::size_t sample,
                   std::int64_t label) {
  const LabelTree& tree = head.tree();
  const Array<double> weight = head.weight().value(), bias = head.bias().value();
  double result = 1;
  for (std::int64_t node = label; tree.parent(node) >= 0; node = tree.parent(node)) {
    const std::int64_t above = tree.parent(node);
    std::size_t unit = 0;
    for (std::int64_t other = tree.classes(); other < above; ++other) {
      unit += tree.children(other).size() - 1;
    }
    double total = 0, own = 0;
    for (std::size_t k = 0; k < tree.children(above).size(); ++k) {
      double score = 0;
      if (k > 0) {
        score = bias(unit);
        for (std::size_t d = 0; d < x.shape()[1]; ++d) score += weight(unit, d) * x(sample, d);
        ++unit;
      }
      total += std::exp(score);
      if (tree.children(above)[k] == node) own = std::exp(score);
    }
    result *= own / total;
  }
  return result;
}

TEST(HierarchicalSoftmax, ProbabilitiesByWalkingTheTree) {
  const Array<double> x = inputs(3, 4);
  for (const LabelTree& tree : trees()) {
    HierarchicalSoftmax head = head_over(tree, 4);
    for (const Precision precision : {f32, f64}) {
      const double tolerance = precision == f32 ? 1e-5 : 1e-13;
      Tape tape(precision);
      const Array<double> log_p = head(tape.data(x)).value();
      ASSERT_EQ(log_p.shape()[1], static_cast<std::size_t>(tree.classes()));
      for (std::size_t n = 0; n < 3; ++n) {
        double total = 0;
        for (std::int64_t label = 0; label < tree.classes(); ++label) {
          const double expected = std::log(probability(head, x, n, label));
          EXPECT_NEAR(log_p(n, label), expected, tolerance);
          total += std::exp(log_p(n, label));
        }
        EXPECT_NEAR(total, 1, tolerance);
      }
    }
  }
}

TEST(HierarchicalSoftmax, LossIsTheLogProbabilityOfTheLabels) {
  const Array<double> x = inputs(4, 3);
  for (const LabelTree& tree : trees()) {
    HierarchicalSoftmax head = head_over(tree, 3);
    std::vector<int> labels;
    for (int n = 0; n < 4; ++n) labels.push_back((3 * n + 1) % static_cast<int>(tree.classes()));
    for (const Precision precision : {f32, f64}) {
      const double tolerance = precision == f32 ? 1e-5 : 1e-13;
      Tape tape(precision);
      const Var input = tape.data(x);
      const Var expected = neg(pick(head.log_prob(input), labels));
      expect_arrays(head.loss(input, labels, nn::Reduction::none).value(), expected.value(),
                    tolerance);
      EXPECT_NEAR(head.loss(input, labels).item(), mean(expected).item(), tolerance);
      EXPECT_NEAR(head.loss(input, labels, nn::Reduction::sum).item(), sum(expected).item(),
                  tolerance * 10);
    }
  }
}

TEST(HierarchicalSoftmax, Gradients) {
  for (const LabelTree& tree : trees()) {
    HierarchicalSoftmax head = head_over(tree, 3);
    Tape tape;
    const Var x = tape.variable(inputs(2, 3));
    const std::vector<int> labels = {1, static_cast<int>(tree.classes()) - 1};
    EXPECT_GRADIENTS_OK(head.loss(x, labels));
    const auto classes = static_cast<std::size_t>(tree.classes());
    EXPECT_GRADIENTS_OK(sum(head(x) * inputs(2, classes)));
  }
}

TEST(HierarchicalSoftmax, OneLogisticDecisionForTwoClasses) {
  HierarchicalSoftmax head = head_over(LabelTree::balanced(2), 3);
  Tape tape;
  const Var x = tape.data(inputs(5, 3));
  const Var f = reshape(matmul(x, head.weight(), {false, true}) + head.bias(), {5});
  const std::vector<int> labels = {0, 1, 1, 0, 1};
  EXPECT_NEAR(head.loss(x, labels).item(), nn::binary_cross_entropy_with_logits(f, labels).item(),
              1e-15);
}

TEST(HierarchicalSoftmax, StartsAtLnK) {
  HierarchicalSoftmax head(20, 16);
  Tape tape;
  const Var x = tape.data(0.001 * inputs(16, 20));
  std::vector<int> labels;
  for (int n = 0; n < 16; ++n) labels.push_back(n);
  EXPECT_NEAR(head.loss(x, labels).item(), std::log(16), 0.01);
}

TEST(HierarchicalSoftmax, SurvivesLargeInputs) {
  for (const Precision precision : {f32, f64}) {
    HierarchicalSoftmax head = head_over(LabelTree({5, 5, 6, 6, 6, 7, 7, -1}), 3);
    Tape tape(precision);
    const Var x = tape.variable(1e4 * inputs(5, 3));
    const Var loss = head.loss(x, std::vector<int>{0, 1, 2, 3, 4});
    EXPECT_TRUE(std::isfinite(loss.item()));
    loss.backward();
    for (const double g : x.grad()) EXPECT_TRUE(std::isfinite(g));
    for (const double log_p : head(x).value()) EXPECT_LE(log_p, 0);
  }
}

TEST(HierarchicalSoftmax, OnlyUnitsOnTheWayGetAGradient) {
  for (const LabelTree& tree : trees()) {
    HierarchicalSoftmax head = head_over(tree, 2);
    for (std::int64_t label = 0; label < tree.classes(); ++label) {
      std::int64_t expected = 0, reached = 0;
      for (std::int64_t node = label; tree.parent(node) >= 0; node = tree.parent(node)) {
        expected += static_cast<std::int64_t>(tree.children(tree.parent(node)).size()) - 1;
      }
      Tape tape;
      head.zero_grad();
      head.loss(tape.data(inputs(1, 2)), std::vector<std::int64_t>{label}).backward();
      for (const double g : head.bias().grad()) reached += g != 0 ? 1 : 0;
      EXPECT_EQ(reached, expected);
    }
  }
}

TEST(HierarchicalSoftmax, Learns) {
  // The label is the octant in which a point lies.
  const Array<double> x = inputs(200, 3);
  std::vector<int> labels;
  for (std::size_t n = 0; n < 200; ++n) {
    labels.push_back((x(n, 0) > 0 ? 4 : 0) + (x(n, 1) > 0 ? 2 : 0) + (x(n, 2) > 0 ? 1 : 0));
  }
  nn::manual_seed(1);
  HierarchicalSoftmax head(3, 8);
  optim::SGD sgd(head.parameters(), 1, 0.9);
  double loss_value = 0;
  for (int step = 0; step < 500; ++step) {
    Tape tape;
    const Var loss = head.loss(tape.data(x), labels);
    loss_value = loss.item();
    sgd.zero_grad();
    loss.backward();
    sgd.step();
  }
  EXPECT_LT(loss_value, 0.1);
}

TEST(HierarchicalSoftmax, ParametersAreItsUnits) {
  const HierarchicalSoftmax head(3, LabelTree({5, 5, 6, 6, 6, 7, 7, -1}));
  const NamedParameters named = head.named_parameters();
  ASSERT_EQ(named.size(), 2U);
  EXPECT_EQ(named[0].first, "weight");
  EXPECT_EQ(named[0].second.shape(), (Shape{4, 3}));
  EXPECT_EQ(named[1].first, "bias");
  EXPECT_EQ(named[1].second.shape(), Shape{4});
}

TEST(HierarchicalSoftmax, ModuleMayEndBeforeItsTape) {
  Tape tape;
  const Var x = tape.variable(inputs(2, 3));
  Var loss;
  {
    HierarchicalSoftmax head = head_over(LabelTree::balanced(5), 3);
    loss = head.loss(x, std::vector<int>{4, 0}) - mean(head(x));
  }
  const double before = loss.item();
  tape.replay();
  EXPECT_EQ(loss.item(), before);
  loss.backward();
}

TEST(HierarchicalSoftmax, InputsAndLabelsThatDoNotFit) {
  HierarchicalSoftmax head(3, 5);
  Tape tape;
  const Var x = tape.data(inputs(2, 3)), wide = tape.data(inputs(2, 4));
  const std::vector<int> labels = {1, 5}, few = {1};
  int line = __LINE__ + 2;
  expect_error<ValueError>(
      [&] { head.loss(x, labels); },
      {"[HierarchicalSoftmax]", "labels", "0 to 4", "got 5", "row 1", line_of(line)});
  line = __LINE__ + 1;
  expect_error<ShapeError>([&] { head.loss(x, few); },
                           {"[HierarchicalSoftmax]", "(2, 5)", "(1,)", line_of(line)});
  line = __LINE__ + 1;
  expect_error<ShapeError>([&] { head.loss(wide, few); },
                           {"[HierarchicalSoftmax]", "x (N, 3)", "(2, 4)", line_of(line)});
  expect_error<ShapeError>([&] { head(wide); }, {"[HierarchicalSoftmax]", "x (N, 3)", "(2, 4)"});
  EXPECT_EQ(tape.size(), 2U);
  expect_error<ValueError>([] { HierarchicalSoftmax(0, 5); }, {"[HierarchicalSoftmax]", "got 0"});
}

TEST(LabelTree, BalancedWaysDifferByOneStepAtMost) {
  for (const std::int64_t classes : {2, 3, 7, 8, 100}) {
    for (const std::int64_t branching : {2, 3, 10}) {
      const LabelTree tree = LabelTree::balanced(classes, branching);
      ASSERT_EQ(tree.classes(), classes);
      std::int64_t shortest = classes, longest = 0;
      for (std::int64_t label = 0; label < classes; ++label) {
        std::int64_t steps = 0;
        for (std::int64_t node = label; tree.parent(node) >= 0; node = tree.parent(node)) ++steps;
        shortest = std::min(shortest, steps);
        longest = std::max(longest, steps);
      }
      EXPECT_LE(longest - shortest, 1) << classes << " classes, " << branching << " parts";
      EXPECT_EQ(longest, static_cast<std::int64_t>(
                             std::ceil(std::log(classes) / std::log(branching) - 1e-9)));
      EXPECT_EQ(tree.from_root().size(), static_cast<std::size_t>(tree.size()));
      EXPECT_EQ(tree.parent(tree.from_root().front()), -1);
    }
  }
}

TEST(LabelTree, WhatIsNoTree) {
  const auto refuses = [](const std::vector<std::int64_t>& parents, const std::string& text) {
    expect_error<ValueError>([&] { LabelTree tree(parents); }, {"[LabelTree]", text});
  };
  refuses({}, "two leaves");
  refuses({-1}, "two leaves");
  refuses({2, 2, 3}, "3 above node 2");
  refuses({2, -2, -1}, "-2 above node 1");
  refuses({2, 2, -1, -1}, "nodes 2 and 3 without a parent");
  refuses({2, 2, 3, -1}, "node 3 with 1");
  refuses({2, -1, 1, 2, 1}, "leaves first");
  refuses({4, 4, 5, 5, 5, 4}, "circle");
  refuses({2, 2, 2}, "circle");
  expect_error<ValueError>([] { LabelTree::balanced(1); }, {"[LabelTree]", "1 classes"});
  expect_error<ValueError>([] { LabelTree::balanced(4, 1); }, {"[LabelTree]", "1 parts"});
}

}  // namespace
}  // namespace tapegrad::testing
