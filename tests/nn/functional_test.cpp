// Functions composed of gates, and cross-entropy by worked numbers (MISSION R4, T1).

#include <tapegrad/nn/functional.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>
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
    const Var m = mean(x);
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
  EXPECT_EQ(mean(p).item(), 2);
  EXPECT_EQ(tapegrad::mean(a).item(), 4);
  EXPECT_EQ(mean(7).item(), 7);
  EXPECT_EQ(mean(tape.variable(5)).item(), 5);
}

TEST(Mean, OfNothing) {
  Tape tape;
  const Var nothing = tape.data(array({0, 3}, {}));
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { mean(nothing); }, {"[mean]", line_of(line)});
}

/// Every gradient of a number against differences.
void expect_gradients(const Var& y) {
  const GradcheckReport report = gradcheck(y);
  EXPECT_TRUE(report.passed()) << to_string(report);
}

TEST(Functional, SoftmaxAlongAnyAxis) {
  Tape tape;
  const Var x = tape.variable(array({2, 3}, {1, 2, 3, 0, -1, 4}));
  const Array<double> weights = array({2, 3}, {1, -2, 3, 4, 5, -6});
  expect_arrays(sum(nn::softmax(x, 0), 0).value(), array({3}, {1, 1, 1}), 1e-15);
  const double p = 1 / (1 + std::exp(-1));
  EXPECT_NEAR(nn::softmax(x, 0).value()(0, 0), p, 1e-15);
  expect_arrays(nn::softmax(x, 1).value(), softmax(x).value(), 0);
  expect_arrays(exp(nn::log_softmax(x, 1)).value(), softmax(x).value(), 1e-15);
  expect_gradients(sum(nn::softmax(x, 0) * weights));
  expect_gradients(sum(nn::log_softmax(x, -2) * weights));
}

TEST(Functional, LogSoftmaxOfFarScoresIsFinite) {
  Tape tape(f32);
  const Var y = nn::log_softmax(tape.variable({-1000, 0, 1000}));
  expect_numbers(y.value(), {-2000, -1000, 0}, 0);
}

TEST(Functional, VarianceAndStandardDeviation) {
  Tape tape;
  const Var x = tape.variable(array({2, 4}, {2, 4, 4, 6, 1, 1, 1, 1}));
  expect_numbers(nn::variance(x, {1}).value(), {8.0 / 3, 0}, 1e-15);
  expect_numbers(nn::variance(x, {1}, false, 0).value(), {2, 0}, 1e-15);
  EXPECT_EQ(nn::variance(x, {1}, true).shape(), (Shape{2, 1}));
  expect_numbers(nn::standard_deviation(x, {1}, false, 0).value(), {std::sqrt(2), 0}, 1e-15);
  expect_gradients(nn::variance(x));
  expect_gradients(nn::standard_deviation(slice(x, 0, 0, 1)));
  // All elements equal: a kink, where the slope is 0 and not NaN.
  nn::standard_deviation(slice(x, 0, 1, 2)).backward();
  expect_numbers(x.grad(), std::vector<double>(8, 0), 0);
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { nn::variance(slice(x, 1, 0, 1), {1}); },
                           {"[variance]", "more than 1", line_of(line)});
}

TEST(Functional, VarianceFarFromZeroKeepsItsDigits) {
  Tape tape(f32);
  EXPECT_NEAR(nn::variance(tape.data({10001, 10002, 10003})).item(), 1, 1e-6);
}

TEST(Functional, Norms) {
  Tape tape;
  const Var x = tape.variable(array({2, 2}, {3, -4, 0, 2}));
  expect_numbers(nn::vector_norm(x, 1, {1}).value(), {7, 2}, 0);
  expect_numbers(nn::vector_norm(x, 2, {1}).value(), {5, 2}, 0);
  expect_numbers(nn::vector_norm(x, std::numeric_limits<double>::infinity(), {1}).value(), {4, 2},
                 0);
  EXPECT_NEAR(nn::vector_norm(x, 3).item(), std::cbrt(27 + 64 + 8), 1e-14);
  expect_gradients(nn::vector_norm(slice(x, 0, 0, 1), 1.5));
  expect_error<ValueError>([&] { nn::vector_norm(x, 0); }, {"[vector_norm]", "p > 0"});
}

TEST(Functional, NormsNeitherOverflowNorUnderflow) {
  Tape tape;
  EXPECT_DOUBLE_EQ(norm(tape.data({3e200, 4e200})).item(), 5e200);
  EXPECT_DOUBLE_EQ(norm(tape.data({3e-200, 4e-200})).item(), 5e-200);
  Tape floats(f32);
  EXPECT_FLOAT_EQ(static_cast<float>(norm(floats.data({3e30, 4e30})).item()), 5e30F);
}

TEST(Functional, ScoresFarFromZeroKeepTheirDigits) {
  Tape tape(f32);
  const Var x = tape.variable(array({2, 2}, {1e6, 1e6 + 1, 1e4, 1e4}));
  const double p = 1 / (1 + std::exp(-1));
  const Array<double> expected = array({2, 2}, {1 - p, p, 0.5, 0.5});
  expect_arrays(exp(nn::log_softmax(x, 1)).value(), expected, 1e-6);
  expect_arrays(transpose(nn::softmax(transpose(x), 0)).value(), expected, 1e-6);
  sum(logsumexp(x, 1)).backward();
  expect_arrays(x.grad(), expected, 1e-6);
}

TEST(Functional, GradientsOfNormsNeitherOverflowNorUnderflow) {
  Tape floats(f32);
  const Var x = floats.variable({1e-30, 1e-30});
  (norm(x) * 1e10).backward();
  expect_numbers(x.grad(), {1e10 / std::sqrt(2), 1e10 / std::sqrt(2)}, 1e4);
  const Var small = floats.variable({1e-16, 1e-16});
  const Var length = nn::vector_norm(small, 3);
  EXPECT_NEAR(length.item(), std::cbrt(2) * 1e-16, 1e-22);
  length.backward();
  expect_numbers(small.grad(), {std::pow(2, -2.0 / 3), std::pow(2, -2.0 / 3)}, 1e-6);
  Tape tape;
  const Var zeros = tape.variable({0, 0});
  nn::vector_norm(zeros, 3).backward();
  expect_numbers(zeros.grad(), {0, 0}, 0);
}

TEST(Functional, CosineSimilarityBroadcasts) {
  Tape tape;
  const Var a = tape.variable(array({1, 1}, {2}));
  const Var b = tape.variable(array({1, 3}, {1, 1, 1}));
  EXPECT_NEAR(nn::cosine_similarity(a, b, -1).item(), 1, 1e-15);
}

TEST(Functional, DistancesToNaNAreNaN) {
  Tape tape;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Var y = nn::cdist(tape.data(array({1, 2}, {nan, 0})), tape.data(array({1, 2}, {1, 2})));
  EXPECT_TRUE(std::isnan(y.value()(0, 0)));
}

TEST(Functional, SumsOverOuterAndInnerAxesKeepTheirDigits) {
  Tape tape(f32);
  const Var x = broadcast_to(tape.data(0.1), {500000, 2, 2});
  expect_numbers(mean(x, {0, 2}).value(), {0.1, 0.1}, 1e-7);
}

TEST(Functional, CosineSimilarity) {
  Tape tape;
  const Var a = tape.variable(array({2, 2}, {1, 0, 3, 4}));
  const Var b = tape.variable(array({2, 2}, {1, 1, -8, 6}));
  expect_numbers(nn::cosine_similarity(a, b).value(), {std::sqrt(0.5), 0}, 1e-15);
  expect_gradients(sum(nn::cosine_similarity(a, b) * array({2}, {2, 3})));
  EXPECT_EQ(nn::cosine_similarity(tape.data({0, 0}), tape.data({1, 0}), 0).item(), 0);
}

TEST(Functional, Distances) {
  Tape tape;
  const Var a = tape.variable(array({2, 2}, {0, 0, 3, 1}));
  const Var b = tape.variable(array({3, 2}, {3, 4, 3, 1, -1, 0}));
  const Array<double> expected = array({2, 3}, {5, std::sqrt(10), 1, 3, 0, std::sqrt(17)});
  expect_arrays(nn::cdist(a, b).value(), expected, 1e-14);
  expect_numbers(nn::pairwise_distance(a, slice(b, 0, 0, 2)).value(), {5, 0}, 0);
  expect_gradients(sum(nn::cdist(slice(a, 0, 0, 1), b) * array({1, 3}, {1, 2, 3})));
  // Where two rows coincide the distance has a kink: slope 0, not NaN.
  sum(nn::cdist(slice(a, 0, 1, 2), slice(b, 0, 1, 2))).backward();
  expect_numbers(a.grad(), {0, 0, 0, 0}, 0);
  expect_error<ShapeError>([&] { nn::cdist(a, tape.data({1, 2})); }, {"[cdist]", "(2, 2)", "(2,)"});
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

}  // namespace
}  // namespace tapegrad::testing
