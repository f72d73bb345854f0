// Penalties on weights and the max-norm projection (MISSION R9, R10, R13, T2).

#include <tapegrad/nn/penalty.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/testing/matchers.hpp>
#include <tapegrad/nn/conv2d.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/max_norm.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/nn/prelu.hpp>

#include "support/allocations.hpp"
#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

NamedParameters named(const Array<double>& weight, Precision precision = f64) {
  return {{"weight", Parameter(weight, precision)}};
}

std::vector<std::string> names(const NamedParameters& parameters) {
  std::vector<std::string> result;
  for (const auto& [name, parameter] : parameters) result.push_back(name);
  return result;
}

TEST(Penalty, SpreadWeightsCostLess) {
  const Tape tape;
  const NamedParameters peak = named({1, 0, 0, 0}), flat = named({0.25, 0.25, 0.25, 0.25});
  EXPECT_EQ(nn::elastic_penalty(peak, 0, 1).item(), 1.0);
  EXPECT_EQ(nn::elastic_penalty(flat, 0, 1).item(), 0.25);
  EXPECT_EQ(nn::l2_penalty(peak, 1).item(), 0.5);
  EXPECT_EQ(nn::l2_penalty(flat, 2).item(), 0.25);
  EXPECT_EQ(nn::l1_penalty(peak, 3).item(), 3);
  EXPECT_EQ(nn::l1_penalty(flat, 3).item(), 3);
}

TEST(Penalty, Gradients) {
  for (const Precision precision : {f32, f64}) {
    const Array<double> w = array({2, 2}, {1, -2, 0, 0.5});
    NamedParameters parameters = named(w, precision);
    Parameter& weight = parameters[0].second;
    const auto gradient = [&](auto penalty) {
      Tape tape(precision);
      weight.zero_grad();
      penalty().backward();
      return weight.grad();
    };
    // λ·w, λ·sign(w) with 0 at 0, λ₁·sign(w) + 2·λ₂·w.
    expect_numbers(gradient([&] { return nn::l2_penalty(parameters, 0.5); }), {0.5, -1, 0, 0.25});
    expect_numbers(gradient([&] { return nn::l1_penalty(parameters, 0.5); }), {0.5, -0.5, 0, 0.5});
    expect_numbers(gradient([&] { return nn::elastic_penalty(parameters, 0.5, 2); }),
                   {4.5, -8.5, 0, 2.5});
  }
  const NamedParameters parameters = named({1, -2, 0.25, 0.5});
  const Tape tape;
  EXPECT_GRADIENTS_OK(nn::l2_penalty(parameters, 0.3));
  EXPECT_GRADIENTS_OK(nn::l1_penalty(parameters, 0.3));
  EXPECT_GRADIENTS_OK(nn::elastic_penalty(parameters, 0.3, 0.2));
}

TEST(Penalty, ReachesWeightsOnly) {
  nn::Sequential model(nn::Conv2d(1, 2, 2), nn::PReLU(2), nn::Linear(3, 4));
  EXPECT_EQ(names(nn::weights(model)), (std::vector<std::string>{"0.weight", "2.weight"}));
  EXPECT_EQ(names(nn::biases(model)), (std::vector<std::string>{"0.bias", "2.bias"}));
  Tape tape;
  const Var penalty = nn::l2_penalty(model, 1);
  penalty.backward();
  double expected = 0;
  for (const auto& [name, parameter] : model.named_parameters()) {
    const bool is_weight = parameter.shape().rank() > 1;
    EXPECT_EQ(parameter.has_grad(), is_weight) << name;
    if (!is_weight) continue;
    expect_arrays(parameter.grad(), parameter.value());
    for (const double w : parameter.value()) expected += w * w / 2;
  }
  EXPECT_NEAR(penalty.item(), expected, 1e-13);
  double sizes = 0;
  for (const auto& [name, weight] : nn::weights(model)) {
    for (const double w : weight.value()) sizes += std::abs(w);
  }
  EXPECT_NEAR(nn::l1_penalty(model, 1).item(), sizes, 1e-13);
  EXPECT_NEAR(nn::elastic_penalty(model, 1, 0.5).item(), sizes + expected, 1e-13);
}

TEST(Penalty, OfABiasOfManyAxesIsNone) {
  class Unshared : public nn::Module {
   public:
    Unshared() { register_parameter("bias", Parameter::zeros({2, 3, 3})); }
    Var forward(const Var& x) override { return x; }
  };
  EXPECT_TRUE(nn::weights(Unshared()).empty());
  EXPECT_EQ(nn::biases(Unshared()).size(), 1U);
}

TEST(Penalty, TotalLossIsTheSumOfItsParts) {
  nn::Sequential model = nn::mlp({2, 5, 3});
  const Array<double> x = array({2, 2}, {1, 2, -1, 0.5});
  double before = 0;
  for (const double lambda : {0.0, 0.1, 1.0}) {
    Tape tape;
    const Var data_loss = nn::cross_entropy(model(tape.data(x)), std::vector<int>{0, 2});
    const Var penalty = nn::l2_penalty(model, lambda);
    const Var loss = data_loss + penalty;
    EXPECT_EQ(loss.item(), data_loss.item() + penalty.item());
    EXPECT_EQ(penalty.item() == 0, lambda == 0);
    EXPECT_TRUE(lambda == 0 || loss.item() > before);  // T2: a larger λ raises the loss.
    before = loss.item();
    EXPECT_GRADIENTS_OK(loss);
  }
}

TEST(Penalty, ThatMakesNoSense) {
  Tape tape;
  const NamedParameters parameters = named({1, 2});
  int line = __LINE__ + 1;
  expect_error<ValueError>([&] { nn::l2_penalty(parameters, -1); },
                           {"[l2_penalty]", "factor of 0 or more", "got -1", line_of(line)});
  line = __LINE__ + 1;
  expect_error<ValueError>([&] { nn::l1_penalty(NamedParameters{}, 1); },
                           {"[l1_penalty]", "at least one parameter", line_of(line)});
  expect_error<ValueError>([&] { nn::l1_penalty(parameters, std::nan("")); }, {"[l1_penalty]"});
  expect_error<ValueError>(
      [&] { nn::elastic_penalty(parameters, 1, std::numeric_limits<double>::infinity()); },
      {"[elastic_penalty]", "got inf"});
  expect_error<ValueError>([&] { nn::l2_penalty(nn::PReLU(), 1); },
                           {"[l2_penalty]", "at least one parameter"});
  EXPECT_EQ(tape.size(), 0U);
}

TEST(Penalty, ASteadyStepTakesNothingFromTheHeap) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer counts allocations itself";
  const nn::Sequential model = nn::mlp({2, 5, 3});
  const NamedParameters decayed = nn::weights(model);
  std::int64_t taken = 0;
  for (int step = 0; step < 5; ++step) {
    const std::int64_t before = allocations();
    {
      Tape tape;
      nn::elastic_penalty(decayed, 0.1, 0.1).backward();
    }
    taken = allocations() - before;
  }
  EXPECT_EQ(taken, 0);
}

TEST(MaxNorm, ShortensLongRowsOnly) {
  for (const Precision precision : {f32, f64}) {
    const NamedParameters parameters = named(array({3, 2}, {6, 8, 0.3, 0.4, 0, -5}), precision);
    nn::max_norm(parameters, 4);
    const double digits = precision == f32 ? 1e-6 : 1e-15;
    expect_arrays(parameters[0].second.value(), array({3, 2}, {2.4, 3.2, 0.3, 0.4, 0, -4}), digits);
    EXPECT_EQ(parameters[0].second.version(), 1U);
  }
}

TEST(MaxNorm, OfFiltersAndNotOfBiases) {
  nn::Sequential model(nn::Conv2d(2, 3, 2), nn::Linear(3, 2));
  for (auto& [name, parameter] : model.named_parameters()) {
    nn::init::constant(parameter, parameter.shape().rank() == 4 ? 2 : 10);
  }
  nn::max_norm(model, 3);
  const NamedParameters after = model.named_parameters();
  // A filter of 8 numbers has the length 3, a row of 3 too; biases keep theirs.
  for (const double w : after[0].second.value()) EXPECT_NEAR(w, 3 / std::sqrt(8), 1e-15);
  for (const double b : after[1].second.value()) EXPECT_EQ(b, 10);
  for (const double w : after[2].second.value()) EXPECT_NEAR(w, 3 / std::sqrt(3), 1e-15);
  for (const double b : after[3].second.value()) EXPECT_EQ(b, 10);
}

TEST(MaxNorm, ShortWeightsDoNotCountAsChanged) {
  const NamedParameters parameters = named(array({2, 2}, {3, 0, 0, 1}));
  Tape tape;
  const Var loss = nn::l2_penalty(parameters, 1);
  nn::max_norm(parameters, 3);
  EXPECT_EQ(parameters[0].second.version(), 0U);
  loss.backward();
}

TEST(MaxNorm, OfNothing) {
  const NamedParameters parameters = named(Array<double>(std::vector<std::size_t>{0, 3}));
  nn::max_norm(parameters, 3);
  nn::max_norm(named(Array<double>(std::vector<std::size_t>{3, 0})), 3);
  EXPECT_EQ(parameters[0].second.version(), 0U);
}

TEST(MaxNorm, ThatMakesNoSense) {
  const NamedParameters parameters = named(array({1, 2}, {30, 40}));
  for (const double c : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    expect_error<ValueError>([&] { nn::max_norm(parameters, c); }, {"[max_norm]", "positive"});
  }
  NamedParameters with_bias = parameters;
  with_bias.emplace_back("0.bias", Parameter({1, 2}));
  expect_error<ValueError>([&] { nn::max_norm(with_bias, 3); },
                           {"[max_norm]", "(out, in, ...)", "'0.bias'", "(2,)"});
  NamedParameters with_nan = parameters;
  with_nan.emplace_back("1.weight", Parameter(array({1, 2}, {1, std::nan("")})));
  expect_error<NonFiniteError>([&] { nn::max_norm(with_nan, 3); }, {"[max_norm]", "'1.weight'"});
  EXPECT_EQ(parameters[0].second.version(), 0U);
}

}  // namespace
}  // namespace tapegrad::testing
