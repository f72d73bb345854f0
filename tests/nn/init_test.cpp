// Initialisation: variance, reproducibility, errors.

#include <tapegrad/nn/init.hpp>

#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/mlp.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

struct Moments {
  double mean, variance;
};

Moments moments(const Array<double>& numbers) {
  double sum = 0, squares = 0;
  for (const double x : numbers) sum += x, squares += x * x;
  const auto n = static_cast<double>(numbers.size());
  return {sum / n, squares / n - sum / n * sum / n};
}

TEST(Init, HeNormalHasVarianceTwoOverFanIn) {
  nn::manual_seed(3);
  for (const Shape& shape : {Shape{200, 50}, Shape{20, 500}, Shape{100, 4, 5, 5}}) {
    Parameter weight = Parameter::zeros(shape);
    nn::init::he_normal(weight);
    const double fan_in = static_cast<double>(weight.size() / shape[0]);
    const Moments m = moments(weight.value());
    // Four standard errors for 10,000 normals.
    EXPECT_NEAR(m.mean / std::sqrt(2 / fan_in), 0, 0.04) << to_string(shape);
    EXPECT_NEAR(m.variance * fan_in / 2, 1, 0.057) << to_string(shape);
  }
}

TEST(Init, VarianceStaysConstantThroughADeepReluNet) {
  nn::manual_seed(5);
  nn::Sequential model = nn::mlp(std::vector<std::int64_t>(12, 200));
  Array<double> inputs(std::vector<std::size_t>{100, 200});
  Generator generator(1);
  for (double& x : inputs) x = generator.normal();
  Tape tape;
  // Without ReLU behind it, the last of eleven layers sends out twice the variance of its input's
  // mean square, which each layer before has kept.
  const Moments m = moments(model(tape.data(inputs)).value());
  EXPECT_GT(m.variance, 0.5 * 2);
  EXPECT_LT(m.variance, 2 * 2);
}

TEST(Init, TheSeedDecidesAll) {
  const auto draw = [](std::uint64_t seed) {
    nn::manual_seed(seed);
    return nn::Linear(7, 5).weight().value();
  };
  EXPECT_EQ(draw(11), draw(11));
  EXPECT_NE(draw(11), draw(12));
  nn::manual_seed(11);
  const nn::Linear first(7, 5), second(7, 5);
  EXPECT_EQ(first.weight().value(), draw(11));
  EXPECT_NE(first.weight().value(), second.weight().value());
}

TEST(Init, PrecisionsDrawTheSameNumbers) {
  const auto draw = [](Precision precision) {
    Parameter weight = Parameter::zeros({4, 3}, precision);
    Generator generator(9);
    nn::init::he_normal(weight, generator);
    return weight.value();
  };
  const Array<double> narrow = draw(f32), wide = draw(f64);
  for (std::size_t i = 0; i < wide.size(); ++i) {
    EXPECT_EQ(narrow.data()[i], static_cast<double>(static_cast<float>(wide.data()[i])));
  }
}

TEST(Init, CountsAsAChange) {
  Parameter p = Parameter::zeros({2, 2});
  nn::init::constant(p, 0.01);
  EXPECT_EQ(p.version(), 1U);
  EXPECT_EQ(p.value(), array({2, 2}, {0.01, 0.01, 0.01, 0.01}));
}

TEST(Init, HeNormalNeedsAnInputSize) {
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{3, 0}}) {
    Parameter p = Parameter::zeros(shape);
    expect_error<ShapeError>([&] { nn::init::he_normal(p); }, {"[he_normal]", to_string(shape)});
  }
}

TEST(Init, WeightsDoNotRepeatAUsersRandomNumbers) {
  nn::manual_seed(1);
  EXPECT_NE(nn::default_generator().normal(), Generator(1).normal());
}

}  // namespace
}  // namespace tapegrad::testing
