// B8: from its third time on, an identical step takes nothing from the heap.

#include <functional>

#include <gtest/gtest.h>

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/detail/arena.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/threads.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/architecture.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/optim/sgd.hpp>
#include <tapegrad/train/fit.hpp>

#include "support/allocations.hpp"
#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

/// The most allocations that any run takes from the third one on.
std::int64_t steady_allocations(const std::function<void()>& step) {
  std::int64_t most = 0;
  for (int run = 1; run <= 6; ++run) {
    const std::int64_t before = allocations();
    step();
    const std::int64_t taken = allocations() - before;
    if (run >= 3) most = std::max(most, taken);
  }
  return most;
}

class Allocation : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer counts allocations itself";
  }
};

TEST_F(Allocation, TheCounterCounts) {
  struct alignas(128) Wide {
    char bytes[128];
  };
  const std::int64_t before = allocations();
  // Through a volatile pointer, or the compiler may leave out new and delete together.
  void* volatile memory = new int;
  delete static_cast<int*>(memory);
  EXPECT_EQ(allocations(), before + 1);
  memory = new Wide[2];
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(static_cast<void*>(memory)) % 128, 0U);
  delete[] static_cast<Wide*>(memory);
  EXPECT_EQ(allocations(), before + 2);
  Parameter::zeros({3});  // The library's aligned memory is seen too.
  EXPECT_GE(allocations(), before + 4);
}

/// Precision and mode of the tape.
class TrainingStep : public ::testing::TestWithParam<std::tuple<Precision, Mode>> {
 protected:
  void SetUp() override {
    if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer counts allocations itself";
  }
  Precision precision() const { return std::get<0>(GetParam()); }
  Mode mode() const { return std::get<1>(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(All, TrainingStep,
                         ::testing::Combine(::testing::Values(f32, f64),
                                            ::testing::Values(inspect, lean)));

TEST_P(TrainingStep, OfANetwork) {
  nn::Sequential model = nn::mlp({20, 30, 10, 4});  // In double, on tapes of both precisions.
  optim::SGD sgd(model.parameters(), 0.01, 0.9);
  const Array<float> inputs(std::vector<std::size_t>{16, 20}, 0.5F);
  const std::vector<int> labels(16, 3);
  double loss_value = 0;
  const std::int64_t taken = steady_allocations([&] {
    Tape tape(precision(), mode());
    const Var loss = nn::cross_entropy(model(tape.data(inputs)), labels);
    sgd.zero_grad();
    loss.backward();
    sgd.step();
    loss_value = loss.item();
  });
  EXPECT_EQ(taken, 0);
  EXPECT_GT(loss_value, 0);
}

TEST_P(TrainingStep, WithManyGates) {
  Parameter w(array({4, 6}, std::vector<double>(24, 0.1)), precision()), s(0.5, precision());
  optim::SGD sgd({w, s}, 1e-3);
  const xt::xarray<double> x = xt::ones<double>({8, 6});
  const std::int64_t taken = steady_allocations([&] {
    Tape tape(precision(), mode());
    const Var h = tanh(matmul(x, w, {false, true}) * s) * dropout_mask({{8, 4}, 0.25, 3});
    const Var both = relu(h - 0.1) + transpose(transpose(h));
    const Var spread = both - amax(both, 1, true) + where(both > 0, both, 0.5 * both);
    const Var loss =
        mean(spread * spread) + sum(reshape(slice(spread, 1, 1, 4), {24})) + 0.01 * sum(w * w);
    loss.backward();
    sgd.step();
    sgd.zero_grad();
  });
  EXPECT_EQ(taken, 0);
}

TEST_P(TrainingStep, WithConcat) {
  const std::int64_t taken = steady_allocations([&] {
    Tape tape(precision(), mode());
    const Var x = tape.variable({1, 2, 3});
    const Var y = concat({x, x * x, tanh(x)}, {0});
    sum(y * y).backward();
  });
  EXPECT_EQ(taken, 0);
}

TEST_P(TrainingStep, OfAScalarCircuit) {
  Parameter w(0.3, precision()), b(-0.1, precision());
  optim::SGD sgd({w, b}, 0.1, 0.5);
  double x_grad = 0;
  const std::int64_t taken = steady_allocations([&] {
    Tape tape(precision(), mode());
    const Var x = tape.variable(1.5);
    Var y = x;
    for (int i = 0; i < 20; ++i) y = tanh(y * w + b) + max(y, 0.1) * 0.01;
    y.backward();
    x_grad = x.grad_item();
    sgd.step();
    sgd.zero_grad();
  });
  EXPECT_EQ(taken, 0);
  EXPECT_NE(x_grad, 0);
}

TEST_P(TrainingStep, OnATapeThatIsReset) {
  Tape tape(precision(), mode());
  const std::int64_t taken = steady_allocations([&] {
    tape.reset();
    const Var x = tape.variable({1, 2, 3});
    sum(exp(x) / (1 + x * x)).backward();
  });
  EXPECT_EQ(taken, 0);
}

TEST_P(TrainingStep, WithTwoTapes) {
  Parameter w(array({3}, {1, 2, 3}), precision());
  const std::int64_t taken = steady_allocations([&] {
    Tape outer(precision(), mode());
    const Var x = sum(w * 2.0);
    {
      Tape inner(precision(), mode());
      sum(w * w).backward();
    }
    x.backward();
    w.zero_grad();
  });
  EXPECT_EQ(taken, 0);
}

TEST_F(Allocation, Evaluation) {
  nn::Sequential model = nn::mlp({20, 30, 4});
  const Array<float> inputs(std::vector<std::size_t>{16, 20}, 0.5F);
  const std::int64_t taken = steady_allocations([&] {
    const NoGrad no_grad;
    Tape tape(f32);
    model(tape.data(inputs));
  });
  EXPECT_EQ(taken, 0);
}

TEST_F(Allocation, ReplayAndBackwardAgain) {
  Tape tape;
  const Var x = tape.variable({1, 2, 3});
  const Var y = sum(tanh(x * x) / (1 + exp(x)));
  const std::int64_t taken = steady_allocations([&] {
    x.set_value({1, 1, 2});
    tape.replay();
    y.backward();
    y.backward(2.0);
    tape.zero_grad();
  });
  EXPECT_EQ(taken, 0);
}

TEST_F(Allocation, EpochsOfBatches) {
  const data::Dataset dataset = data::spiral(33, 3);
  data::Batches batches(dataset, 10, 1);
  std::size_t seen = 0;
  const std::int64_t taken = steady_allocations([&] {
    for (const data::Batch& batch : batches) seen += batch.size();
  });
  EXPECT_EQ(taken, 0);
  EXPECT_EQ(seen, 6 * 99U);
}

TEST_F(Allocation, EpochsOfAugmentedImages) {
  data::Dataset images;
  images.inputs.resize({33, 3, 8, 8});
  images.labels.assign(33, 0);
  images.classes = 1;
  data::Batches batches(images, 10, 1);
  batches.augment({0.5, 2, 0.1});
  std::size_t seen = 0;
  const std::int64_t taken = steady_allocations([&] {
    for (const data::Batch& batch : batches) seen += batch.size();
  });
  EXPECT_EQ(taken, 0);
  EXPECT_EQ(seen, 6 * 33U);
}

TEST_F(Allocation, TrainingLonger) {
  const data::Dataset dataset = data::spiral(33, 3);  // The last batch of an epoch is smaller.
  nn::Sequential model = nn::mlp({2, 20, 3});
  optim::SGD sgd(model.parameters(), 0.1, 0.9);
  const auto taken = [&](int epochs) {
    train::Options options;
    options.epochs = epochs;
    options.batch_size = 10;
    const std::int64_t before = allocations();
    train::fit(model, sgd, dataset, options);
    return allocations() - before;
  };
  taken(3);
  EXPECT_EQ(taken(2), taken(20));
}

TEST_F(Allocation, PiecesThatAreJoinedAndSplitAgainAndAgain) {
  detail::Arena arena;
  const auto rounds = [&](int count) {
    constexpr std::int64_t large = 1 << 20;
    for (int i = 0; i < count; ++i) {
      for (const std::int64_t bytes : {2 * large, large, large / 2}) {
        arena.release(arena.allocate(bytes), bytes);
      }
    }
  };
  rounds(3);
  const std::int64_t before = allocations(), reserved = arena.reserved();
  rounds(1000);
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(arena.reserved(), reserved);
}

TEST_F(Allocation, ALeanStepOfANetworkWhoseLayersShrink) {
  // Each thread keeps memory for its loops, and takes it with its first part of one.
  const int threads = num_threads();
  set_num_threads(1);
  set_default_precision(f32);
  nn::Sequential model =
      nn::Architecture("conv3-8 relu pool2 conv3-16 relu pool2 fc10", {3, 32, 32}).build();
  const std::vector<float> images(std::size_t{8} * 3 * 32 * 32, 0.1F);
  const std::vector<int> labels(8, 1);
  std::int64_t reserved = 0;
  const std::int64_t taken = steady_allocations([&] {
    Tape tape(lean);
    const Var x = tape.data(ArrayRef(images.data(), Shape{8, 3, 32, 32}));
    nn::cross_entropy(model(x), labels).backward();
    reserved = tape.memory().reserved;
  });
  set_default_precision(f64);
  set_num_threads(threads);
  EXPECT_EQ(taken, 0);
  EXPECT_GT(reserved, 1 << 20);
}

TEST_F(Allocation, AWholeEpochOfTraining) {
  set_default_precision(f32);
  const data::Dataset dataset = data::spiral(33, 3);
  data::Batches batches(dataset, 10, 1);  // The last batch of an epoch is smaller.
  nn::Sequential model = nn::mlp({2, 20, 3});
  optim::SGD sgd(model.parameters(), 0.1, 0.9);
  const std::int64_t taken = steady_allocations([&] {
    for (const data::Batch& batch : batches) {
      Tape tape(lean);
      const Var loss = nn::cross_entropy(model(tape.data(batch.inputs)), batch.labels);
      sgd.zero_grad();
      loss.backward();
      sgd.step();
    }
  });
  set_default_precision(f64);
  EXPECT_EQ(taken, 0);
}

}  // namespace
}  // namespace tapegrad::testing
