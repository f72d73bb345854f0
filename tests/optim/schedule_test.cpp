// Schedules as functions of t, and what sets an optimizer's numbers by them.

#include <tapegrad/optim/scheduler.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/optim/adam.hpp>
#include <tapegrad/optim/reduce_lr_on_plateau.hpp>

#include "support/allocations.hpp"
#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using namespace optim;

constexpr double infinity = std::numeric_limits<double>::infinity();

void expect_values(const Schedule& schedule, const std::vector<std::pair<int, double>>& expected,
                   Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_values");
  for (const auto& [t, value] : expected) EXPECT_NEAR(schedule(t), value, 1e-15) << "t = " << t;
}

TEST(Schedule, Step) {
  expect_values(schedule::step(5, 0.5), {{0, 1}, {4, 1}, {5, 0.5}, {9, 0.5}, {10, 0.25}});
  expect_values(schedule::step(20, 0.1), {{19, 1}, {20, 0.1}, {40, 0.01}});
  expect_values(schedule::multi_step({3, 5}, 0.1),
                {{0, 1}, {2, 1}, {3, 0.1}, {5, 0.01}, {9, 0.01}});
}

TEST(Schedule, ExponentialAndInverseTime) {
  const Schedule exponential = schedule::exponential_decay(0.1);
  const Schedule inverse = schedule::inverse_time_decay(0.1);
  for (int t = 0; t < 100; ++t) {
    EXPECT_NEAR(exponential(t), std::pow(std::exp(-0.1), t), 1e-15);
    EXPECT_NEAR(inverse(t), 1 / (1 + 0.1 * t), 1e-15);
  }
}

TEST(Schedule, Cosine) {
  expect_values(schedule::cosine_annealing(4), {{0, 1},
                                                {1, (1 + std::sqrt(0.5)) / 2},
                                                {2, 0.5},
                                                {3, (1 - std::sqrt(0.5)) / 2},
                                                {4, 0},
                                                {9, 0}});
  expect_values(schedule::cosine_annealing(2, 0.2), {{0, 1}, {1, 0.6}, {2, 0.2}, {3, 0.2}});
}

TEST(Schedule, LinesAndOneAfterAnother) {
  expect_values(schedule::linear(0.5, 0.99, 7), {{0, 0.5}, {1, 0.57}, {7, 0.99}, {8, 0.99}});
  expect_values(schedule::warm_up(4), {{0, 0.25}, {1, 0.5}, {3, 1}, {4, 1}, {1000, 1}});
  expect_values(schedule::warm_up(2, schedule::step(1, 0.5)),
                {{0, 0.5}, {1, 1}, {2, 1}, {3, 0.5}, {4, 0.25}});
  expect_values(schedule::sequential({schedule::linear(0, 1, 2), schedule::inverse_time_decay(1),
                                      [](std::int64_t) { return 7.0; }},
                                     {2, 4}),
                {{0, 0}, {1, 0.5}, {2, 1}, {3, 0.5}, {4, 7}, {5, 7}});
}

TEST(Schedule, BadArguments) {
  const auto refused = [](const std::function<void()>& make, const std::string& who,
                          Place place = Place::here()) {
    expect_error<ValueError>(make, {"[schedule::" + who + "]"}, place);
  };
  refused([] { schedule::step(0, 0.5); }, "step");
  refused([] { schedule::step(1, -0.5); }, "step");
  refused([] { schedule::multi_step({2, 2}, 0.5); }, "multi_step");
  refused([] { schedule::multi_step({0}, 0.5); }, "multi_step");
  refused([] { schedule::multi_step({2}, infinity); }, "multi_step");
  refused([] { schedule::exponential_decay(-1); }, "exponential_decay");
  refused([] { schedule::inverse_time_decay(-1); }, "inverse_time_decay");
  refused([] { schedule::cosine_annealing(0); }, "cosine_annealing");
  refused([] { schedule::cosine_annealing(1, -1); }, "cosine_annealing");
  refused([] { schedule::linear(-1, 1, 1); }, "linear");
  refused([] { schedule::linear(1, -1, 1); }, "linear");
  refused([] { schedule::linear(1, 1, 0); }, "linear");
  refused([] { schedule::warm_up(0); }, "warm_up");
  refused([] { schedule::sequential({}, {}); }, "sequential");
  refused([] { schedule::sequential({schedule::warm_up(1)}, {1}); }, "sequential");
}

TEST(LRScheduler, MultipliesWhatEachGroupBeganWith) {
  SGD sgd({{{Parameter(1.0)}, 0.1}, {{Parameter(2.0)}, 0.4}});
  LRScheduler scheduler(sgd, schedule::warm_up(2, schedule::step(2, 0.5)));
  for (const double factor : {0.5, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25}) {
    EXPECT_NEAR(sgd.learning_rate(0), 0.1 * factor, 1e-15);
    EXPECT_NEAR(sgd.learning_rate(1), 0.4 * factor, 1e-15);
    scheduler.step();
  }
  EXPECT_EQ(scheduler.t(), 7);
}

TEST(LRScheduler, ContinuesWhicheverIsRestoredFirst) {
  const Schedule cosine = schedule::cosine_annealing(10);
  const Parameter p(1.0);
  Adam adam({p}, 0.3);
  LRScheduler scheduler(adam, cosine);
  for (int i = 0; i < 4; ++i) scheduler.step();
  const NamedParameters adam_state = adam.state_dict(), state = scheduler.state_dict();
  scheduler.step();

  Adam one({p}, 0.7), other({p}, 0.7);
  one.load_state_dict(adam_state);
  LRScheduler late(one, cosine);
  late.load_state_dict(state);
  LRScheduler early(other, cosine);
  early.load_state_dict(state);
  EXPECT_EQ(other.learning_rate(), 0.3 * cosine(4));
  other.load_state_dict(adam_state);
  for (LRScheduler* restored : {&late, &early}) {
    EXPECT_EQ(restored->t(), 4);
    restored->step();
  }
  EXPECT_EQ(one.learning_rate(), adam.learning_rate());
  EXPECT_EQ(other.learning_rate(), adam.learning_rate());
}

TEST(LRScheduler, BadSchedulesAndStates) {
  SGD sgd({{{Parameter(1.0)}, 0.1}, {{Parameter(2.0)}, 0.4}});
  expect_error<ValueError>([&] { LRScheduler(sgd, {}); }, {"[LRScheduler]", "empty function"});
  LRScheduler sinking(sgd, [](std::int64_t t) { return 1.0 - static_cast<double>(t); });
  sinking.step();
  EXPECT_EQ(sgd.learning_rate(), 0);
  expect_error<ValueError>([&] { sinking.step(); }, {"[SGD]", "learning rate", "got -0.1"});
  EXPECT_EQ(sinking.t(), 1);
  EXPECT_EQ(sgd.learning_rate(1), 0);

  expect_error<ValueError>(
      [&] {
        sinking.load_state_dict({{"t", Parameter(2.5)}});
      },
      {"[LRScheduler]", "'initial_rates.0' is missing"});
  NamedParameters state = sinking.state_dict();
  ASSERT_EQ(state.back().first, "t");
  state.back().second = Parameter(2.5);
  expect_error<ValueError>([&] { sinking.load_state_dict(state); },
                           {"[LRScheduler]", "'t' is 2.5 where a whole number"});
  EXPECT_EQ(sinking.t(), 1);
}

TEST(LRScheduler, AStepTakesNothingFromTheHeap) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer counts allocations itself";
  SGD sgd({Parameter(1.0)}, 0.1);
  LRScheduler scheduler(sgd, schedule::warm_up(2, schedule::cosine_annealing(9)));
  const std::int64_t before = allocations();
  for (int i = 0; i < 5; ++i) scheduler.step();
  EXPECT_EQ(allocations(), before);
}

TEST(MomentumScheduler, RisesFromAHalf) {
  Parameter p(0.0);
  SGD sgd({p}, 1, 0.5);
  MomentumScheduler scheduler(sgd, schedule::linear(0.5, 0.99, 2));
  double x = 0, v = 0;
  for (const double mu : {0.5, 0.745, 0.99, 0.99}) {
    EXPECT_NEAR(sgd.options().momentum, mu, 1e-15);
    p.set_grad(1.0);
    sgd.step();
    v = mu * v - 1;
    x += v;
    EXPECT_NEAR(p.value()(), x, 1e-13);
    scheduler.step();
  }
  MomentumScheduler again(sgd, schedule::linear(0.5, 0.99, 2));
  EXPECT_EQ(sgd.options().momentum, 0.5);
  again.load_state_dict(scheduler.state_dict());
  EXPECT_EQ(again.t(), 4);
  EXPECT_EQ(sgd.options().momentum, 0.99);
}

TEST(MomentumScheduler, NeedsAnOptimizerWithMomentum) {
  const Parameter p(1.0);
  SGD plain({p}, 0.1), sgd({p}, 0.1, 0.9);
  expect_error<ValueError>([&] { MomentumScheduler(plain, schedule::linear(0.5, 0.9, 5)); },
                           {"[SGD]", "made with momentum"});
  expect_error<ValueError>([&] { sgd.set_momentum(-1); }, {"[SGD]", "momentum", "got -1"});
  EXPECT_EQ(sgd.options().momentum, 0.9);
}

TEST(Plateau, HalvesTheRateWhenTheLossStaysHigh) {
  SGD sgd({{{Parameter(1.0)}, 0.8}, {{Parameter(2.0)}, 0.1}});
  PlateauOptions options;
  options.patience = 2;
  options.cooldown = 1;
  options.min_lr = 0.05;
  ReduceLROnPlateau plateau(sgd, options);
  const std::vector<std::pair<double, double>> epochs = {
      // Metric, rate of the first group after it.
      {1.0, 0.8},     {0.9, 0.8}, {0.95, 0.8}, {0.9, 0.8},  // As good as the best is no progress,
      {0.89999, 0.4},                                       // nor is less than the threshold.
      {2.0, 0.4},                                           // Cools down.
      {2.0, 0.4},     {2.0, 0.4}, {2.0, 0.2},  {0.5, 0.2}, {0.6, 0.2}, {0.6, 0.2}, {0.6, 0.1},
  };
  for (const auto& [metric, rate] : epochs) {
    const double before = sgd.learning_rate();
    EXPECT_EQ(plateau.step(metric), rate != before) << metric;
    EXPECT_EQ(sgd.learning_rate(), rate) << metric;
  }
  EXPECT_EQ(sgd.learning_rate(1), 0.05);
}

TEST(Plateau, OfAMetricThatRises) {
  SGD sgd({Parameter(1.0)}, 1);
  PlateauOptions options;
  options.patience = 0;
  options.maximize = true;
  options.factor = 0.1;
  ReduceLROnPlateau plateau(sgd, options);
  EXPECT_FALSE(plateau.step(-2));
  EXPECT_FALSE(plateau.step(-1));
  EXPECT_TRUE(plateau.step(-1));
  EXPECT_EQ(sgd.learning_rate(), 0.1);
  EXPECT_FALSE(plateau.step(0.5));
}

TEST(Plateau, IsSavedAndRestored) {
  SGD sgd({Parameter(1.0)}, 1), other({Parameter(1.0)}, 1);
  PlateauOptions options;
  options.patience = 1;
  ReduceLROnPlateau first(sgd, options), second(other, options);
  first.step(1);
  first.step(2);
  second.load_state_dict(first.state_dict());
  EXPECT_TRUE(second.step(2));
  EXPECT_EQ(other.learning_rate(), 0.5);
  NamedParameters state = first.state_dict();
  EXPECT_EQ(state[0].first, "best");
  state[0].second = Parameter(-infinity);
  state[2].second = Parameter(-1.0);
  expect_error<ValueError>([&] { first.load_state_dict(state); },
                           {"[ReduceLROnPlateau]", "'best' is -inf where a number that is finite",
                            "'bad_epochs' is -1"});
  EXPECT_TRUE(first.step(2));
}

TEST(Plateau, BadArguments) {
  SGD sgd({Parameter(1.0)}, 1);
  const auto refused = [&](auto PlateauOptions::*option, auto value, const std::string& name,
                           Place place = Place::here()) {
    PlateauOptions options;
    options.*option = value;
    expect_error<ValueError>([&] { ReduceLROnPlateau(sgd, options); },
                             {"[ReduceLROnPlateau]", "as " + name}, place);
  };
  refused(&PlateauOptions::factor, 1.0, "factor");
  refused(&PlateauOptions::factor, -0.1, "factor");
  refused(&PlateauOptions::patience, std::int64_t{-1}, "patience");
  refused(&PlateauOptions::threshold, -1.0, "threshold");
  refused(&PlateauOptions::cooldown, std::int64_t{-1}, "cooldown");
  refused(&PlateauOptions::min_lr, -1.0, "min lr");
  ReduceLROnPlateau plateau(sgd);
  expect_error<ValueError>([&] { plateau.step(infinity); }, {"[ReduceLROnPlateau]", "got inf"});
}

}  // namespace
}  // namespace tapegrad::testing
