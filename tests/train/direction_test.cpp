// Directions through the values of parameters (MISSION R14).

#include <tapegrad/train/direction.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/ops/philox.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using train::Direction;
using train::Scaling;

/// The norm of `count` numbers from `first` on.
double norm(const Array<double>& numbers, std::size_t first, std::size_t count) {
  double squares = 0;
  for (std::size_t i = first; i < first + count; ++i) squares += std::pow(numbers.data()[i], 2);
  return std::sqrt(squares);
}

TEST(Direction, OneWeight) {
  const Parameter w(Array<double>{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  const Direction direction = Direction::weight(w, {1, 2});
  EXPECT_EQ(direction.name(), "weight[1, 2]");
  EXPECT_EQ(direction.element(), 5U);
  ASSERT_EQ(direction.parts().size(), 1U);
  expect_numbers(direction.parts()[0].step, {0, 0, 0, 0, 0, 1});
  EXPECT_EQ(Direction::weight(w, {0, 0}, "slope").name(), "slope");
  EXPECT_EQ(Direction::weight(Parameter(3.0), {}).name(), "weight");

  nn::Sequential model = nn::mlp({2, 3});
  EXPECT_EQ(Direction::weight(model.parameters()[1], {2}).name(), "bias[2]");
}

TEST(Direction, OneWeightErrors) {
  const Parameter w(Array<double>{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  using Index = std::vector<std::int64_t>;
  for (const Index& index :
       {Index{}, Index{1}, Index{0, 3}, Index{2, 0}, Index{-1, 0}, Index{0, 0, 0}}) {
    expect_error<ShapeError>([&] { Direction::weight(w, index); },
                             {"[Direction]", "shape (2, 3)", "one number per axis"});
  }
  expect_error<ShapeError>([&] { Direction::weight(w, {0, 3}); }, {"got [0, 3]"});
}

TEST(Direction, RandomIsFixedByItsSeed) {
  nn::manual_seed(1);
  nn::Sequential model = nn::mlp({4, 8, 3});
  const Direction one = Direction::random(model.parameters(), 7);
  const Direction same_again = Direction::random(model.parameters(), 7);
  const Direction other = Direction::random(model.parameters(), 8);
  EXPECT_EQ(one.name(), "random direction 7");
  EXPECT_FALSE(one.element());
  ASSERT_EQ(one.parts().size(), 4U);
  for (const std::size_t weight : {0U, 2U}) {
    EXPECT_EQ(one.parts()[weight].step, same_again.parts()[weight].step);
    EXPECT_NE(one.parts()[weight].step, other.parts()[weight].step);
  }
  // Its numbers are those of a stream of its own, parameter after parameter.
  const Direction plain =
      Direction::random({Parameter(Array<double>{0.0, 0.0}), Parameter(1.0)}, 5, Scaling::none);
  Generator generator(5, 0x6C616E64'00000000);
  for (const Direction::Part& part : plain.parts()) {
    for (const double step : part.step) EXPECT_EQ(step, generator.normal());
  }
}

TEST(Direction, FilterScalingGivesRowsTheNormsOfTheWeights) {
  nn::manual_seed(2);
  nn::Sequential model = nn::mlp({4, 8, 3});
  Parameter first = model.parameters()[0];
  Array<double> value = first.value();
  for (std::size_t i = 0; i < 4; ++i) value.data()[4 + i] = 0;  // A unit that is dead.
  for (std::size_t i = 0; i < 4; ++i) value.data()[8 + i] *= 100;
  first.set_value(value);
  const Parameter image(Array<double>(std::vector<std::size_t>{2, 3, 2, 2}, 0.5));
  std::vector<Parameter> parameters = model.parameters();
  parameters.push_back(image);

  const Direction direction = Direction::random(parameters, 3);
  for (const Direction::Part& part : direction.parts()) {
    const Array<double> weights = part.parameter.value();
    if (part.parameter.shape().rank() < 2) {
      for (const double step : part.step) EXPECT_EQ(step, 0) << "a bias moves";
      continue;
    }
    const std::size_t rows = weights.shape()[0], length = weights.size() / rows;
    for (std::size_t row = 0; row < rows; ++row) {
      EXPECT_NEAR(norm(part.step, row * length, length), norm(weights, row * length, length),
                  1e-13 * norm(weights, row * length, length));
    }
  }
  EXPECT_EQ(norm(direction.parts()[0].step, 4, 4), 0);
}

TEST(Direction, LayerScalingGivesParametersTheirNorms) {
  nn::manual_seed(2);
  nn::Sequential model = nn::mlp({4, 8, 3});
  Parameter bias = model.parameters()[3];
  bias.set_value({1, 2, 2});
  const Direction direction = Direction::random(model.parameters(), 3, Scaling::layer);
  for (const Direction::Part& part : direction.parts()) {
    const Array<double> value = part.parameter.value();
    EXPECT_NEAR(norm(part.step, 0, value.size()), norm(value, 0, value.size()), 1e-13);
  }
  EXPECT_NEAR(norm(direction.parts()[3].step, 0, 3), 3, 1e-13);
  // Scaling changes lengths alone.
  const Direction plain = Direction::random(model.parameters(), 3, Scaling::none);
  const Array<double>&a = direction.parts()[0].step, &b = plain.parts()[0].step;
  for (std::size_t i = 1; i < a.size(); ++i) {
    EXPECT_NEAR(a.data()[i] / a.data()[0], b.data()[i] / b.data()[0], 1e-9);
  }
}

TEST(Direction, RandomErrors) {
  Parameter w(Array<double>{1.0, 2.0});
  expect_error<ValueError>([&] { Direction::random({}, 0); }, {"[Direction]", "got none"});
  expect_error<ValueError>([&] { Direction::random({w, w}, 0); }, {"shape (2,)", "twice"});
  expect_error<ValueError>([&] { Direction::random({w}, 0); }, {"fewer than two axes", "none"});
  expect_error<ValueError>([&] { Direction::random({Parameter::zeros({3})}, 0, Scaling::layer); },
                           {"only zeros"});
}

TEST(Direction, Given) {
  Parameter w(Array<double>{1.0, 2.0}), b(3.0);
  const Direction direction =
      Direction::given({w, b}, {Array<double>{0.5, 0.0}, Array<double>(-1.0)}, "to the left");
  EXPECT_EQ(direction.name(), "to the left");
  EXPECT_FALSE(direction.element());
  expect_numbers(direction.parts()[0].step, {0.5, 0});
  expect_numbers(direction.parts()[1].step, {-1});

  const Array<double> two{0.5, 0.0}, three{1.0, 2.0, 3.0};
  expect_error<ShapeError>([&] { Direction::given({w, b}, {two}, ""); }, {"1 steps for 2"});
  expect_error<ShapeError>([&] { Direction::given({w}, {three}, ""); }, {"(3,)", "(2,)"});
  const Array<double> wrong{0.5, std::numeric_limits<double>::infinity()};
  expect_error<ValueError>([&] { Direction::given({w}, {wrong}, ""); }, {"finite"});
  expect_error<ValueError>([&] { Direction::given({w}, {two - two}, ""); }, {"only zeros"});
  expect_error<ValueError>([&] { Direction::given({w, w}, {two, two}, ""); }, {"twice"});
  expect_error<ValueError>([&] { Direction::given({}, {}, ""); }, {"got none"});
}

}  // namespace
}  // namespace tapegrad::testing
