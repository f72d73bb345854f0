// The mean, and cross-entropy by worked numbers (MISSION R4, T1).

#include <tapegrad/nn/functional.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/mlp.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using nn::cross_entropy;

TEST(Mean, OfAllElements) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(array({2, 3}, {1, 2, 3, 4, 5, 9}));
    const Var m = nn::mean(x);
    EXPECT_EQ(m.shape(), Shape{});
    EXPECT_NEAR(m.item(), 4, 1e-6);
    (m * 12).backward();
    expect_numbers(x.grad(), {2, 2, 2, 2, 2, 2}, 1e-6);
  }
}

TEST(Mean, OfAnything) {
  Tape tape;
  const Parameter p(array({2}, {1, 3}));
  const xt::xarray<double> a = {2, 4, 6};
  EXPECT_EQ(nn::mean(p).item(), 2);
  EXPECT_EQ(nn::mean(a).item(), 4);
  EXPECT_EQ(nn::mean(7).item(), 7);
  EXPECT_EQ(nn::mean(tape.variable(5)).item(), 5);
}

TEST(Mean, OfNothing) {
  Tape tape;
  const Var nothing = tape.data(array({0, 3}, {}));
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { nn::mean(nothing); }, {"[mean]", line_of(line)});
}

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
  const Var composed = nn::mean(log(sum(exp(shifted), 1)) - pick(shifted, labels));
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

}  // namespace
}  // namespace tapegrad::testing
