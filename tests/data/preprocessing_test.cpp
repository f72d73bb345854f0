#include <tapegrad/data/preprocessing.hpp>

#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/data/mean_subtraction.hpp>
#include <tapegrad/data/normalization.hpp>
#include <tapegrad/data/pca.hpp>
#include <tapegrad/data/safetensors.hpp>
#include <tapegrad/data/whitening.hpp>

#include "support/datasets.hpp"
#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::data {
namespace {

using testing::correlated;
using testing::expect_error;

/// One transform of every kind and option, for images (3, 2, 2).
std::vector<std::unique_ptr<Transform>> all_transforms() {
  std::vector<std::unique_ptr<Transform>> all;
  for (const Per per : {Per::feature, Per::channel, Per::all}) {
    all.push_back(std::make_unique<MeanSubtraction>(per));
    for (const NormalizeBy by : {NormalizeBy::deviation, NormalizeBy::range}) {
      all.push_back(std::make_unique<Normalization>(per, by));
    }
  }
  all.push_back(std::make_unique<PCA>());
  all.push_back(std::make_unique<PCA>(5));
  all.push_back(std::make_unique<Whitening>(7, 1e-3));
  all.push_back(std::make_unique<Preprocessing>());
  all.push_back(std::make_unique<Preprocessing>(MeanSubtraction(Per::channel),
                                                Normalization(Per::all, NormalizeBy::range),
                                                Whitening(6), Preprocessing(Normalization())));
  return all;
}

TEST(Preprocessing, FitsEachStepToWhatTheOnesBeforeMake) {
  const Dataset training = correlated(200, {3, 2, 2});
  Preprocessing chain(MeanSubtraction{Per::channel}, Normalization{}, PCA{4});
  EXPECT_EQ(chain.size(), 3U);
  Dataset prepared = training;
  chain.fit_apply(prepared);
  EXPECT_EQ(chain.input_shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(chain.output_shape(), (Shape{4}));

  Dataset by_hand = training;
  MeanSubtraction(by_hand, Per::channel).apply(by_hand);
  Normalization(by_hand).apply(by_hand);
  PCA(by_hand, 4).apply(by_hand);
  EXPECT_EQ(prepared.inputs, by_hand.inputs);
  EXPECT_EQ(chain[2].input_shape(), (Shape{3, 2, 2}));

  chain.invert(prepared);
  EXPECT_EQ(prepared.sample_shape(), (Shape{3, 2, 2}));
  Preprocessing whole(MeanSubtraction{Per::channel}, Normalization{}, PCA{});
  Dataset there = training;
  whole.fit_apply(there);
  whole.invert(there);
  testing::expect_arrays(there.inputs, training.inputs, 1e-5);
}

TEST(Preprocessing, CopiesAreApart) {
  const Dataset training = correlated(20, {3});
  Preprocessing chain(MeanSubtraction{});
  chain.fit(training);
  Preprocessing copy = chain;
  Dataset shifted = training;
  for (float& x : shifted.inputs) x += 100;
  copy.fit(shifted);
  Dataset one = training, other = training;
  chain.apply(one);
  copy.apply(other);
  EXPECT_NEAR(one.inputs(0, 0) - other.inputs(0, 0), 100, 1e-3);
  copy = chain;
  copy.push_back(Normalization());
  EXPECT_TRUE(chain.fitted());
  EXPECT_FALSE(copy.fitted());  // Its new step has seen nothing.
  expect_error<ValueError>([&] { copy.apply(other); }, {"[preprocessing]", "fit() first"});
}

TEST(Preprocessing, WithoutStepsChangesNothing) {
  const Dataset training = correlated(20, {3});
  Preprocessing chain;
  Dataset there = training;
  chain.fit_apply(there);
  chain.invert(there);
  EXPECT_EQ(there.inputs, training.inputs);
}

TEST(Preprocessing, AStepThatDoesNotFitLeavesAllAsItWas) {
  Preprocessing chain(MeanSubtraction(), PCA(4), Normalization(Per::channel));
  Dataset training = correlated(20, {3, 2, 2});
  const Array<float> before = training.inputs;
  expect_error<ShapeError>([&] { chain.fit_apply(training); },
                           {"[normalization]", "(C, H, W)", "(4,)"});
  EXPECT_EQ(training.inputs, before);
  EXPECT_FALSE(chain.fitted());
  EXPECT_FALSE(chain[0].fitted());
}

TEST(Transforms, StatesGoThroughFilesBitByBit) {
  const testing::TempFolder folder;
  const Dataset training = correlated(50, {3, 2, 2}), others = correlated(20, {3, 2, 2}, 2);
  for (const auto& transform : all_transforms()) {
    expect_error<ValueError>([&] { transform->state_dict(); }, {transform->kind(), "fit() first"});
    transform->fit(training);
    const std::string path = folder.path("state.safetensors");
    save_safetensors(path, transform->state_dict());

    Preprocessing chain(*transform);  // Knows the kind, which a state by itself does not name.
    chain.fit(training);
    Preprocessing other;
    other.load_state_dict(chain.state_dict());
    ASSERT_EQ(other.size(), 1U);
    EXPECT_EQ(std::string(other[0].kind()), transform->kind());

    const std::unique_ptr<Transform> loaded = other[0].clone();
    loaded->fit(others);
    loaded->load_state_dict(load_safetensors(path));
    Dataset a = others, b = others, c = others;
    transform->apply(a);
    loaded->apply(b);
    other.apply(c);
    EXPECT_EQ(a.inputs, b.inputs) << transform->kind();
    EXPECT_EQ(a.inputs, c.inputs) << transform->kind();
    transform->invert(a);
    loaded->invert(b);
    EXPECT_EQ(a.inputs, b.inputs) << transform->kind();
    // Options came with it.
    loaded->fit(others);
    transform->fit(others);
    EXPECT_EQ(loaded->output_shape(), transform->output_shape());
    Dataset d = others, e = others;
    loaded->apply(d);
    transform->apply(e);
    EXPECT_EQ(d.inputs, e.inputs) << transform->kind();
  }
}

TEST(Transforms, RefuseStatesThatAreNotTheirs) {
  const Dataset training = correlated(50, {3, 2, 2});
  for (const auto& transform : all_transforms()) {
    transform->fit(training);
    const NamedParameters state = transform->state_dict();
    Dataset expected = training;
    transform->apply(expected);
    const auto refuses = [&](const NamedParameters& wrong) {
      EXPECT_THROW(transform->load_state_dict(wrong), ValueError) << transform->kind();
    };
    for (std::size_t i = 0; i < state.size(); ++i) {
      const Parameter& parameter = state[i].second;
      NamedParameters wrong = state;
      wrong.erase(wrong.begin() + static_cast<std::ptrdiff_t>(i));
      refuses(wrong);
      wrong = state;
      wrong[i].first += 'x';
      refuses(wrong);
      wrong = state;
      wrong.push_back(state[i]);
      refuses(wrong);
      Shape longer = parameter.shape();
      longer.push_back(2);
      wrong = state;
      wrong[i].second = Parameter::zeros(longer, f32);
      refuses(wrong);
      wrong = state;
      Array<double> numbers = parameter.value();
      numbers.data()[numbers.size() - 1] = std::numeric_limits<double>::quiet_NaN();
      wrong[i].second = Parameter(numbers, parameter.precision());
      refuses(wrong);
    }
    Dataset still = training;
    transform->apply(still);
    EXPECT_EQ(still.inputs, expected.inputs) << transform->kind();
  }
  MeanSubtraction mean;
  expect_error<ValueError>([&] { mean.load_state_dict(Normalization(training).state_dict()); },
                           {"[mean_subtraction]", "'mean'"});
}

TEST(Transforms, RefuseStatesThatMakeNoSense) {
  const Dataset training = correlated(50, {3, 2, 2});
  const auto with = [](NamedParameters state, const std::string& name, const Parameter& value) {
    for (auto& [key, parameter] : state) {
      if (key == name) parameter = value;
    }
    return state;
  };
  Normalization normalization(training);
  const NamedParameters state = normalization.state_dict();
  for (const double number : {-1.0, 0.5, 3.0}) {
    expect_error<ValueError>(
        [&] { normalization.load_state_dict(with(state, "per", Parameter({number}, f64))); },
        {"[normalization]", "'per'", "from 0 to 2", "got "});
  }
  expect_error<ValueError>(
      [&] {
        normalization.load_state_dict(with(state, "scale", Parameter::zeros({3, 2, 2}, f32)));
      },
      {"[normalization]", "'scale'", "above 0"});
  expect_error<ValueError>(
      [&] {
        normalization.load_state_dict(with(state, "input_shape", Parameter({3, 2, 1e9}, f64)));
      },
      {"[normalization]", "got "});
  expect_error<ValueError>(
      [&] {
        normalization.load_state_dict(with(state, "input_shape", Parameter({3, -2, 2}, f64)));
      },
      {"[normalization]", "'input_shape'", "sizes", "got 3 -2 2"});

  // Two steps that do not follow each other.
  Preprocessing chain(PCA(5), Normalization());
  chain.fit(training);
  const NamedParameters steps = chain.state_dict();
  Preprocessing other(PCA(6), Normalization());
  other.fit(training);
  NamedParameters mixed;
  for (const auto& entry : steps) {
    if (entry.first.rfind("1.", 0) != 0) mixed.push_back(entry);
  }
  for (const auto& entry : other.state_dict()) {
    if (entry.first.rfind("1.", 0) == 0) mixed.push_back(entry);
  }
  expect_error<ValueError>([&] { chain.load_state_dict(mixed); },
                           {"[preprocessing]", "1.normalization.input_shape", "step before"});
  NamedParameters unknown = steps;
  unknown.emplace_back("2.telepathy.strength", Parameter({1}, f64));
  expect_error<ValueError>([&] { chain.load_state_dict(unknown); },
                           {"[preprocessing]", "2.telepathy", "kind"});
}

}  // namespace
}  // namespace tapegrad::data
