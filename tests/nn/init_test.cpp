// Initialisation (MISSION N4): variances, through twenty layers too, reproducibility, errors.

#include <tapegrad/nn/init.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/nn/weights.hpp>

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

/// Fills a weight.
using Initialiser = std::function<void(Parameter&)>;

TEST(Init, VariancesAreThoseOfTheFormulas) {
  nn::manual_seed(4);
  const Shape dense{200, 50}, filters{40, 10, 5, 5};
  const double dense_in = 50, dense_out = 200, filters_in = 250, filters_out = 1000;
  struct Case {
    const char* name;
    Initialiser fill;
    double dense, filters;  // Their variances.
  };
  const Case cases[] = {
      {"normal", [](Parameter& w) { nn::init::normal(w, 0, 0.3); }, 0.09, 0.09},
      {"uniform", [](Parameter& w) { nn::init::uniform(w, -0.6, 0.6); }, 0.12, 0.12},
      {"lecun_normal", [](Parameter& w) { nn::init::lecun_normal(w); }, 1 / dense_in,
       1 / filters_in},
      {"he_normal", [](Parameter& w) { nn::init::he_normal(w); }, 2 / dense_in, 2 / filters_in},
      {"he_uniform", [](Parameter& w) { nn::init::he_uniform(w); }, 2 / dense_in, 2 / filters_in},
      {"xavier_normal", [](Parameter& w) { nn::init::xavier_normal(w); },
       2 / (dense_in + dense_out), 2 / (filters_in + filters_out)},
      {"xavier_uniform", [](Parameter& w) { nn::init::xavier_uniform(w, 3); },
       18 / (dense_in + dense_out), 18 / (filters_in + filters_out)},
  };
  for (const Case& test : cases) {
    for (const bool is_dense : {true, false}) {
      Parameter weight = Parameter::zeros(is_dense ? dense : filters);
      test.fill(weight);
      const Moments m = moments(weight.value());
      const double variance = is_dense ? test.dense : test.filters;
      // Four standard errors for 10,000 normals; those of uniform numbers are smaller.
      EXPECT_NEAR(m.mean / std::sqrt(variance), 0, 0.04) << test.name;
      EXPECT_NEAR(m.variance / variance, 1, 0.057) << test.name;
    }
  }
}

TEST(Init, UniformNumbersStayBetweenTheirBounds) {
  nn::manual_seed(4);
  const auto extremes = [](const Initialiser& fill) {
    Parameter weight = Parameter::zeros({100, 50});
    fill(weight);
    const Array<double> numbers = weight.value();
    const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
    return std::pair(*low, *high);
  };
  const auto near_bounds = [](std::pair<double, double> got, double low, double high) {
    const double slack = 0.01 * (high - low);
    EXPECT_TRUE(got.first >= low && got.first < low + slack) << got.first << " from " << low;
    EXPECT_TRUE(got.second <= high && got.second > high - slack) << got.second << " to " << high;
  };
  near_bounds(extremes([](Parameter& w) { nn::init::uniform(w); }), 0, 1);
  near_bounds(extremes([](Parameter& w) { nn::init::uniform(w, -3, 5); }), -3, 5);
  const double he = std::sqrt(6.0 / 50), xavier = 2 * std::sqrt(6.0 / 150);
  near_bounds(extremes([](Parameter& w) { nn::init::he_uniform(w); }), -he, he);
  near_bounds(extremes([](Parameter& w) { nn::init::xavier_uniform(w, 2); }), -xavier, xavier);
}

TEST(Init, NormalHasAMean) {
  nn::manual_seed(4);
  Parameter p = Parameter::zeros({10000});
  nn::init::normal(p, 3, 0.5);
  EXPECT_NEAR(moments(p.value()).mean, 3, 4 * 0.5 / 100);
  nn::init::normal(p, 3, 0);
  for (const double x : p.value()) EXPECT_EQ(x, 3);
}

TEST(Init, SparseConnectsEachUnitToAFixedNumberOfInputs) {
  nn::manual_seed(4);
  for (const Shape& shape : {Shape{400, 20}, Shape{400, 5, 2, 2}}) {
    Parameter weight = Parameter::zeros(shape);
    nn::init::constant(weight, 7);
    nn::init::sparse(weight, 5, 0.3);
    const Array<double> numbers = weight.value();
    std::vector<int> per_input(20, 0);
    double squares = 0;
    for (std::size_t unit = 0; unit < 400; ++unit) {
      int connections = 0;
      for (std::size_t k = 0; k < 20; ++k) {
        const double w = numbers.data()[unit * 20 + k];
        connections += w != 0;
        per_input[k] += w != 0;
        squares += w * w;
      }
      EXPECT_EQ(connections, 5);
    }
    // Each input has 400·¼ of them, with a standard deviation of √(400·¼·¾) = 8.7.
    for (const int count : per_input) EXPECT_NEAR(count, 100, 4 * 8.7);
    EXPECT_NEAR(squares / 2000, 0.09, 0.09 * 4 * std::sqrt(2.0 / 2000));
  }
  Parameter weight = Parameter::zeros({2, 3});
  nn::init::sparse(weight, 3);
  for (const double w : weight.value()) EXPECT_NE(w, 0);
}

/// How the root mean square of activations behind each of 20 layers of 200 units grows or falls,
/// from inputs of variance 1.
std::vector<double> activations(const Initialiser& fill, Var (*activation)(Operand)) {
  nn::manual_seed(5);
  Generator generator(1);
  Array<double> inputs(std::vector<std::size_t>{100, 200});
  for (double& x : inputs) x = generator.normal();
  Tape tape;
  Var x = tape.data(inputs);
  std::vector<double> result;
  for (int layer = 0; layer < 20; ++layer) {
    nn::Linear linear(200, 200);
    for (auto& [name, weight] : nn::weights(linear)) fill(weight);
    x = activation(linear(x));
    result.push_back(std::sqrt(mean(square(x)).item()));
  }
  return result;
}

Var relu_of(Operand x) {
  return relu(x);
}
Var tanh_of(Operand x) {
  return tanh(x);
}

TEST(Init, VarianceSurvivesTwentyReluLayersOfHeOnly) {
  const auto he = activations([](Parameter& w) { nn::init::he_normal(w); }, relu_of);
  const auto uniform = activations([](Parameter& w) { nn::init::he_uniform(w); }, relu_of);
  for (const auto& kept : {he, uniform}) {
    for (const double size : kept) EXPECT_NEAR(size, 1, 0.5);
  }
  // Each layer halves the variance that 1/√n keeps without ReLU.
  const auto lecun = activations([](Parameter& w) { nn::init::lecun_normal(w); }, relu_of);
  EXPECT_NEAR(std::log2(lecun.back()), -10, 2);
  const auto xavier = activations([](Parameter& w) { nn::init::xavier_normal(w); }, relu_of);
  EXPECT_NEAR(std::log2(xavier.back()), -10, 2);
  const auto small = activations([](Parameter& w) { nn::init::normal(w, 0, 0.01); }, relu_of);
  EXPECT_LT(small.back(), 1e-19);
  const auto large = activations([](Parameter& w) { nn::init::normal(w); }, relu_of);
  EXPECT_GT(large.back(), 1e18);
}

TEST(Init, VarianceSurvivesTwentyTanhLayersOfXavier) {
  const auto xavier =
      activations([](Parameter& w) { nn::init::xavier_normal(w, 5.0 / 3); }, tanh_of);
  for (const double size : xavier) EXPECT_NEAR(size, 0.65, 0.15);
  EXPECT_NEAR(xavier[19] / xavier[9], 1, 0.1);
  // Without the gain the variance falls slowly, as 1/layers.
  const auto lecun = activations([](Parameter& w) { nn::init::lecun_normal(w); }, tanh_of);
  EXPECT_GT(lecun.back(), 0.1);
  const auto small = activations([](Parameter& w) { nn::init::normal(w, 0, 0.01); }, tanh_of);
  EXPECT_LT(small.back(), 1e-15);
  // tanh cannot explode: it saturates, near ±1 everywhere.
  const auto large = activations([](Parameter& w) { nn::init::normal(w); }, tanh_of);
  EXPECT_GT(large.back(), 0.95);
}

TEST(Init, ZerosKeepUnitsEqual) {
  // What the documentation warns of: behind a constant layer every unit gets the same gradient,
  // behind a layer of zeros none at all.
  nn::Sequential model = nn::mlp({2, 3, 2});
  NamedParameters weights = nn::weights(model);
  const auto backward = [&] {
    model.zero_grad();
    Tape tape;
    const Var scores = model(tape.data(array({2, 2}, {1, 2, -1, 0.5})));
    nn::cross_entropy(scores, std::vector<int>{0, 1}).backward();
    return weights[0].second.grad();
  };
  for (auto& [name, weight] : weights) nn::init::zeros(weight);
  expect_numbers(backward(), std::vector<double>(6, 0));
  for (auto& [name, weight] : weights) nn::init::constant(weight, 0.5);
  const Array<double> first = backward();
  for (std::size_t unit = 1; unit < 3; ++unit) {
    EXPECT_EQ(first(unit, 0), first(0, 0));
    EXPECT_EQ(first(unit, 1), first(0, 1));
  }
}

TEST(Init, OfAWholeModule) {
  nn::Sequential model = nn::mlp({4, 3, 2});
  for (auto& [name, weight] : nn::weights(model)) nn::init::zeros(weight);
  for (auto& [name, bias] : nn::biases(model)) nn::init::constant(bias, 0.01);
  for (const auto& [name, parameter] : model.named_parameters()) {
    const double expected = parameter.shape().rank() == 1 ? 0.01 : 0;
    for (const double x : parameter.value()) EXPECT_EQ(x, expected) << name;
  }
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

TEST(Init, FansNeedAnInputSize) {
  const std::pair<const char*, Initialiser> cases[] = {
      {"[lecun_normal]", [](Parameter& w) { nn::init::lecun_normal(w); }},
      {"[he_normal]", [](Parameter& w) { nn::init::he_normal(w); }},
      {"[he_uniform]", [](Parameter& w) { nn::init::he_uniform(w); }},
      {"[xavier_normal]", [](Parameter& w) { nn::init::xavier_normal(w); }},
      {"[xavier_uniform]", [](Parameter& w) { nn::init::xavier_uniform(w); }},
      {"[sparse]", [](Parameter& w) { nn::init::sparse(w, 1); }},
  };
  for (const auto& [name, fill] : cases) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{3, 0}}) {
      Parameter p = Parameter::zeros(shape);
      expect_error<ShapeError>([&, &fill = fill] { fill(p); }, {name, to_string(shape)});
      EXPECT_EQ(p.version(), 0U);
    }
  }
}

TEST(Init, NumbersThatMakeNoSense) {
  Parameter p = Parameter::zeros({2, 3});
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (const double bad : {-1.0, nan, inf}) {
    expect_error<ValueError>([&] { nn::init::normal(p, 0, bad); },
                             {"[normal]", "standard deviation of 0 or more"});
    expect_error<ValueError>([&] { nn::init::xavier_normal(p, bad); }, {"[xavier_normal]", "gain"});
    expect_error<ValueError>([&] { nn::init::xavier_uniform(p, bad); },
                             {"[xavier_uniform]", "gain"});
    expect_error<ValueError>([&] { nn::init::sparse(p, 1, bad); }, {"[sparse]", "deviation"});
  }
  expect_error<ValueError>([&] { nn::init::normal(p, inf); }, {"[normal]", "mean", "got inf"});
  expect_error<ValueError>([&] { nn::init::uniform(p, 2, 1); }, {"[uniform]", "got 2 and 1"});
  expect_error<ValueError>([&] { nn::init::uniform(p, nan, 1); }, {"[uniform]"});
  expect_error<ValueError>([&] { nn::init::uniform(p, 0, inf); }, {"[uniform]"});
  expect_error<ValueError>([&] { nn::init::sparse(p, 0); }, {"[sparse]", "from 1 to 3", "got 0"});
  expect_error<ValueError>([&] { nn::init::sparse(p, 4); }, {"[sparse]", "from 1 to 3", "got 4"});
  EXPECT_EQ(p.version(), 0U);
}

TEST(Init, WeightsDoNotRepeatAUsersRandomNumbers) {
  nn::manual_seed(1);
  EXPECT_NE(nn::default_generator().normal(), Generator(1).normal());
}

}  // namespace
}  // namespace tapegrad::testing
