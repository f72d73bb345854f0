// Loops over a batch on several threads: the same bits for the same number of threads, the same
// numbers for another.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/threads.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>

#include "support/allocations.hpp"
#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

/// Puts the number of threads back.
class Threads {
 public:
  explicit Threads(int count) : before_(num_threads()) { set_num_threads(count); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

Array<double> numbers(const std::vector<std::size_t>& shape, int step) {
  Array<double> x = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] =
        static_cast<double>((i * 7919 + i / 97) % 101 * static_cast<std::size_t>(step)) / 50 - 1;
  }
  return x;
}

/// A convolution large enough to be shared out: its value and both gradients.
std::vector<Array<double>> convolution(int threads) {
  const Threads set(threads);
  Tape tape(f32);
  const Var x = tape.variable(numbers({9, 8, 32, 32}, 1));
  const Var w = tape.variable(numbers({32, 4, 3, 3}, 2));
  const Var y = conv2d(x, w, {1, 1, 1, 2});
  y.backward(numbers({9, 32, 32, 32}, 3));
  return {y.value(), x.grad(), w.grad()};
}

TEST(Parallel, AConvolutionIsTheSameForAnyNumberOfThreads) {
  const auto alone = convolution(1);
  for (const int threads : {2, 3, 16}) {
    const auto shared = convolution(threads);
    expect_arrays(shared[0], alone[0], 0);
    expect_arrays(shared[1], alone[1], 0);
    // Sums over the batch, of some 1e4 terms up to 10, are put together in another order.
    expect_arrays(shared[2], alone[2], 0.02);
    const auto again = convolution(threads);
    expect_arrays(again[2], shared[2], 0);
  }
}

TEST(Parallel, EachItemIsVisitedOnceAndAnErrorComesBack) {
  const Threads set(3);
  namespace kernels = ops::kernels;
  EXPECT_EQ(kernels::parts_for(100, 1e9), 3);
  EXPECT_EQ(kernels::parts_for(2, 1e9), 2);
  EXPECT_EQ(kernels::parts_for(100, 1e3), 1);
  EXPECT_EQ(kernels::parts_for(0, 1e9), 1);
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
  convolution(2);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    convolution(2);
    std::exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace tapegrad::testing
