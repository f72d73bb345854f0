// What all optimizers have in common: groups, options and their ranges, the state by name.

#include <tapegrad/optim/optimizer.hpp>

#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/nn/batch_norm.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/sequential.hpp>
#include <tapegrad/nn/weights.hpp>
#include <tapegrad/optim/adagrad.hpp>
#include <tapegrad/optim/adam.hpp>
#include <tapegrad/optim/decay_only.hpp>
#include <tapegrad/optim/rmsprop.hpp>
#include <tapegrad/optim/sgd.hpp>

#include "support/expect.hpp"
#include "support/parameter_sets.hpp"

namespace tapegrad::testing {
namespace {

using namespace optim;

constexpr double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> names_of(const NamedParameters& state) {
  std::vector<std::string> names;
  for (const auto& [name, parameter] : state) names.push_back(name);
  return names;
}

TEST(Groups, HaveOptionsOfTheirOwn) {
  Parameter a(1.0), b(1.0);
  SGDOptions slow(0.1, 0.5);
  slow.weight_decay = 1;
  SGD sgd({{{a}, slow}, {{b}, 0.2}});
  EXPECT_EQ(sgd.group_count(), 2U);
  EXPECT_EQ(sgd.learning_rate(), 0.1);
  EXPECT_EQ(sgd.learning_rate(1), 0.2);
  EXPECT_EQ(sgd.options(1).momentum, 0);
  a.set_grad(1.0);
  b.set_grad(1.0);
  sgd.step();
  EXPECT_NEAR(a.value()(), 1 - 0.1 * 2, 1e-15);
  EXPECT_NEAR(b.value()(), 1 - 0.2, 1e-15);
  sgd.set_learning_rate(0.3);
  EXPECT_EQ(sgd.learning_rate(1), 0.3);
  sgd.set_learning_rate(0.4, 1);
  EXPECT_EQ(sgd.options(0).learning_rate, 0.3);
  EXPECT_EQ(sgd.options(1).learning_rate, 0.4);
  expect_error<ValueError>([&] { sgd.learning_rate(2); }, {"[SGD]", "group from 0 to 1, got 2"});
  expect_error<ValueError>([&] { sgd.set_learning_rate(1, 2); }, {"[SGD]", "got 2"});
  expect_error<ValueError>([&] { sgd.options(2); }, {"[SGD]", "got 2"});
}

TEST(Groups, AreAddedLater) {
  Parameter a(1.0), b(1.0);
  Adam adam({a});
  EXPECT_EQ(adam.learning_rate(), 1e-3);
  adam.add_group({{b}, 0.5});
  a.set_grad(1.0);
  b.set_grad(1.0);
  adam.step();
  EXPECT_NEAR(a.value()(), 1 - 1e-3, 1e-9);
  EXPECT_NEAR(b.value()(), 0.5, 1e-7);

  expect_error<ValueError>(
      [&] {
        adam.add_group({{Parameter(2.0), a}, 0.5});
      },
      {"[Adam]", "twice"});
  expect_error<ValueError>([&] { adam.add_group({{Parameter(2.0)}, -1}); }, {"[Adam]", "got -1"});
  EXPECT_EQ(adam.group_count(), 2U);
  EXPECT_EQ(adam.state_dict().size(), 2U * 3 + 2U * 5);
}

TEST(Groups, EachParameterIsInOne) {
  const Parameter a(1.0), b(array({2}, {1, 2}));
  expect_error<ValueError>(
      [&] {
        Adagrad({{{a, b}, 0.1}, {{b}, 0.2}});
      },
      {"[Adagrad]", "(2,)", "twice"});
  expect_error<ValueError>([&] { RMSprop({a, a}); }, {"[RMSprop]", "twice"});
  expect_error<ValueError>([&] { AdamW(std::vector<AdamW::Group>{}); }, {"[AdamW]", "got none"});
  expect_error<ValueError>([&] { AdamW({{{}, 0.1}, {{}, 0.2}}); }, {"[AdamW]", "got none"});
  EXPECT_EQ(SGD({{{}, 0.1}, {{a}, 0.2}}).group_count(), 2U);
}

TEST(Groups, OutliveAMove) {
  Parameter a(1.0);
  SGD first({a}, 0.5);
  SGD second = std::move(first);
  second.set_learning_rate(0.25);
  EXPECT_EQ(second.options().learning_rate, 0.25);
  SGD third({Parameter(3.0)}, 1);
  third = std::move(second);
  third.set_learning_rate(0.125);
  a.set_grad(1.0);
  third.step();
  EXPECT_EQ(a.value()(), 0.875);
}

/// Making an O with one option at a bad value throws, naming it.
template <class O, class Options>
void expect_range(double Options::*option, const std::string& name, const std::vector<double>& bad,
                  Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_range");
  for (const double value : bad) {
    Options options(0.1);
    options.*option = value;
    expect_error<ValueError>([&] { O({Parameter(1.0)}, options); },
                             {"as " + name + ", got " + ops::number_text(value)});
  }
}

TEST(OptionsOfOptimizers, HaveRanges) {
  const std::vector<double> bad = {-0.1, infinity, not_a_number};
  const std::vector<double> bad_share = {-0.1, 1, 1.5, not_a_number};
  expect_range<SGD>(&SGDOptions::learning_rate, "learning rate", bad);
  expect_range<SGD>(&SGDOptions::momentum, "momentum", bad);
  expect_range<SGD>(&SGDOptions::weight_decay, "weight decay", bad);
  expect_range<Adagrad>(&AdagradOptions::learning_rate, "learning rate", bad);
  expect_range<Adagrad>(&AdagradOptions::eps, "eps", bad);
  expect_range<Adagrad>(&AdagradOptions::weight_decay, "weight decay", bad);
  expect_range<RMSprop>(&RMSpropOptions::learning_rate, "learning rate", bad);
  expect_range<RMSprop>(&RMSpropOptions::alpha, "alpha", bad_share);
  expect_range<RMSprop>(&RMSpropOptions::eps, "eps", bad);
  expect_range<RMSprop>(&RMSpropOptions::weight_decay, "weight decay", bad);
  expect_range<Adam>(&AdamOptions::learning_rate, "learning rate", bad);
  expect_range<Adam>(&AdamOptions::beta1, "beta1", bad_share);
  expect_range<Adam>(&AdamOptions::beta2, "beta2", bad_share);
  expect_range<Adam>(&AdamOptions::eps, "eps", bad);
  expect_range<Adam>(&AdamOptions::weight_decay, "weight decay", bad);
  expect_range<AdamW, AdamWOptions>(&AdamWOptions::beta1, "beta1", bad_share);
  EXPECT_EQ(AdamWOptions().weight_decay, 0.01);
}

TEST(DecayOnly, SparesBiasesAndScales) {
  nn::Sequential model(nn::Linear(2, 3), nn::BatchNorm1d(3), nn::Linear(3, 1));
  SGDOptions options(0.5);
  options.weight_decay = 0.5;
  SGD sgd(decay_only(nn::weights(model), model.parameters(), options));
  EXPECT_EQ(sgd.options(0).weight_decay, 0.5);
  EXPECT_EQ(sgd.options(1).weight_decay, 0);
  for (auto& [name, parameter] : model.named_parameters()) {
    parameter.set_value(Array<double>(parameter.value().shape(), 1.0));
    parameter.set_grad(Array<double>(parameter.value().shape(), 0.0));
  }
  sgd.step();
  for (auto& [name, parameter] : model.named_parameters()) {
    const double expected = name == "0.weight" || name == "2.weight" ? 0.75 : 1;
    for (const double x : parameter.value()) EXPECT_EQ(x, expected) << name;
  }
  const nn::Linear stranger(1, 1);
  expect_error<ValueError>([&] { decay_only(nn::weights(stranger), model.parameters(), options); },
                           {"[decay_only]", "'weight'"});
}

TEST(OptimizerState, HasANameForEachPart) {
  const Parameter a(1.0), b(array({2}, {1, 2}), f32);
  const SGD sgd({{{a}, SGDOptions(0.1, 0.9)}, {{b}, 0.2}});
  const std::vector<std::string> expected = {"0.velocity",
                                             "0.step",
                                             "1.step",
                                             "groups.0.learning_rate",
                                             "groups.0.momentum",
                                             "groups.0.weight_decay",
                                             "groups.1.learning_rate",
                                             "groups.1.momentum",
                                             "groups.1.weight_decay"};
  EXPECT_EQ(names_of(sgd.state_dict()), expected);
  const NamedParameters state = Adam({b}).state_dict();
  EXPECT_EQ(state[0].first, "0.exp_avg");
  EXPECT_EQ(state[1].first, "0.exp_avg_sq");
  EXPECT_EQ(state[1].second.precision(), f32);
  EXPECT_EQ(state[2].second.precision(), f64);
  EXPECT_EQ(Adagrad({b}).state_dict()[0].first, "0.sum");
  EXPECT_EQ(RMSprop({b}).state_dict()[0].first, "0.square_avg");
}

/// The rule that GroupedOptimizer's description shows.
struct SignOptions {
  double learning_rate;
};
class SignSGD : public GroupedOptimizer<SignOptions> {
 public:
  SignSGD(const std::vector<Parameter>& parameters, double rate) : GroupedOptimizer("SignSGD") {
    add_groups({{parameters, {rate}}});
  }

 private:
  Plan plan(SignOptions& options) const override {
    return {{{"learning_rate", &options.learning_rate}}, {}};
  }
  void update(Slot& slot) override {
    with_precision(slot.parameter.precision(), [&](auto type) {
      using T = decltype(type);
      const T rate = static_cast<T>(options(slot.group).learning_rate);
      for (std::int64_t i = 0; i < slot.size(); ++i) {
        const T g = slot.grad<T>()[i];
        slot.value<T>()[i] -= g > 0 ? rate : g < 0 ? -rate : 0;
      }
    });
  }
};

TEST(GroupedOptimizer, CarriesARuleOfOnesOwn) {
  Parameter p(array({3}, {1, 2, 3}), f32);
  SignSGD sign({p}, 0.25);
  p.set_grad({10.0, -0.1, 0.0});
  sign.step();
  expect_numbers(p.value(), {0.75, 2.25, 3});
  sign.zero_grad();
  expect_error<TapeError>([&] { sign.step(); }, {"[SignSGD]", "backward()"});
  expect_error<ValueError>([&] { sign.set_learning_rate(-1); }, {"[SignSGD]", "learning rate"});
  EXPECT_EQ(names_of(sign.state_dict()),
            (std::vector<std::string>{"0.step", "groups.0.learning_rate"}));
}

/// Loading throws with these words and changes nothing.
void expect_refused(Optimizer& optimizer, const NamedParameters& state,
                    const std::vector<std::string>& words, Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_refused");
  NamedParameters before;
  for (const auto& [name, part] : optimizer.state_dict()) before.emplace_back(name, part.clone());
  expect_error<ValueError>([&] { optimizer.load_state_dict(state); }, words);
  expect_same_bits(optimizer.state_dict(), before);
}

TEST(OptimizerState, WhatDoesNotFitIsRefused) {
  Parameter p(array({2}, {1, 2}));
  SGD sgd({p}, 0.1, 0.9), plain({p}, 0.1);
  p.set_grad({1.0, 2.0});
  sgd.step();
  const NamedParameters good = sgd.state_dict();

  expect_refused(plain, good, {"[SGD] needs its state by name", "'0.velocity' is unexpected"});
  expect_refused(sgd, plain.state_dict(), {"'0.velocity' is missing"});
  expect_refused(sgd, Adam({p}).state_dict(),
                 {"'0.velocity' is missing", "'groups.0.momentum' is missing",
                  "'0.exp_avg' is unexpected", "'groups.0.beta1' is unexpected"});
  expect_refused(sgd, SGD({Parameter(array({3}, {1, 2, 3}))}, 0.1, 0.9).state_dict(),
                 {"'0.velocity' has shape (3,) where (2,) is needed"});

  const auto with = [&](std::size_t part, const std::string& name, double number) {
    NamedParameters state = good;
    EXPECT_EQ(state[part].first, name);
    state[part].second = Parameter(number);
    return state;
  };
  expect_refused(sgd, with(1, "0.step", -1), {"'0.step' is -1 where a whole number of 0 or more"});
  expect_refused(sgd, with(1, "0.step", 1.5), {"'0.step' is 1.5"});
  expect_refused(sgd, with(2, "groups.0.learning_rate", not_a_number),
                 {"'groups.0.learning_rate' is ", "nan", "where a number of 0 or more"});
  expect_refused(sgd, with(3, "groups.0.momentum", infinity), {"'groups.0.momentum' is inf"});
  Adam adam({p});
  NamedParameters state = adam.state_dict();
  state[4].second = Parameter(1.0);
  expect_refused(adam, state, {"'groups.0.beta1' is 1 where a number from 0 to below 1 is needed"});
}

TEST(OptimizerState, ReachesAcrossPrecisions) {
  Parameter wide(array({2}, {1, 2})), narrow(array({2}, {1, 2}), f32);
  SGD from({wide}, 0.1, 0.9), to({narrow}, 0.2, 0.8);
  wide.set_grad({0.1, 0.2});
  from.step();
  to.load_state_dict(from.state_dict());
  EXPECT_EQ(to.learning_rate(), 0.1);
  EXPECT_EQ(to.options().momentum, 0.9);
  expect_numbers(to.state_dict()[0].second.value(), {-0.01, -0.02}, 1e-9);
}

}  // namespace
}  // namespace tapegrad::testing
