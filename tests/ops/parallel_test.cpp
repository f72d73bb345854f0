// Loops on several threads: the same bits for the same number of threads; for another number of
// them the same bits but for long sums.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include <gtest/gtest.h>

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>

#include "support/allocations.hpp"
#include "support/expect.hpp"
#include "support/threads.hpp"

namespace tapegrad::testing {
namespace {

Array<double> numbers(const std::vector<std::size_t>& shape, int step) {
  Array<double> x = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] =
        static_cast<double>((i * 7919 + i / 97) % 101 * static_cast<std::size_t>(step)) / 50 - 1;
  }
  return x;
}

/// A convolution of two groups, large enough to be shared out: its value and both gradients.
std::vector<Array<double>> convolution(std::size_t channels, int threads) {
  const Threads set(threads);
  Tape tape(f32);
  const Var x = tape.variable(numbers({9, channels, 32, 32}, 1));
  const Var w = tape.variable(numbers({32, channels / 2, 3, 3}, 2));
  const Var y = conv2d(x, w, {1, 1, 1, 2});
  y.backward(numbers({9, 32, 32, 32}, 3));
  return {y.value(), x.grad(), w.grad()};
}

TEST(Parallel, AConvolutionIsTheSameForAnyNumberOfThreads) {
  // As one matrix product, and in transformed tiles.
  for (const std::size_t channels : {8, 32}) {
    const auto alone = convolution(channels, 1);
    for (const int threads : {2, 3, 16}) {
      const auto shared = convolution(channels, threads);
      expect_arrays(shared[0], alone[0], 0);
      expect_arrays(shared[1], alone[1], 0);
      // Sums over the batch, of some 1e4 terms up to 10, are put together in another order.
      expect_arrays(shared[2], alone[2], 0.02);
      const auto again = convolution(channels, threads);
      expect_arrays(again[2], shared[2], 0);
    }
  }
}

/// What a circuit makes of operands with `threads` threads: its value, then the gradient in each.
template <class Build>
std::vector<Array<double>> run(int threads, const std::vector<Array<double>>& operands,
                               Build build) {
  const Threads set(threads);
  Tape tape(f32);
  std::vector<Var> x;
  for (const Array<double>& operand : operands) x.push_back(tape.variable(operand));
  const Var y = build(x);
  const Shape& shape = y.shape();
  y.backward(numbers({shape.begin(), shape.end()}, 3));
  std::vector<Array<double>> results = {y.value()};
  for (const Var& operand : x) results.push_back(operand.grad());
  return results;
}

/// Expects what one thread makes from several. Gradients of operands that are smaller than the
/// value are sums, put together in another order: they may differ by so much of their size.
template <class Build>
void expect_same_for_all(const std::vector<Array<double>>& operands, Build build,
                         double of_sums = 0) {
  const auto alone = run(1, operands, build);
  for (const int threads : {2, 3, 5}) {
    SCOPED_TRACE(threads);
    const auto shared = run(threads, operands, build);
    expect_arrays(shared[0], alone[0], 0);
    for (std::size_t i = 1; i < alone.size(); ++i) {
      const bool is_sum = alone[i].size() < alone[0].size();
      expect_arrays(shared[i], alone[i], is_sum ? of_sums : 0);
      EXPECT_EQ(run(threads, operands, build)[i], shared[i]);
    }
  }
}

// Sizes that no number of threads divides: parts end within rows and within registers.

TEST(Parallel, PointwiseGates) {
  const auto x = numbers({301, 1003}, 1);
  const auto product = [](const std::vector<Var>& v) { return v[0] * tanh(v[1]); };
  expect_same_for_all({x, numbers({301, 1003}, 2)}, product);
  // Sums of up to 301,903 terms below 7, in float.
  expect_same_for_all({x, numbers({1003}, 2)}, product, 2e-3);
  expect_same_for_all({x, numbers({301, 1}, 2)}, product, 2e-3);
  expect_same_for_all({x, numbers({}, 2)}, product, 0.1);
  expect_same_for_all({numbers({301, 1}, 1), numbers({1003}, 2)}, product, 2e-3);
  expect_same_for_all({numbers({7, 11, 61, 67}, 1), numbers({11, 1, 67}, 2)}, product, 2e-3);
}

TEST(Parallel, GradientsThatAccumulate) {
  const std::vector<Array<double>> same = {numbers({200003}, 1), numbers({200003}, 2)};
  expect_same_for_all(same, [](const std::vector<Var>& v) { return v[0] * v[1] + v[0]; });
  expect_same_for_all(same, [](const std::vector<Var>& v) { return tanh(v[0]) + sigmoid(v[0]); });
  const std::vector<Array<double>> rows = {numbers({301, 1003}, 1), numbers({301, 1}, 2)};
  expect_same_for_all(
      rows, [](const std::vector<Var>& v) { return v[0] * v[1] + v[0]; }, 2e-3);
}

TEST(Parallel, ChannelsAndPools) {
  const auto images = numbers({13, 7, 63, 63}, 1);
  expect_same_for_all(
      {images, numbers({7}, 2), numbers({7}, 3), numbers({7}, 4)},
      [](const std::vector<Var>& v) { return channel_affine(v[0], v[1], v[2], v[3]); });
  expect_same_for_all({images}, [](const std::vector<Var>& v) { return channel_moments(v[0]); });
  expect_same_for_all({numbers({5003, 197}, 1)},
                      [](const std::vector<Var>& v) { return channel_moments(v[0]); });
  const ops::Pooling two(2, 2, 0, Fit::floor);
  for (const ops::Pooling& form :
       {two, ops::Pooling(3), ops::Pooling(3, 2), ops::Pooling(3, 1, 1)}) {
    expect_same_for_all({images},
                        [&](const std::vector<Var>& v) { return max_pool2d(v[0], form); });
    expect_same_for_all({images}, [&](const std::vector<Var>& v) {
      return avg_pool2d(v[0], ops::AvgPool2d(form));
    });
  }
}

TEST(Parallel, CopiesAndSums) {
  const auto x = numbers({13, 61, 7, 67}, 1);
  const auto expect_same = [&](auto build) {
    expect_same_for_all({x}, [&](const std::vector<Var>& v) { return build(v[0]); });
  };
  for (const Axes& axes : {Axes{0}, Axes{1}, Axes{3}, Axes{0, 1}, Axes{1, 3}, Axes{0, 2, 3}}) {
    expect_same([&](const Var& v) { return sum(v, axes); });
  }
  expect_same_for_all({numbers({5003, 67}, 1)},
                      [](const std::vector<Var>& v) { return sum(v[0], {0}); });
  expect_same([](const Var& v) { return transpose(v, {1, 3, 0, 2}); });
  expect_same([](const Var& v) { return transpose(v, {0, 1, 3, 2}); });
  expect_same([](const Var& v) { return flip(v, {1, 3}); });
  expect_same([](const Var& v) { return concat({v, v}, {2}); });
  expect_same([](const Var& v) { return broadcast_to(sum(v, {1}, true), v.shape()); });
}

TEST(Parallel, ASumBetweenAxesThatStayDiffersInItsLastDigitsAtMost) {
  const std::vector<Array<double>> x = {numbers({9, 701, 1009}, 1)};
  const auto total = [](const std::vector<Var>& v) { return sum(v[0], {1}); };
  const Array<double> alone = run(1, x, total)[0];
  for (const int threads : {2, 3, 5}) {
    const Array<double> shared = run(threads, x, total)[0];
    // Of 701 numbers below 4, some 8 additions of 256 in float.
    expect_arrays(shared, alone, 1e-5);
    EXPECT_EQ(run(threads, x, total)[0], shared);
  }
}

TEST(Parallel, ConvolutionsWithABias) {
  expect_same_for_all(
      {numbers({9, 8, 32, 32}, 1), numbers({32, 8, 3, 3}, 2), numbers({32}, 3)},
      [](const std::vector<Var>& v) {
        return conv2d_bias(v[0], v[1], v[2], {1, 1});
      },
      0.02);
}

TEST(Parallel, DropoutMask) {
  expect_same_for_all({numbers({301, 1003}, 1)}, [](const std::vector<Var>& v) {
    return v[0] * dropout_mask({v[0].shape(), 0.3, 7});
  });
}

TEST(Parallel, EachItemIsVisitedOnceAndAnErrorComesBack) {
  const Threads set(3);
  namespace kernels = ops::kernels;
  EXPECT_EQ(kernels::parts_for(100, 1e9), 3);
  EXPECT_EQ(kernels::parts_for(2, 1e9), 2);
  EXPECT_EQ(kernels::parts_for(100, 1e4), 1);
  EXPECT_EQ(kernels::parts_for(0, 1e9), 1);
  EXPECT_EQ(kernels::parts_for(100, 6e4), 2);
  std::vector<int> visits(100, 0);
  kernels::for_each_part(100, 3, [&](int, std::int64_t first, std::int64_t end) {
    for (std::int64_t i = first; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
  });
  EXPECT_EQ(visits, std::vector<int>(100, 1));
  const auto fail = [&] {
    kernels::for_each_part(100, 3, [&](int part, std::int64_t, std::int64_t) {
      if (part == 1) throw ValueError("part 1 failed");
    });
  };
  expect_error<ValueError>(fail, {"part 1 failed"});
  expect_error<ValueError>(fail, {"part 1 failed"});
}

TEST(Parallel, ALoopWithinALoopRunsOnItsOwnThread) {
  const Threads set(2);
  std::vector<int> visits(16, 0);
  ops::kernels::for_each_part(4, 2, [&](int, std::int64_t first, std::int64_t end) {
    for (std::int64_t i = first; i < end; ++i) {
      ops::kernels::for_each_part(4, 2, [&](int, std::int64_t from, std::int64_t to) {
        for (std::int64_t j = from; j < to; ++j) ++visits[static_cast<std::size_t>(4 * i + j)];
      });
    }
  });
  EXPECT_EQ(visits, std::vector<int>(16, 1));
}

TEST(Parallel, AChildProcessHasThreadsOfItsOwnAndEnds) {
  // Memory of threads that the child does not have is lost to it, as the address sanitizer says at
  // its end; the thread sanitizer does not follow threads that are made after a fork.
  if (!allocations_are_counted()) GTEST_SKIP() << "sanitizers do not follow a fork";
  convolution(8, 2);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    convolution(8, 2);
    std::exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace tapegrad::testing
