// Cross-entropy by worked numbers (MISSION R4, T1), and its options.

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/testing/matchers.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mlp.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using nn::cross_entropy;
using nn::CrossEntropyOptions;
using nn::Reduction;

/// Probability of each class by the definition, on one row of scores.
std::vector<double> probabilities(const std::vector<double>& scores) {
  double total = 0;
  for (const double s : scores) total += std::exp(s);
  std::vector<double> result;
  for (const double s : scores) result.push_back(std::exp(s) / total);
  return result;
}

TEST(CrossEntropy, WorkedNumbers) {
  Tape tape;
  const Var scores = tape.variable(array({1, 3}, {-2.85, 0.86, 0.28}));
  const Var loss = cross_entropy(scores, std::vector<int>{2});
  EXPECT_NEAR(std::exp(-loss.item()), 0.353, 0.0005);
  EXPECT_NEAR(loss.item(), 1.04, 0.005);
  EXPECT_NEAR(loss.item() / std::log(10), 0.452, 0.0005);
}

TEST(CrossEntropy, GradientIsProbabilityMinusOneAtTheLabel) {
  // (1, −2, 0) → (0.705, 0.035, 0.259); (0.5, −1, 0) → (0.55, 0.12, 0.33)
  const std::vector<double> rows[] = {{1, -2, 0}, {0.5, -1, 0}};
  const std::vector<double> printed[] = {{0.705, 0.035, 0.259}, {0.55, 0.12, 0.33}};
  for (const Precision precision : {f32, f64}) {
    for (int r = 0; r < 2; ++r) {
      Tape tape(precision);
      const Var x = tape.variable(array({1, 3}, rows[r]));
      cross_entropy(x, std::vector<int>{1}).backward();
      const std::vector<double> p = probabilities(rows[r]);
      for (std::size_t j = 0; j < 3; ++j) {
        const double expected = p[j] - (j == 1 ? 1 : 0);
        EXPECT_NEAR(x.grad()(0, j), expected, precision == f32 ? 1e-6 : 1e-15);
        EXPECT_NEAR(p[j], printed[r][j], r == 0 ? 0.0006 : 0.006);
      }
    }
  }
}

TEST(CrossEntropy, IsTheMeanOverSamples) {
  const Array<double> scores = array({3, 2}, {1, 2, -1, 0.5, 3, 3});
  const std::vector<int> labels = {0, 1, 1};
  double expected = 0;
  for (std::size_t n = 0; n < 3; ++n) {
    const auto p = probabilities({scores(n, 0), scores(n, 1)});
    expected -= std::log(p[static_cast<std::size_t>(labels[n])]) / 3;
  }
  Tape tape;
  const Var x = tape.variable(scores);
  const Var loss = cross_entropy(x, labels);
  EXPECT_NEAR(loss.item(), expected, 1e-15);
  loss.backward();
  EXPECT_NEAR(x.grad()(2, 0), 0.5 / 3, 1e-15);
}

TEST(CrossEntropy, EqualsTheCompositionOfSmallGates) {
  const Array<double> scores = array({2, 4}, {1, 2, -1, 0.5, 3, 3, -2, 0});
  const std::vector<int> labels = {3, 0};
  Tape tape;
  const Var a = tape.variable(scores), b = tape.variable(scores);
  const Var fused = cross_entropy(a, labels);
  const Var shifted = b - amax(detach(b), 1, true);
  const Var composed = mean(log(sum(exp(shifted), 1)) - pick(shifted, labels));
  EXPECT_NEAR(fused.item(), composed.item(), 1e-14);
  fused.backward();
  composed.backward();
  expect_arrays(a.grad(), b.grad(), 1e-14);
}

TEST(CrossEntropy, SurvivesLargeScores) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(array({3, 3}, {1e4, -1e4, 0, -1e4, 1e4, 0, 1e4, 1e4, -1e4}));
    const Var loss = cross_entropy(x, std::vector<int>{0, 0, 1});
    EXPECT_NEAR(loss.item(), (0 + 2e4 + std::log(2)) / 3, precision == f32 ? 1e-2 : 1e-10);
    loss.backward();
    expect_numbers(x.grad(), {0, 0, 0, -1.0 / 3, 1.0 / 3, 0, 0.5 / 3, -0.5 / 3, 0}, 1e-6);
  }
}

TEST(CrossEntropy, StartsAtLnK) {
  nn::manual_seed(1);
  nn::Sequential model = nn::mlp({20, 30, 10});
  Array<double> inputs(std::vector<std::size_t>{200, 20});
  Generator generator(2);
  for (double& x : inputs) x = 0.02 * generator.normal();
  std::vector<int> labels;
  for (int n = 0; n < 200; ++n) labels.push_back(n % 10);
  Tape tape;
  EXPECT_NEAR(cross_entropy(model(tape.data(inputs)), labels).item(), 2.3026, 0.01);
  EXPECT_NEAR(
      cross_entropy(array({2, 10}, std::vector<double>(20, 0.7)), std::vector<int>{1, 2}).item(),
      std::log(10), 1e-14);
}

TEST(CrossEntropy, LabelsThatAreNoClass) {
  Tape tape;
  const Var scores = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  const std::vector<int> labels = {0, 3};
  const int line = __LINE__ + 1;
  expect_error<ValueError>([&] { cross_entropy(scores, labels); },
                           {"[softmax_cross_entropy]", "0 to 2", "got 3", "row 1", line_of(line)});
  expect_error<ValueError>(
      [&] {
        cross_entropy(scores, std::vector<int>{-1, 0});
      },
      {"got -1", "row 0"});
  expect_error<ValueError>(
      [&] {
        cross_entropy(scores, std::vector<double>{0.5, 0});
      },
      {"whole numbers", "got 0.5", "row 0"});
  const double nan_value = std::numeric_limits<double>::quiet_NaN();
  expect_error<ValueError>(
      [&] {
        cross_entropy(scores, std::vector<double>{nan_value, 0});
      },
      {"whole numbers", "row 0"});
  EXPECT_EQ(tape.size(), 1U);
}

TEST(CrossEntropy, SizesThatDiffer) {
  Tape tape;
  const Var scores = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 6}));
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { cross_entropy(scores, std::vector<int>{0}); },
                           {"[softmax_cross_entropy]", "(2, 3)", "(1,)", line_of(line)});
  expect_error<ShapeError>(
      [&] {
        cross_entropy(sum(scores, 0), std::vector<int>{0, 1, 2});
      },
      {"(3,)"});
  expect_error<ShapeError>(
      [&] {
        cross_entropy(tape.data(array({0, 3}, {})), std::vector<int>{});
      },
      {"[mean]"});
}

TEST(CrossEntropy, GradientOfASureClassifierKeepsItsDigits) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(array({1, 3}, {0, 20, 1}));
    cross_entropy(x, std::vector<int>{1}).backward();
    // e^(0−20) and e^(1−20), over their sum with 1.
    const double total = 1 + std::exp(-20) + std::exp(-19);
    const double digits = precision == f32 ? 1e-6 : 1e-14;
    EXPECT_NEAR(x.grad()(0, 0) / (std::exp(-20) / total), 1, digits);
    EXPECT_NEAR(x.grad()(0, 2) / (std::exp(-19) / total), 1, digits);
    EXPECT_NEAR(x.grad()(0, 1) / -((std::exp(-20) + std::exp(-19)) / total), 1, digits);
  }
}

/// Options with a smoothing, weights and a reduction.
CrossEntropyOptions with(double label_smoothing, const std::vector<double>& class_weights = {},
                         Reduction reduction = Reduction::mean) {
  CrossEntropyOptions options;
  options.label_smoothing = label_smoothing;
  options.class_weights = class_weights;
  options.reduction = reduction;
  return options;
}

const Array<double> scores_of_three =
    array({3, 4}, {1, 2, -1, 0.5, 3, 3, -2, 0, 0.1, -0.7, 1.5, 2});
const std::vector<int> labels_of_three = {3, 0, 2};

/// One sample's loss by the definition.
double by_definition(const double* scores, int label, double smoothing,
                     const std::vector<double>& weights) {
  const std::vector<double> p = probabilities({scores, scores + 4});
  const auto y = static_cast<std::size_t>(label);
  double loss = -(1 - smoothing) * weights[y] * std::log(p[y]);
  for (std::size_t j = 0; j < 4; ++j) loss -= smoothing / 4 * weights[j] * std::log(p[j]);
  return loss;
}

TEST(CrossEntropy, OptionsByTheDefinition) {
  const std::vector<double> none, ones(4, 1), some = {0.5, 2, 0, 3};
  for (const double smoothing : {0.0, 0.1, 1.0}) {
    for (const std::vector<double>& weights : {none, some}) {
      const std::vector<double>& w = weights.empty() ? ones : weights;
      std::vector<double> each;
      double total = 0, weight = 0;
      for (std::size_t n = 0; n < 3; ++n) {
        each.push_back(by_definition(&scores_of_three(n, 0), labels_of_three[n], smoothing, w));
        total += each.back();
        weight += w[static_cast<std::size_t>(labels_of_three[n])];
      }
      const auto loss = [&](const Var& x, Reduction reduction) {
        return cross_entropy(x, labels_of_three, with(smoothing, weights, reduction));
      };
      for (const Precision precision : {f32, f64}) {
        Tape tape(precision);
        const Var x = tape.variable(scores_of_three);
        const double tolerance = precision == f32 ? 2e-6 : 1e-14;
        expect_numbers(loss(x, Reduction::none).value(), each, tolerance);
        EXPECT_NEAR(loss(x, Reduction::sum).item(), total, tolerance);
        EXPECT_NEAR(loss(x, Reduction::mean).item(), total / weight, tolerance);
        EXPECT_GRADIENTS_OK(loss(x, Reduction::mean));
        EXPECT_GRADIENTS_OK(sum(loss(x, Reduction::none) * array({3}, {1, -2, 3})));
      }
    }
  }
}

TEST(CrossEntropy, WithoutOptionsIsThePlainLoss) {
  Tape tape;
  const Var x = tape.variable(scores_of_three);
  const Var plain = cross_entropy(x, labels_of_three);
  EXPECT_EQ(cross_entropy(x, labels_of_three, {}).item(), plain.item());
  EXPECT_NEAR(cross_entropy(x, labels_of_three, with(0, {3, 3, 3, 3})).item(), plain.item(), 1e-15);
}

TEST(CrossEntropy, OptionsSurviveLargeScores) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(array({2, 2}, {1e4, -1e4, 1e4, 1e4}));
    const Var loss = cross_entropy(x, std::vector<int>{0, 1}, with(0.1, {1, 2}));
    const double first = 0.05 * 2 * 2e4, second = (0.9 * 2 + 0.05 + 0.05 * 2) * std::log(2);
    EXPECT_NEAR(loss.item(), (first + second) / 3, precision == f32 ? 1e-3 : 1e-10);
    loss.backward();
    for (const double g : x.grad()) EXPECT_TRUE(std::isfinite(g));
  }
}

TEST(CrossEntropy, OptionsOnATapeThatIsNotTheInnermost) {
  Tape outer;
  const Var x = outer.variable(scores_of_three);
  Tape inner;
  const Var loss = cross_entropy(x, labels_of_three, with(0.1, {1, 2, 3, 4}));
  loss.backward();
  EXPECT_EQ(inner.size(), 0U);
}

TEST(CrossEntropy, OptionsOutOfRange) {
  Tape tape;
  const Var x = tape.variable(scores_of_three);
  for (const double smoothing : {-0.1, 1.1, std::nan("")}) {
    const int line = __LINE__ + 1;
    expect_error<ValueError>([&] { cross_entropy(x, labels_of_three, with(smoothing)); },
                             {"[cross_entropy]", "smoothing from 0 to 1", line_of(line)});
  }
  for (const double weight : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    expect_error<ValueError>(
        [&] {
          cross_entropy(x, labels_of_three, with(0, {1, 1, weight, 1}));
        },
        {"[cross_entropy]", "weights of 0 or more"});
  }
  expect_error<ShapeError>(
      [&] {
        cross_entropy(x, labels_of_three, with(0, {1, 1, 1}));
      },
      {"[cross_entropy]", "each of 4 classes", "got 3"});
  expect_error<ShapeError>([&] { cross_entropy(x, std::vector<int>{0}, with(0.1)); },
                           {"[cross_entropy]", "(3, 4)", "(1,)"});
  expect_error<ValueError>(
      [&] {
        cross_entropy(x, labels_of_three, with(0, {0, 1, 0, 0}));
      },
      {"[cross_entropy]", "weight above 0", "none among 3"});
  EXPECT_EQ(tape.size(), 1U);
}

}  // namespace
}  // namespace tapegrad::testing
