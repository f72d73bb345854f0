// Functions composed of gates.

#include <tapegrad/nn/functional.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

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

}  // namespace
}  // namespace tapegrad::testing
