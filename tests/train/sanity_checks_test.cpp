// The checks before training: what passes, what fails, and that the model comes back as it was.

#include <tapegrad/train/sanity_checks.hpp>

#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/batch_norm.hpp>
#include <tapegrad/nn/dropout.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/nn/penalty.hpp>
#include <tapegrad/nn/sequential.hpp>
#include <tapegrad/nn/state_dict.hpp>
#include <tapegrad/nn/weights.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using train::SanityOptions;
using train::SanityReport;
using train::Verdict;

/// Ten classes of points in the plane.
data::Dataset ten_classes() {
  return data::spiral(10, 10);
}

Var hinge(const Var& scores, const std::vector<int>& labels) {
  return nn::multiclass_hinge_loss(scores, labels);
}

nn::Sequential new_model(std::int64_t classes, double last_weights = 0.001) {
  nn::manual_seed(1);
  nn::Sequential model = nn::mlp({2, 100, classes});
  nn::init::normal(nn::weights(model).back().second, 0, last_weights);
  return model;
}

TEST(SanityChecks, InitialLossOfTenClasses) {
  nn::Sequential model = new_model(10);
  const SanityReport softmax = train::sanity_checks(model, ten_classes());
  EXPECT_EQ(softmax.checks[0].name, "initial loss");
  EXPECT_EQ(softmax.checks[0].verdict, Verdict::pass);
  EXPECT_NE(softmax.checks[0].text.find("2.3026 for scores that prefer no class"),
            std::string::npos)
      << softmax.checks[0].text;
  SanityOptions svm;
  svm.loss = hinge;
  const SanityReport margins = train::sanity_checks(model, ten_classes(), svm);
  EXPECT_EQ(margins.checks[0].verdict, Verdict::pass);
  EXPECT_NE(margins.checks[0].text.find(", and 9.0000 for"), std::string::npos)
      << margins.checks[0].text;
}

TEST(SanityChecks, LargeFirstScoresAreAWarning) {
  nn::Sequential model = new_model(10, 10);
  SanityOptions svm;
  svm.loss = hinge;
  for (const SanityOptions& options : {SanityOptions{}, svm}) {
    const SanityReport report = train::sanity_checks(model, ten_classes(), options);
    EXPECT_EQ(report.checks[0].verdict, Verdict::warning);
    EXPECT_NE(report.to_text().find("WARN  initial loss: "), std::string::npos);
    EXPECT_NE(report.checks[0].text.find("smaller weights"), std::string::npos);
  }
}

TEST(SanityChecks, AllPassOnTheSpiral) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    for (const Precision precision : {f32, f64}) {
      nn::Sequential model = new_model(3);
      SanityOptions options;
      options.seed = seed;
      options.precision = precision;
      const SanityReport report = train::sanity_checks(model, data::spiral(100, 3, seed), options);
      ASSERT_EQ(report.checks.size(), 3U);
      for (const auto& check : report.checks) {
        EXPECT_EQ(check.verdict, Verdict::pass) << check.name << ": " << check.text;
      }
      EXPECT_TRUE(report.passed());
      EXPECT_NE(report.to_text().find("pass  overfitting 20 samples: all right after"),
                std::string::npos)
          << report.to_text();
    }
  }
}

TEST(SanityChecks, NoiseAndNormalisationDoNotStandInTheWay) {
  nn::manual_seed(1);
  nn::Sequential model(nn::Linear(2, 60), nn::BatchNorm1d(60), nn::ReLU(), nn::Dropout(0.9),
                       nn::Linear(60, 3));
  const SanityReport report = train::sanity_checks(model, data::spiral());
  EXPECT_EQ(report.checks[2].verdict, Verdict::pass) << report.to_text();
}

TEST(SanityChecks, APenaltyThatDoesNotRaiseTheLossFails) {
  const data::Dataset spiral = data::spiral();
  nn::Sequential model = new_model(3);
  SanityOptions options;
  options.steps = 1;  // Not what this test is about.
  EXPECT_EQ(train::sanity_checks(model, spiral, options).checks[1].verdict, Verdict::pass);
  const auto verdict = [&](auto penalty) {
    options.penalty = penalty;
    const SanityReport report = train::sanity_checks(model, spiral, options);
    EXPECT_EQ(report.checks[1].name, "regularisation");
    return report.checks[1].verdict;
  };
  EXPECT_EQ(verdict([&](double lambda) { return nn::l1_penalty(model, lambda); }), Verdict::pass);
  EXPECT_EQ(verdict([&](double lambda) { return -nn::l2_penalty(model, lambda); }), Verdict::fail);
  EXPECT_EQ(verdict([&](double) { return nn::l2_penalty(model, 0.1); }), Verdict::fail);
  EXPECT_EQ(verdict([&](double lambda) { return constant(0 * lambda); }), Verdict::fail);

  // The figures: the data loss, and ½λΣw² on top.
  options.penalty = {};
  options.lambda = 0.5;
  double squares = 0;
  for (const auto& [name, weight] : nn::weights(model)) {
    for (const double w : weight.value()) squares += w * w;
  }
  const std::string text = train::sanity_checks(model, spiral, options).checks[1].text;
  double at[3] = {};
  ASSERT_EQ(std::sscanf(text.c_str(), "the loss is %lf with λ = 0, %lf with 0.5 and %lf", at,
                        at + 1, at + 2),
            3)
      << text;
  EXPECT_NEAR(at[1] - at[0], 0.25 * squares, 1e-4 * squares);
  EXPECT_NEAR(at[2] - at[0], 2.5 * squares, 1e-3 * squares);
}

TEST(SanityChecks, AModelWithoutWeightsHasNoPenalty) {
  class Scaled : public nn::Module {
   public:
    Scaled() : scale_(register_parameter("scale", Parameter({1, 1}))) {}
    Var forward(const Var& x) override { return x * scale_; }

   private:
    Parameter scale_;
  } model;
  data::Dataset dataset;
  dataset.inputs = Array<float>{{1, 0}, {0, 1}};
  dataset.labels = {0, 1};
  dataset.classes = 2;
  SanityOptions fast;
  fast.learning_rates = {0.1};
  const SanityReport report = train::sanity_checks(model, dataset, fast);
  ASSERT_EQ(report.checks.size(), 2U);
  EXPECT_EQ(report.checks[1].name, "overfitting 2 samples");
  EXPECT_EQ(report.checks[1].verdict, Verdict::pass) << report.to_text();
}

TEST(SanityChecks, WhatCannotBeLearnedByHeartFails) {
  nn::Sequential linear(nn::Linear(2, 3));
  const SanityReport small = train::sanity_checks(linear, data::spiral());
  EXPECT_EQ(small.checks[2].verdict, Verdict::fail);
  EXPECT_FALSE(small.passed());
  EXPECT_NE(small.to_text().find("FAIL  overfitting 20 samples: "), std::string::npos);

  // The same sample under two labels.
  data::Dataset twins;
  twins.inputs = Array<float>{{1, 2}, {1, 2}};
  twins.labels = {0, 1};
  twins.classes = 2;
  nn::Sequential model = new_model(2);
  SanityOptions few;
  few.steps = 100;
  const SanityReport report = train::sanity_checks(model, twins, few);
  EXPECT_EQ(report.checks[2].verdict, Verdict::fail);
  EXPECT_NE(report.checks[2].text.find("1 of 2 right after 100 steps"), std::string::npos)
      << report.checks[2].text;
}

TEST(SanityChecks, ALossThatIsNoNumberFails) {
  data::Dataset spiral = data::spiral(5);
  spiral.inputs(3, 0) = std::numeric_limits<float>::infinity();
  nn::Sequential model = new_model(3);
  const SanityReport report = train::sanity_checks(model, spiral);
  for (const auto& check : report.checks) EXPECT_EQ(check.verdict, Verdict::fail) << check.text;
}

// --- The model is what it was ---------------------------------------------------------------

/// All that sanity_checks promises to leave.
struct Everything {
  std::vector<Array<double>> values, grads;
  std::vector<bool> has_grad, modes;
  GeneratorState random;

  explicit Everything(nn::Module& model) : random(nn::default_generator().state()) {
    for (const auto& [name, parameter] : nn::state_dict(model)) {
      values.push_back(parameter.value());
      grads.push_back(parameter.grad());
      has_grad.push_back(parameter.has_grad());
    }
    model.apply([this](nn::Module& part) { modes.push_back(part.is_training()); });
  }
  void expect_same(nn::Module& model) const {
    const Everything now(model);
    EXPECT_EQ(now.values, values);
    EXPECT_EQ(now.grads, grads);
    EXPECT_EQ(now.has_grad, has_grad);
    EXPECT_EQ(now.modes, modes);
    EXPECT_TRUE(now.random == random);
  }
};

TEST(SanityChecks, LeaveTheModelAsItWas) {
  const data::Dataset spiral = data::spiral();
  nn::manual_seed(3);
  nn::Sequential model(nn::Linear(2, 20), nn::BatchNorm1d(20), nn::ReLU(), nn::Dropout(0.5),
                       nn::Linear(20, 3));
  model[3].eval();
  nn::default_generator().next();  // In the middle of a block of numbers.
  model.parameters()[0].set_grad(array({20, 2}, std::vector<double>(40, 0.25)));
  const Everything before(model);
  train::sanity_checks(model, spiral);
  before.expect_same(model);
  Generator same(before.random);
  EXPECT_EQ(nn::default_generator().next(), same.next());
}

TEST(SanityChecks, LeaveTheModelAsItWasWhateverIsThrown) {
  const data::Dataset spiral = data::spiral(10);
  for (int calls = 1; calls <= 12; ++calls) {  // Of all three checks, in turn.
    nn::manual_seed(3);
    nn::Sequential model(nn::Linear(2, 20), nn::BatchNorm1d(20), nn::Linear(20, 3));
    const Everything before(model);
    SanityOptions options;
    int left = calls;
    options.loss = [&](const Var& scores, const std::vector<int>& labels) {
      nn::default_generator().next();
      if (--left == 0) throw std::runtime_error("enough");
      return nn::cross_entropy(scores, labels);
    };
    EXPECT_THROW(train::sanity_checks(model, spiral, options), std::runtime_error);
    before.expect_same(model);
  }
}

TEST(SanityChecks, RefuseWhatMakesNoSense) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model(3), other = new_model(4);
  const auto refuses = [&](const SanityOptions& bad, const std::vector<std::string>& words) {
    expect_error<ValueError>([&] { train::sanity_checks(model, spiral, bad); }, words);
  };
  SanityOptions bad;
  bad.lambda = 0;
  refuses(bad, {"[sanity_checks]", "λ above 0", "got 0"});
  bad = {};
  bad.samples = 0;
  refuses(bad, {"one sample", "got 0"});
  bad = {};
  bad.steps = 0;
  refuses(bad, {"one step", "and 0"});
  bad = {};
  bad.learning_rates = {};
  refuses(bad, {"learning rate", "got none"});
  bad.learning_rates = {-1};
  refuses(bad, {"learning"});
  data::Dataset empty;
  empty.inputs.resize({0, 2});
  empty.classes = 3;
  expect_error<ValueError>([&] { train::sanity_checks(model, empty); }, {"empty"});
  expect_error<ShapeError>([&] { train::sanity_checks(other, spiral); },
                           {"[sanity_checks]", "(30, 3)", "(30, 4)"});
}

}  // namespace
}  // namespace tapegrad::testing
