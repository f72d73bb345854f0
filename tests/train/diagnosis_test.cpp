// Deliberately broken runs get the right diagnosis, healthy ones none: each with several seeds, so
// that a verdict does not hang on one.

#include <tapegrad/train/diagnosis.hpp>

#include <cmath>
#include <limits>
#include <memory>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/data/splits.hpp>
#include <tapegrad/nn/architecture.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/penalty.hpp>
#include <tapegrad/nn/weights.hpp>
#include <tapegrad/optim/adam.hpp>
#include <tapegrad/optim/decay_only.hpp>
#include <tapegrad/optim/sgd.hpp>
#include <tapegrad/train/fit.hpp>
#include <tapegrad/train/recorder.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using train::Finding;
using train::Problem;

/// A run that is well unless something of it is changed.
struct Case {
  std::string pattern = "fc100 relu fc3";
  int epochs = 30;
  double rate = 0.1;
  double weight_decay = 0;
  double lambda = 0;
  bool adam = false;
  bool validates = true;
  /// Changes the first weights.
  std::function<void(nn::Sequential&)> spoil = {};
  /// Changes the data before they are split.
  std::function<void(data::Dataset&, std::uint64_t seed)> spoil_data = {};
};

constexpr std::uint64_t seeds[] = {1, 2, 3, 4};

train::History history_of(const Case& run, std::uint64_t seed) {
  data::Dataset all = data::spiral(100, 3, seed);
  if (run.spoil_data) run.spoil_data(all, seed);
  const auto split = data::train_validation_split(all, 0.25, seed, true);
  set_default_precision(f32);
  nn::manual_seed(seed);
  nn::Sequential model = nn::Architecture(run.pattern, split.train.sample_shape()).build();
  if (run.spoil) run.spoil(model);
  std::unique_ptr<optim::Optimizer> optimizer;
  if (run.adam) {
    optimizer = std::make_unique<optim::Adam>(model.parameters(), run.rate);
  } else {
    optim::SGDOptions rates(run.rate, 0.9);
    rates.weight_decay = run.weight_decay;
    optimizer = std::make_unique<optim::SGD>(
        optim::decay_only(nn::weights(model), model.parameters(), rates));
  }
  set_default_precision(f64);
  train::Recorder recorder;
  train::Options options;
  options.epochs = run.epochs;
  options.batch_size = 25;
  options.seed = seed;
  options.precision = f32;
  options.observers = {&recorder};
  if (run.validates) options.validation = &split.validation;
  if (run.lambda > 0) {
    options.penalty = [&] { return nn::l2_penalty(model, run.lambda); };
  }
  try {
    train::fit(model, *optimizer, split.train, options);
  } catch (const NonFiniteError&) {
    EXPECT_NE(recorder.history().error, "");  // What was recorded is what there is.
  }
  return recorder.history();
}

/// For every seed the findings are of the given problems, in this order.
void expect_problems(const Case& run, const std::vector<Problem>& expected,
                     const std::vector<std::string>& words = {}, Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, run.pattern);
  for (const std::uint64_t seed : seeds) {
    const std::vector<Finding> findings = train::diagnose(history_of(run, seed));
    const std::string text = to_text(findings);
    std::vector<Problem> problems;
    for (const Finding& finding : findings) problems.push_back(finding.problem);
    EXPECT_EQ(problems, expected) << "seed " << seed << "\n" << text;
    for (const std::string& word : words) {
      EXPECT_NE(text.find(word), std::string::npos) << "no '" << word << "' in: " << text;
    }
  }
}

void make_zero(nn::Sequential& model) {
  for (Parameter& parameter : model.parameters()) {
    parameter.set_value(Parameter::zeros(parameter.shape()).value());
  }
}

void shuffle_labels(data::Dataset& dataset, std::uint64_t seed) {
  Generator generator(seed, 5);
  for (std::size_t i = dataset.size() - 1; i > 0; --i) {
    std::swap(dataset.labels[i], dataset.labels[generator.below(i + 1)]);
  }
}

// --- Healthy runs ---------------------------------------------------------------------------

TEST(Diagnosis, AHealthyRunHasNone) {
  expect_problems({}, {}, {"nothing stands out"});
  Case run;
  run.validates = false;
  expect_problems(run, {});
  run = {};
  run.pattern = "fc16 relu fc16 relu fc3";
  run.epochs = 100;
  expect_problems(run, {});
  run = {};
  run.pattern = "fc50 tanh fc3";
  run.epochs = 60;
  expect_problems(run, {});
  run.pattern = "fc50 sigmoid fc3";
  run.epochs = 100;
  run.rate = 0.5;
  expect_problems(run, {});
}

TEST(Diagnosis, ModerateRegularisationAndAdamAreHealthy) {
  Case run;
  run.epochs = 60;
  run.weight_decay = 1e-4;
  expect_problems(run, {});
  run = {};
  run.epochs = 60;
  run.lambda = 1e-4;
  expect_problems(run, {});
  run = {};
  run.adam = true;
  run.rate = 0.01;
  run.epochs = 60;
  expect_problems(run, {});
}

// --- Broken ones ----------------------------------------------------------------------------

TEST(Diagnosis, ALearningRateOfAThousand) {
  for (const char* pattern : {"fc100 relu fc3", "fc50 tanh fc3", "fc50 sigmoid fc3", "fc3",
                              "fc100 relu fc100 relu fc100 relu fc3"}) {
    Case run;
    run.pattern = pattern;
    run.epochs = 10;
    run.rate = 1e3;
    expect_problems(run, {Problem::learning_rate_too_high}, {"the loss went from", "of 1e+03"});
    run.adam = true;
    expect_problems(run, {Problem::learning_rate_too_high});
    run.validates = run.adam = false;
    expect_problems(run, {Problem::learning_rate_too_high});
  }
  Case run;
  for (const double rate : {10.0, 100.0, 1e5}) {
    run.rate = rate;
    expect_problems(run, {Problem::learning_rate_too_high});
  }
}

TEST(Diagnosis, ALearningRateThatEndsInNaN) {
  Case run;
  run.pattern = "fc64 bn relu fc3";
  run.rate = 1e3;
  EXPECT_NE(history_of(run, 1).error, "");
  expect_problems(run, {Problem::learning_rate_too_high}, {"to no number within"});
}

TEST(Diagnosis, ALearningRateTooLow) {
  for (const double rate : {1e-6, 1e-5, 1e-4}) {
    Case run;
    run.rate = rate;
    expect_problems(run, {Problem::learning_rate_too_low}, {"1e-3 is usual"});
  }
}

TEST(Diagnosis, AllZeroWeights) {
  Case run;
  run.spoil = make_zero;
  for (const char* pattern : {"fc50 relu fc3", "fc50 tanh fc3"}) {
    run.pattern = pattern;
    expect_problems(run, {Problem::symmetry, Problem::no_gradient},
                    {"the units of 0.weight, 2.weight", "the gradient of 0.weight"});
  }
  run.pattern = "fc50 sigmoid fc3";
  expect_problems(run, {Problem::symmetry}, {"the units of 0.weight began"});
  run.spoil = [](nn::Sequential& model) {
    for (auto& [name, weight] : nn::weights(model)) nn::init::constant(weight, 0.1);
  };
  // Units that fill panels: a product may compute the last few columns as dot products, in another
  // order (see MatrixPanels::dots). They are rounded differently, come apart, and are equal no
  // more.
  run.pattern = "fc64 tanh fc3";
  expect_problems(run, {Problem::symmetry}, {"the units of 0.weight began"});
}

TEST(Diagnosis, ALinearModelMayBeginWithZeros) {
  Case run;
  run.pattern = "fc3";
  run.spoil = make_zero;
  for (const std::uint64_t seed : seeds) {
    for (const Finding& finding : train::diagnose(history_of(run, seed))) {
      EXPECT_NE(finding.problem, Problem::symmetry) << finding.text;
    }
  }
}

TEST(Diagnosis, SigmoidsWithHugeWeights) {
  for (const double size : {100.0, 1000.0}) {
    Case run;
    run.spoil = [size](nn::Sequential& model) {
      for (auto& [name, weight] : nn::weights(model)) nn::init::normal(weight, 0, size);
    };
    run.pattern = "fc50 sigmoid fc3";
    expect_problems(run, {Problem::saturation}, {"of the outputs of Sigmoid 1 in epoch 1"});
    run.pattern = "fc50 sigmoid fc50 sigmoid fc3";
    expect_problems(run, {Problem::saturation, Problem::saturation}, {"Sigmoid 1", "Sigmoid 3"});
    run.pattern = "fc50 tanh fc3";
    expect_problems(run, {Problem::saturation}, {"Tanh 1"});
  }
}

TEST(Diagnosis, DeadReLUs) {
  Case run;
  run.spoil = [](nn::Sequential& model) { nn::init::constant(nn::biases(model)[0].second, -100); };
  expect_problems(run, {Problem::dead_units, Problem::no_gradient},
                  {"100 of the 100 units of ReLU 1", "the gradient of 0.weight"});
  // Most of them: 90 of 100.
  run.spoil = [](nn::Sequential& model) {
    std::vector<double> biases(100, -100);
    std::fill_n(biases.begin(), 10, 0.1);
    nn::biases(model)[0].second.set_value(biases);
  };
  run.epochs = 10;
  expect_problems(run, {Problem::dead_units}, {"90 of the 100 units of ReLU 1"});
}

TEST(Diagnosis, ShuffledLabels) {
  Case run;
  run.spoil_data = shuffle_labels;
  expect_problems(run, {Problem::uninformative_labels}, {"the most frequent class gives 0.3333"});
  run.epochs = 150;  // Long enough to learn some by heart.
  run.adam = true;
  run.rate = 0.01;
  expect_problems(run, {Problem::uninformative_labels});
  // A model that cannot learn them by heart, and nothing to compare with.
  run = {};
  run.pattern = "fc3";
  run.validates = false;
  run.spoil_data = shuffle_labels;
  run.epochs = 10;
  expect_problems(run, {Problem::uninformative_labels}, {"although the weights move"});
}

TEST(Diagnosis, AHugeLambda) {
  for (const double lambda : {0.1, 1.0, 10.0, 100.0, 1e4}) {
    Case run;
    run.lambda = lambda;
    expect_problems(run, {Problem::regularization_too_strong}, {"is a penalty of"});
    run.lambda = 0;
    run.weight_decay = lambda;
    expect_problems(run, {Problem::regularization_too_strong}, {"weight decay", "at each step"});
  }
}

TEST(Diagnosis, APenaltyThatOnlyTheWeightsShow) {
  // Hidden in the loss, where nobody reports it.
  const data::Dataset spiral = data::spiral(50);
  nn::manual_seed(1);
  nn::Sequential model(nn::Linear(2, 30), nn::Linear(30, 3));
  optim::SGD sgd(model.parameters(), 0.1);
  train::Recorder recorder;
  train::Options options;
  options.observers = {&recorder};
  options.loss = [&](const Var& scores, const std::vector<int>& labels) {
    return nn::cross_entropy(scores, labels) + nn::l2_penalty(model, 1);
  };
  train::fit(model, sgd, spiral, options);
  const auto findings = train::diagnose(recorder.history());
  ASSERT_EQ(findings.size(), 1U) << to_text(findings);
  EXPECT_EQ(findings[0].problem, Problem::regularization_too_strong);
  EXPECT_NE(findings[0].text.find("of the norm that they began with"), std::string::npos);
}

TEST(Diagnosis, TooLittleCapacity) {
  Case run;
  run.pattern = "fc3";
  run.epochs = 60;
  expect_problems(run, {Problem::too_little_capacity}, {"stands still"});
}

/// Two clouds that overlap, in so many dimensions that few samples can be told apart by heart.
void make_clouds(data::Dataset& dataset, std::uint64_t seed) {
  Generator generator(seed, 9);
  dataset.inputs = Array<float>::from_shape({400, 300});
  dataset.labels.assign(400, 0);
  for (std::size_t i = 0; i < 400; ++i) {
    dataset.labels[i] = static_cast<int>(i % 2);
    for (std::size_t j = 0; j < 300; ++j) {
      const double centre = j == 0 ? (i % 2 == 0 ? 1.2 : -1.2) : 0;
      dataset.inputs(i, j) = static_cast<float>(centre + generator.normal());
    }
  }
}

TEST(Diagnosis, Overfitting) {
  Case run;
  run.epochs = 10;
  run.rate = 0.01;
  run.spoil_data = make_clouds;
  expect_problems(run, {Problem::overfitting}, {"on the training set", "on the validation set"});
}

/// Its second parameter never reaches the loss.
class Forgetful : public nn::Module {
 public:
  Forgetful()
      : used_(register_module("used", nn::Linear(2, 3))),
        forgotten_(register_module("forgotten", nn::Linear(2, 3))) {}
  Var forward(const Var& x) override { return (*used_)(x) + detach((*forgotten_)(x)); }

 private:
  std::shared_ptr<nn::Linear> used_, forgotten_;
};

TEST(Diagnosis, ParametersThatNeverReceiveAGradient) {
  const data::Dataset spiral = data::spiral(50);
  Forgetful model;
  optim::SGD sgd(model.parameters(), 0.1);
  train::Recorder recorder;
  train::Options options;
  options.observers = {&recorder};
  train::fit(model, sgd, spiral, options);
  const auto findings = train::diagnose(recorder.history());
  ASSERT_EQ(findings.size(), 1U) << to_text(findings);
  EXPECT_EQ(findings[0].problem, Problem::no_gradient);
  EXPECT_EQ(findings[0].subject, "forgotten.weight, forgotten.bias");
  EXPECT_NE(findings[0].text.find("no backward pass reached"), std::string::npos);
}

TEST(Diagnosis, DataThatAreNoNumbers) {
  data::Dataset spiral = data::spiral(50);
  spiral.inputs(7, 1) = std::numeric_limits<float>::quiet_NaN();
  nn::Sequential model(nn::Linear(2, 3));
  optim::SGD sgd(model.parameters(), 0.1);
  train::Recorder recorder;
  train::Options options;
  options.observers = {&recorder};
  EXPECT_THROW(train::fit(model, sgd, spiral, options), NonFiniteError);
  const auto findings = train::diagnose(recorder.history());
  ASSERT_EQ(findings.size(), 1U) << to_text(findings);
  EXPECT_EQ(findings[0].problem, Problem::not_a_number);
  EXPECT_NE(findings[0].text.find("first gate"), std::string::npos) << findings[0].text;
}

TEST(Diagnosis, NothingIsSaidOfNothing) {
  EXPECT_TRUE(train::diagnose({}).empty());
  EXPECT_EQ(to_text(train::diagnose({})), "diagnosis: nothing stands out\n");
}

TEST(Diagnosis, AResumedRunIsNotComparedWithItsBeginning) {
  train::History penalised, rising;
  penalised.steps = {{0, 0, 10, 9, 0.1}};
  rising.steps = {{0, 0, 1, 0, 0.1}, {0, 1, 99, 0, 0.1}};
  for (train::History* history : {&penalised, &rising}) {
    EXPECT_EQ(train::diagnose(*history).size(), 1U);
    history->steps_before = 100;
    EXPECT_TRUE(train::diagnose(*history).empty());
  }
}

TEST(Diagnosis, ThresholdsCanBeChanged) {
  const train::History history = history_of({}, 1);
  EXPECT_TRUE(train::diagnose(history).empty());
  train::DiagnosisThresholds strict;
  strict.learned = 1.1;
  strict.still_falling = 1.0;
  ASSERT_EQ(train::diagnose(history, strict).size(), 1U);
  EXPECT_EQ(train::diagnose(history, strict)[0].problem, Problem::too_little_capacity);
}

TEST(Diagnosis, EveryProblemHasAName) {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(Problem::too_little_capacity); ++i) {
    const std::string name = train::to_string(static_cast<Problem>(i));
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 0) << name;
    EXPECT_NE(name, "unknown");
    names.push_back(name);
  }
}

}  // namespace
}  // namespace tapegrad::testing
