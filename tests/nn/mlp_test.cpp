// mlp() and the text that describes one.

#include <tapegrad/nn/mlp.hpp>

#include <gtest/gtest.h>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

TEST(Mlp, HasReluBetweenLayersAndNoneAtTheEnd) {
  nn::Sequential model = nn::mlp({3, 4, 2});
  EXPECT_EQ(model.size(), 3U);
  const auto named = model.named_parameters();
  ASSERT_EQ(named.size(), 4U);
  EXPECT_EQ(named[0].first, "0.weight");
  EXPECT_EQ(named[2].first, "2.weight");
  EXPECT_EQ(named[2].second.shape(), Shape({2, 4}));
  // N2: a 3-4-2 net has 20 weights and 6 biases.
  std::int64_t numbers = 0;
  for (const Parameter& p : model.parameters()) numbers += p.size();
  EXPECT_EQ(numbers, 26);

  // Scores below 0 come through; hidden ones do not.
  auto parameters = model.parameters();
  parameters[0].set_value(array({4, 3}, {1, 0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0}));
  parameters[2].set_value(array({2, 4}, {-1, 5, 0, 0, 1, 1, 0, 0}));
  Tape tape;
  expect_numbers(model(tape.data(array({1, 3}, {2, 0, 0}))).value(), {-2, 2});
}

TEST(Mlp, TwoSizesAreALinearClassifier) {
  EXPECT_EQ(nn::mlp({5, 3}).size(), 1U);
  EXPECT_EQ(nn::mlp({3, 4, 4, 1}).size(), 5U);
}

TEST(Mlp, NeedsSizes) {
  expect_error<ValueError>([] { nn::mlp({}); }, {"[mlp]", "two sizes", "got 0"});
  expect_error<ValueError>([] { nn::mlp({3}); }, {"[mlp]", "got 1"});
  expect_error<ValueError>([] { nn::mlp({3, 0}); }, {"[Linear]", "out 0"});
}

TEST(Mlp, Parses) {
  EXPECT_EQ(nn::parse_mlp("mlp:784-128-64-10"), (std::vector<std::int64_t>{784, 128, 64, 10}));
  EXPECT_EQ(nn::parse_mlp("mlp:2-3"), (std::vector<std::int64_t>{2, 3}));
}

TEST(Mlp, RefusesOtherText) {
  for (const char* text :
       {"", "mlp", "mlp:", "mlp:784", "mlp:784-", "mlp:-784-10", "mlp:784--10", "mlp:784-0",
        "mlp:784-ten", "mlp:784-10 ", " mlp:784-10", "mlp:784-10-", "cnn:784-10", "784-10",
        "mlp:7.5-10", "mlp:784,10", "mlp:+784-10", "mlp:99999999999999999999-10", "MLP:2-3"}) {
    expect_error<ValueError>([&] { nn::parse_mlp(text); },
                             {"[mlp]", "mlp:784-128-64-10", std::string("'") + text + "'"});
  }
}

}  // namespace
}  // namespace tapegrad::testing
