// A tape per thread, parameters shared read-only.

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/threads.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

struct Result {
  Array<double> score, gradient;
};

/// Forward through shared parameters, and the gradient of a variable.
Result run(const Parameter& weight, const Parameter& slope, double shift) {
  Tape tape;
  const Var x = tape.variable(array({2, 3}, {1 + shift, 2, -1, 0.5, shift, 3}));
  const Var y = tanh(matmul(x, weight)) * slope;
  return {y.value(), grad(sum(y * y), {x})[0].value()};
}

TEST(Threads, OwnTapesAndSharedParameters) {
  const Parameter weight(array({3, 2}, {0.1, -0.2, 0.3, 0.4, -0.5, 0.6}));
  const Parameter slope(2.0);
  std::vector<Result> expected;
  for (int i = 0; i < 4; ++i) expected.push_back(run(weight, slope, i));

  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 200; ++round) {
        const Result got = run(weight, slope, static_cast<double>(i));
        wrong[i] += got.score != expected[i].score || got.gradient != expected[i].gradient;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
  EXPECT_FALSE(weight.has_grad());
  EXPECT_FALSE(slope.has_grad());
}

TEST(Threads, EachHasItsInnermostTapeAndItsNoGrad) {
  const Parameter p(2.0);
  Tape here;
  const NoGrad no_grad;
  std::string message;
  bool differentiable = false;
  std::thread([&] {
    try {
      p * 2;
    } catch (const TapeError& error) {
      message = error.what();
    }
    Tape there;
    differentiable = (p * 2).requires_grad();
  }).join();
  EXPECT_NE(message.find("thread has no tape"), std::string::npos) << message;
  EXPECT_TRUE(differentiable);
  EXPECT_FALSE((p * 2).requires_grad());
  EXPECT_EQ(here.size(), 3U);
}

TEST(Threads, HandlesOutliveTheThread) {
  Var x;
  std::thread([&] {
    Tape tape;
    x = tape.variable(1);
  }).join();
  expect_error<TapeError>([&] { x.item(); }, {"destroyed", "threads_test.cpp"});
  // The block of the thread that ended goes on in another.
  Tape a, b, c;
  EXPECT_FALSE(x.valid());
}

TEST(Threads, CountOfMatrixProducts) {
  const int before = num_threads();
  set_num_threads(1);
  EXPECT_EQ(num_threads(), 1);
  set_num_threads(before);
  expect_error<ValueError>([] { set_num_threads(0); }, {"[set_num_threads]", "got 0"});
  expect_error<ValueError>([] { set_num_threads(1025); }, {"[set_num_threads]", "got 1025"});
}

}  // namespace
}  // namespace tapegrad::testing
