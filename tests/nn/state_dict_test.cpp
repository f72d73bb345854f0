// A module's parameters by name: taken, saved, and given back, all of them or none.

#include <tapegrad/nn/state_dict.hpp>

#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/data/npz.hpp>
#include <tapegrad/data/safetensors.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/sequential.hpp>

#include "support/expect.hpp"
#include "support/files.hpp"
#include "support/parameter_sets.hpp"

namespace tapegrad::testing {
namespace {

nn::Sequential network() {
  return nn::Sequential(nn::Linear(2, 3), nn::ReLU(), nn::Linear(3, 1));
}

/// The values of a module, as copies.
NamedParameters values_of(const nn::Module& module) {
  NamedParameters copies;
  for (const auto& [name, parameter] : nn::state_dict(module)) {
    copies.emplace_back(name, parameter.clone());
  }
  return copies;
}

/// Loading throws with these words and leaves the module as it was.
void expect_refused(nn::Module& module, const NamedParameters& state,
                    const std::vector<std::string>& words, Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_refused");
  const NamedParameters before = values_of(module);
  const std::uint64_t version = module.parameters().front().version();
  expect_error<ValueError>([&] { nn::load_state_dict(module, state); }, words);
  expect_same_bits(nn::state_dict(module), before);
  EXPECT_EQ(module.parameters().front().version(), version);
}

TEST(StateDict, IsTheModulesOwnParameters) {
  const nn::Sequential model = network();
  const NamedParameters state = nn::state_dict(model);
  ASSERT_EQ(state.size(), 4U);
  EXPECT_EQ(state[2].first, "2.weight");
  EXPECT_TRUE(same(state[2].second, model.parameters()[2]));
}

TEST(StateDict, GoesThroughFiles) {
  const TempFolder folder;
  const nn::Sequential model = network();
  data::save_npz(folder.path("model.npz"), nn::state_dict(model));
  data::save_safetensors(folder.path("model.safetensors"), nn::state_dict(model));
  for (const NamedParameters& state : {data::load_npz(folder.path("model.npz")),
                                       data::load_safetensors(folder.path("model.safetensors"))}) {
    nn::Sequential other = network();
    nn::load_state_dict(other, state);
    expect_same_bits(nn::state_dict(other), nn::state_dict(model));
  }
}

TEST(StateDict, CopiesEveryBitInAnyOrderAndCountsAsAChange) {
  nn::Sequential model = network();
  const NamedParameters own = nn::state_dict(model);
  NamedParameters state;
  for (std::size_t i = own.size(); i-- > 0;) {
    const Parameter& parameter = own[i].second;
    state.emplace_back(own[i].first, random_bits(parameter.shape(), parameter.precision(), 5));
  }
  const std::uint64_t version = own[0].second.version();
  nn::load_state_dict(model, state);
  EXPECT_GT(own[0].second.version(), version);
  for (std::size_t i = 0; i < own.size(); ++i) {
    EXPECT_TRUE(bytes_of(own[i].second) == bytes_of(state[own.size() - 1 - i].second));
    EXPECT_FALSE(same(own[i].second, state[own.size() - 1 - i].second));
  }
}

TEST(StateDict, ConvertsToThePrecisionOfTheModule) {
  nn::Sequential model;
  model.add(nn::Linear(1, 1, false));
  ASSERT_EQ(model.parameters()[0].precision(), f64);
  nn::load_state_dict(model, {{"0.weight", Parameter(array({1, 1}, {0.1}), f32)}});
  EXPECT_EQ(model.parameters()[0].value()(0, 0), static_cast<double>(0.1F));

  set_default_precision(f32);
  nn::Sequential narrow;
  narrow.add(nn::Linear(1, 1, false));
  set_default_precision(f64);
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double number : {0.1, 3e38, -infinity}) {
    nn::load_state_dict(narrow, {{"0.weight", Parameter(array({1, 1}, {number}), f64)}});
    EXPECT_EQ(narrow.parameters()[0].value()(0, 0),
              static_cast<double>(static_cast<float>(number)));
  }
  expect_refused(narrow, {{"0.weight", Parameter(array({1, 1}, {4e38}), f64)}},
                 {"'0.weight' has a number beyond the range of a float"});
}

TEST(StateDict, AModulesOwnParametersUnderOtherNames) {
  nn::Sequential model(nn::Linear(1, 1, false), nn::Linear(1, 1, false));
  model.parameters()[0].set_value(array({1, 1}, {1}));
  model.parameters()[1].set_value(array({1, 1}, {2}));
  nn::load_state_dict(model, nn::state_dict(model));
  expect_numbers(model.parameters()[0].value(), {1});
  nn::load_state_dict(model,
                      {{"0.weight", model.parameters()[1]}, {"1.weight", model.parameters()[0]}});
  expect_numbers(model.parameters()[0].value(), {2});
  expect_numbers(model.parameters()[1].value(), {1});
}

TEST(StateDict, OneErrorListsAllThatDoesNotFit) {
  nn::Sequential model = network();
  NamedParameters state = values_of(model);
  state[0].second = Parameter::zeros({2, 3});
  state[1].first = "0.Bias";
  state.push_back(state[2]);
  expect_refused(
      model, state,
      {"[load_state_dict] needs the module's parameters and buffers by name and shape, each once; ",
       "; '0.weight' has shape (2, 3) where (3, 2) is needed; ", "; '0.bias' is missing; ",
       "; '0.Bias' is unexpected; ", "; '2.weight' comes twice; ", "a module built alike"});
  expect_refused(model, {}, {"'0.weight' is missing", "'2.bias' is missing"});
  state = values_of(model);
  state.emplace_back("running_mean", Parameter({1, 2}));
  expect_refused(model, state, {"'running_mean' is unexpected"});
}

TEST(StateDict, SharedParametersComeOnce) {
  const auto shared = std::make_shared<nn::Linear>(2, 2, false);
  nn::Sequential model;
  model.add(shared);
  model.add(shared);
  EXPECT_EQ(nn::state_dict(model).size(), 1U);
  nn::load_state_dict(model, {{"0.weight", Parameter(array({2, 2}, {1, 2, 3, 4}))}});
  expect_numbers(shared->weight().value(), {1, 2, 3, 4});
}

}  // namespace
}  // namespace tapegrad::testing
