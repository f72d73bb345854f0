// Every optimizer beside its formulas written element by element: groups, weight decay, both
// precisions, and a state that is saved and restored in the middle.

#include <gtest/gtest.h>

#include <tapegrad/data/safetensors.hpp>

#include "optim/every_optimizer.hpp"
#include "optim/problem.hpp"
#include "support/allocations.hpp"
#include "support/files.hpp"
#include "support/parameter_sets.hpp"
#include "support/threads.hpp"

namespace tapegrad::testing {
namespace {

class EveryOptimizer : public ::testing::TestWithParam<OptimizerCase> {
 protected:
  void train(optim::Optimizer& optimizer, Problem& problem, int steps) {
    for (int i = 0; i < steps; ++i) {
      problem.backward();
      optimizer.step();
    }
  }
};
INSTANTIATE_TEST_SUITE_P(All, EveryOptimizer, ::testing::ValuesIn(every_optimizer()),
                         [](const auto& instance) {
                           std::string name = instance.param.name;
                           for (char& c : name) c = std::isalnum(c) != 0 ? c : '_';
                           return name;
                         });

TEST_P(EveryOptimizer, EqualsANaiveImplementationOverAHundredSteps) {
  for (const double decay : {0.0, 0.1}) {
    Problem problem;
    const auto optimizer = GetParam().make(problem.a, problem.b, decay);
    std::vector<NaiveElement> naive(8);
    for (std::size_t i = 0; i < 8; ++i) naive[i].x = problem_start[i];
    for (int step = 0; step < 100; ++step) {
      const double rate = GetParam().rate * (step < 50 ? 1 : 0.3);
      optimizer->set_learning_rate(rate, 0);
      optimizer->set_learning_rate(rate / 2, 1);
      std::vector<double> x;
      for (const NaiveElement& element : naive) x.push_back(element.x);
      const std::vector<double> g = problem_gradient(x);
      for (std::size_t i = 0; i < 8; ++i) {
        if (i < 4) GetParam().step(naive[i], g[i], rate, decay);
        if (i >= 4) GetParam().step(naive[i], g[i], rate / 2, 0);
        x[i] = naive[i].x;
      }
      problem.backward();
      optimizer->step();
      expect_near(problem.values(), x, 1e-12);
    }
    EXPECT_GT(std::abs(naive[0].x - problem_start[0]), 0.1);
  }
}

TEST_P(EveryOptimizer, DoesTheSameOnSeveralThreads) {
  const auto values_after = [&](int threads) {
    const Threads set(threads);
    // So many that no two parts are alike, and ranges end within registers.
    Array<double> numbers = Array<double>::from_shape({200003});
    Array<double> slopes = numbers;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers.data()[i] = static_cast<double>(i % 101) / 50 - 1;
      slopes.data()[i] = static_cast<double>(i * 7919 % 103) / 50 - 1;
    }
    Parameter a(numbers), b(numbers);
    const auto optimizer = GetParam().make(a, b, 0.1);
    for (int step = 0; step < 3; ++step) {
      a.set_grad(slopes);
      b.set_grad(slopes);
      optimizer->step();
    }
    return std::make_pair(a.value(), b.value());
  };
  const auto alone = values_after(1);
  for (const int threads : {2, 3}) EXPECT_EQ(values_after(threads), alone) << threads;
}

TEST_P(EveryOptimizer, FloatsFollowDoubles) {
  Problem narrow(f32), wide;
  const auto one = GetParam().make(narrow.a, narrow.b, 0.01);
  const auto other = GetParam().make(wide.a, wide.b, 0.01);
  train(*one, narrow, 10);
  train(*other, wide, 10);
  expect_near(narrow.values(), wide.values(), 1e-4);
}

TEST_P(EveryOptimizer, ContinuesBitByBitFromAFile) {
  const TempFolder folder;
  for (const Precision precision : {f32, f64}) {
    Problem straight(precision), interrupted(precision);
    const auto whole = GetParam().make(straight.a, straight.b, 0.01);
    const auto first = GetParam().make(interrupted.a, interrupted.b, 0.01);
    train(*whole, straight, 20);
    train(*first, interrupted, 20);
    whole->set_learning_rate(0.003);
    first->set_learning_rate(0.003);
    data::save_safetensors(folder.path("state"), first->state_dict());
    const auto second = GetParam().make(interrupted.a, interrupted.b, 0.5);
    second->load_state_dict(data::load_safetensors(folder.path("state")));
    expect_same_bits(second->state_dict(), first->state_dict());
    EXPECT_EQ(second->learning_rate(1), 0.003);
    train(*whole, straight, 20);
    train(*second, interrupted, 20);
    expect_same_bits({{"a", interrupted.a}, {"b", interrupted.b}},
                     {{"a", straight.a}, {"b", straight.b}});
    expect_same_bits(second->state_dict(), whole->state_dict());
  }
}

TEST_P(EveryOptimizer, AParameterWithoutGradientStaysAsDoesItsState) {
  Problem problem;
  const auto optimizer = GetParam().make(problem.a, problem.b, 0.1);
  train(*optimizer, problem, 3);
  const NamedParameters state = optimizer->state_dict();
  NamedParameters before;
  for (const auto& [name, parameter] : state) before.emplace_back(name, parameter.clone());
  const Parameter b = problem.b.clone();
  const std::uint64_t version = problem.b.version();

  problem.backward();
  problem.b.zero_grad();
  optimizer->step();
  expect_same_bits({{"b", problem.b}}, {{"b", b}});
  EXPECT_EQ(problem.b.version(), version);
  const NamedParameters after = optimizer->state_dict();
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (after[i].first == "0.step") {
      EXPECT_EQ(after[i].second.value()(), 4);
    }
    if (after[i].first[0] == '1') expect_same_bits({after[i]}, {before[i]});
  }
}

TEST_P(EveryOptimizer, AStepTakesNothingFromTheHeap) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer counts allocations itself";
  Problem problem;
  const auto optimizer = GetParam().make(problem.a, problem.b, 0.1);
  problem.backward();
  const std::int64_t before = allocations();
  optimizer->step();
  EXPECT_EQ(allocations(), before);
}

TEST_P(EveryOptimizer, AStepWithoutGradientsThrows) {
  Problem problem;
  const auto optimizer = GetParam().make(problem.a, problem.b, 0.1);
  expect_error<TapeError>([&] { optimizer->step(); }, {"] needs gradients", "backward()"});
  problem.backward();
  optimizer->zero_grad();
  EXPECT_FALSE(problem.a.has_grad());
  expect_error<TapeError>([&] { optimizer->step(); }, {"zero_grad"});
  expect_near(problem.values(), problem_start, 0);
}

}  // namespace
}  // namespace tapegrad::testing
