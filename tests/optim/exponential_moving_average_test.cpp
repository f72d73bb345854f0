// Averages of weights: by hand, put in and taken out again, saved.

#include <tapegrad/optim/exponential_moving_average.hpp>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"
#include "support/parameter_sets.hpp"

namespace tapegrad::testing {
namespace {

using optim::ExponentialMovingAverage;

TEST(ExponentialMovingAverage, CountsOlderValuesLess) {
  Parameter x(array({2}, {1, -1})), narrow(2.0, f32);
  ExponentialMovingAverage average({x, narrow}, 0.75);
  std::vector<double> expected = {1, -1};
  for (int step = 1; step <= 100; ++step) {
    const double next = step % 7;
    x.set_value({next, -3 * next});
    average.update();
    expected = {0.75 * expected[0] + 0.25 * next, 0.75 * expected[1] - 0.25 * 3 * next};
    expect_numbers(average.state_dict()[0].second.value(), expected, 1e-12);
  }
  EXPECT_EQ(average.state_dict()[1].second.value()(), 2);
  EXPECT_EQ(average.state_dict()[1].second.precision(), f32);
}

TEST(ExponentialMovingAverage, IsPutInAndTakenOut) {
  Parameter x(4.0);
  ExponentialMovingAverage average({x}, 0.5);
  x.set_value(8.0);
  average.update();
  Tape tape;
  const Var y = x * x;
  average.apply();
  EXPECT_TRUE(average.applied());
  EXPECT_EQ(x.value()(), 6);
  EXPECT_THROW(y.backward(), TapeError);  // A change that tapes notice.
  average.restore();
  EXPECT_FALSE(average.applied());
  EXPECT_EQ(x.value()(), 8);
  EXPECT_EQ(average.state_dict()[0].second.value()(), 6);
}

TEST(ExponentialMovingAverage, KnowsWhoseValuesAreWhere) {
  Parameter x(4.0);
  ExponentialMovingAverage average({x}, 0.5);
  expect_error<TapeError>([&] { average.restore(); },
                          {"[ExponentialMovingAverage] needs apply() before restore()"});
  x.set_value(8.0);
  const NamedParameters state = average.state_dict();
  average.apply();
  for (const std::function<void()>& action : std::vector<std::function<void()>>{
           [&] { average.apply(); }, [&] { average.update(); }, [&] { average.state_dict(); },
           [&] { average.load_state_dict(state); }}) {
    expect_error<TapeError>(action, {"[ExponentialMovingAverage]", "call restore() first"});
  }
  EXPECT_EQ(x.value()(), 4);
  average.restore();
  EXPECT_EQ(x.value()(), 8);
}

TEST(ExponentialMovingAverage, IsSavedAndRestored) {
  Parameter x(array({2}, {1, 2})), y(array({2}, {5, 6}), f32);
  ExponentialMovingAverage first({x, y}, 0.9), second({x, y}, 0.9);
  x.set_value({3.0, 4.0});
  first.update();
  second.load_state_dict(first.state_dict());
  expect_same_bits(second.state_dict(), first.state_dict());
  EXPECT_FALSE(same(second.state_dict()[0].second, first.state_dict()[0].second));
  expect_error<ValueError>(
      [&] {
        second.load_state_dict({{"0", Parameter(1.0)}});
      },
      {"[ExponentialMovingAverage]", "'0' has shape () where (2,) is needed", "'1' is missing"});
  expect_same_bits(second.state_dict(), first.state_dict());
}

TEST(ExponentialMovingAverage, BadArguments) {
  const Parameter x(1.0);
  for (const double bad : {-0.1, 1.0, std::numeric_limits<double>::quiet_NaN()}) {
    expect_error<ValueError>([&] { ExponentialMovingAverage({x}, bad); },
                             {"[ExponentialMovingAverage]", "as decay"});
  }
  expect_error<ValueError>([] { ExponentialMovingAverage({}); }, {"got none"});
  expect_error<ValueError>([&] { ExponentialMovingAverage({x, x}); }, {"twice"});
}

}  // namespace
}  // namespace tapegrad::testing
