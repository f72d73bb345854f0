// Running out of memory is an exception, after which tape and parameters go on working.

#include <memory>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/allocations.hpp"
#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

/// A network with gates of every kind: scalars, tensors, views, lists of operands.
Var loss(Tape& tape, const Parameter& weight, const Parameter& slope) {
  const Var x = tape.data(array({2, 3}, {1, 2, -1, 0.5, -2, 3}));
  const Var hidden = tanh(matmul(x, weight)) * slope;
  const Var joined = concat({hidden, reshape(hidden, {2, 2})}, 1);
  Var total = sum(softmax_cross_entropy(joined, std::vector<int>{1, 3}));
  for (int i = 0; i < 300; ++i)
    total = total * 1.001 + 0.01;  // Longer than a new tape has room for.
  // As much memory again as all before: backward needs more than recording has reserved.
  Var wide = broadcast_to(total, {5000});
  for (int i = 0; i < 3; ++i) wide = tanh(wide);
  return total + mean(wide) + sum(joined) * slope;
}

struct Gradients {
  Array<double> weight, slope;
};

/// Backward through the network on a tape that may have gone through anything.
Gradients gradients(Tape& tape, Parameter& weight, Parameter& slope) {
  weight.zero_grad();
  slope.zero_grad();
  tape.zero_grad();
  loss(tape, weight, slope).backward();
  return {weight.grad(), slope.grad()};
}

/// Tapes that are kept: without them a new tape would get a block that has memory already.
class OutOfMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer has its own memory functions";
    for (int i = 0; i < 100; ++i) kept_.push_back(std::make_unique<Tape>(f64));
    expected_ = gradients(*kept_.back(), weight_, slope_);
    weight_.zero_grad();
    slope_.zero_grad();
  }

  /// Lets `action(tape)` run out of memory at its first, second, … allocation until it comes to its
  /// end, on a new tape each time, and checks after each that everything goes on.
  template <class Prepare, class Action>
  void run_out(Prepare prepare, Action action) {
    const Array<double> value = weight_.value();
    std::int64_t failures = 0;
    for (bool finished = false; !finished; ++failures) {
      ASSERT_LT(failures, 1000);
      SCOPED_TRACE("after " + std::to_string(failures) + " allocations");
      kept_.push_back(std::make_unique<Tape>(f64));
      Tape& tape = *kept_.back();
      prepare(tape);
      try {
        const OutOfMemory out(failures);
        action(tape);
        finished = true;
      } catch (const std::bad_alloc&) {
        EXPECT_FALSE(weight_.has_grad());
        EXPECT_FALSE(slope_.has_grad());
      }
      expect_arrays(weight_.value(), value);
      const Gradients got = gradients(tape, weight_, slope_);
      expect_arrays(got.weight, expected_.weight);
      expect_arrays(got.slope, expected_.slope);
      weight_.zero_grad();
      slope_.zero_grad();
    }
    EXPECT_GT(failures, 1) << "nothing was allocated";
  }

  Parameter weight_ = Parameter(array({3, 2}, {0.1, -0.2, 0.3, 0.4, -0.5, 0.6}), f64);
  Parameter slope_ = Parameter(2.0, f64);
  std::vector<std::unique_ptr<Tape>> kept_;
  Gradients expected_;
};

TEST_F(OutOfMemoryTest, WhileRecording) {
  run_out([](Tape&) {}, [&](Tape& tape) { loss(tape, weight_, slope_); });
}

TEST_F(OutOfMemoryTest, DuringBackward) {
  Var y;
  run_out([&](Tape& tape) { y = loss(tape, weight_, slope_); },
          [&](Tape&) {
            y.backward();
            weight_.zero_grad();
            slope_.zero_grad();
          });
}

TEST_F(OutOfMemoryTest, WhileGradientsAreRecorded) {
  Var x, y;
  run_out(
      [&](Tape& tape) {
        x = tape.variable(array({3, 2}, {1, 2, 3, 4, 5, 6}));
        y = loss(tape, weight_, slope_) + sum(prod(x, 0)) + logsumexp(x);
      },
      [&](Tape&) { grad(y, {x}); });
}

TEST_F(OutOfMemoryTest, DuringReplay) {
  Var y;
  run_out([&](Tape& tape) { y = loss(tape, weight_, slope_); },
          [&](Tape& tape) {
            tape.replay();
            tape.replay(f32);
          });
}

TEST_F(OutOfMemoryTest, WhileALentValueIsReplaced) {
  const Array<double> lent = xt::zeros<double>({200'000});
  const Array<double> other = xt::ones<double>({200'000});
  Tape tape(f64);
  const Var x = tape.data(lent);
  {
    const OutOfMemory out(0);
    EXPECT_THROW(x.set_value(other), std::bad_alloc);
  }
  EXPECT_EQ(x.value()(0), 0);
  x.set_value(other);
  EXPECT_EQ(x.value()(0), 1);
  EXPECT_EQ(lent(0), 0);
}

TEST_F(OutOfMemoryTest, WhileATapeOpensAndEnds) {
  run_out([](Tape&) {},
          [&](Tape&) {
            Tape inner(f64);
            loss(inner, weight_, slope_);
            inner.reset();
            loss(inner, weight_, slope_);
          });
}

TEST_F(OutOfMemoryTest, SizesThatNoMachineHas) {
  Tape tape(f64);
  const Var x = tape.variable({1, 2});
  EXPECT_THROW(broadcast_to(x, {std::int64_t{1} << 50, 2}), std::bad_alloc);
  EXPECT_EQ(tape.size(), 1U);
  EXPECT_EQ(sum(x).item(), 3);
}

}  // namespace
}  // namespace tapegrad::testing
