// The training loop: what it reaches, what it reports, what it refuses.

#include <tapegrad/train/fit.hpp>

#include <cmath>
#include <regex>

#include <gtest/gtest.h>

#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/data/idx.hpp>
#include <tapegrad/data/mean_subtraction.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/optim/sgd.hpp>

#include "data/data_dir.hpp"
#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using train::Options;
using train::Progress;

Options options(int epochs, std::uint64_t seed = 1, Precision precision = f32) {
  Options result;
  result.epochs = epochs;
  result.seed = seed;
  result.precision = precision;
  return result;
}

nn::Sequential new_model(const std::vector<std::int64_t>& sizes, std::uint64_t seed,
                         Precision precision = f32) {
  set_default_precision(precision);
  nn::manual_seed(seed);
  nn::Sequential model = nn::mlp(sizes);
  set_default_precision(f64);
  return model;
}

// --- What it reaches ------------------------------------------------------------------------

TEST(SlowFit, SpiralWithAHiddenLayerOfAHundred) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const data::Dataset spiral = data::spiral(100, 3, seed);
    nn::Sequential model = new_model({2, 100, 3}, seed);
    optim::SGD sgd(model.parameters(), 0.1, 0.9);
    train::fit(model, sgd, spiral, options(200, seed));
    EXPECT_GE(train::accuracy(model, spiral, f32), 0.98) << seed;
  }
}

TEST(SlowFit, LinearSoftmaxStaysNearAHalf) {
  const data::Dataset spiral = data::spiral();
  nn::Sequential model = new_model({2, 3}, 1);
  optim::SGD sgd(model.parameters(), 0.1, 0.9);
  train::fit(model, sgd, spiral, options(100));
  const double accuracy = train::accuracy(model, spiral, f32);
  EXPECT_GE(accuracy, 0.4);
  EXPECT_LE(accuracy, 0.6);
}

TEST(SlowFit, FashionMnist) {
  SKIP_WITHOUT_FASHION_MNIST();
  data::Dataset train = flatten(data::load_fashion_mnist(fashion_mnist_dir(), data::Split::train));
  data::Dataset test = flatten(data::load_fashion_mnist(fashion_mnist_dir(), data::Split::test));
  const data::MeanSubtraction centre(train);
  centre.apply(train);
  centre.apply(test);
  double sum = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    nn::Sequential model = new_model({784, 128, 64, 10}, seed);
    optim::SGD sgd(model.parameters(), 0.05, 0.9);
    train::fit(model, sgd, train, options(5, seed));
    sum += train::accuracy(model, test, f32);
  }
  EXPECT_GE(sum / 5, 0.860);
}

TEST(Fit, TheSeedDecidesAll) {
  const data::Dataset spiral = data::spiral(20);
  const auto weights = [&](std::uint64_t seed, std::uint64_t order, Precision precision) {
    nn::Sequential model = new_model({2, 16, 3}, seed, precision);
    optim::SGD sgd(model.parameters(), 0.1, 0.9);
    train::fit(model, sgd, spiral, options(5, order, precision));
    return model.parameters()[0].value();
  };
  for (const Precision precision : {f32, f64}) {
    const Array<double> first = weights(4, 7, precision);
    EXPECT_EQ(weights(4, 7, precision), first);  // Bit for bit.
    EXPECT_NE(weights(5, 7, precision), first);
    EXPECT_NE(weights(4, 8, precision), first);
  }
}

// --- What it reports ------------------------------------------------------------------------

TEST(Fit, EqualsALoopByHandAndReportsItsFigures) {
  const data::Dataset spiral = data::spiral(15);  // 45 samples: batches of 32 and 13.
  nn::Sequential by_hand = new_model({2, 8, 3}, 3), fitted = new_model({2, 8, 3}, 3);

  struct Figures {
    double loss, accuracy;
  };
  std::vector<Figures> expected;
  optim::SGD sgd(by_hand.parameters(), 0.1, 0.9);
  data::Batches batches(spiral, 32, 1);
  for (int epoch = 0; epoch < 3; ++epoch) {
    double loss_sum = 0, correct = 0, seen = 0;
    for (const data::Batch& batch : batches) {
      Tape tape(f32);
      const Var scores = by_hand(tape.data(batch.inputs));
      const Var loss = nn::cross_entropy(scores, batch.labels);
      by_hand.zero_grad();
      loss.backward();
      sgd.step();
      const Array<double> s = scores.value();
      for (std::size_t n = 0; n < batch.size(); ++n) {
        const auto label = static_cast<std::size_t>(batch.labels[n]);
        bool wins = true;  // Of equal scores the first does.
        for (std::size_t k = 0; k < label; ++k) wins = wins && s(n, k) < s(n, label);
        for (std::size_t k = label; k < 3; ++k) wins = wins && s(n, k) <= s(n, label);
        correct += wins;
      }
      loss_sum += loss.item() * static_cast<double>(batch.size());
      seen += static_cast<double>(batch.size());
      expected.push_back({loss_sum / seen, correct / seen});
    }
  }

  optim::SGD again(fitted.parameters(), 0.1, 0.9);
  std::vector<Progress> reports;
  const Progress last = train::fit(fitted, again, spiral, options(3),
                                   [&](const Progress& p) { reports.push_back(p); });
  ASSERT_EQ(reports.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(reports[i].epoch, static_cast<int>(i / 2));
    EXPECT_EQ(reports[i].epochs, 3);
    EXPECT_EQ(reports[i].step, static_cast<std::int64_t>(i % 2 + 1));
    EXPECT_EQ(reports[i].steps, 2);
    EXPECT_NEAR(reports[i].loss, expected[i].loss, 1e-12);
    EXPECT_NEAR(reports[i].accuracy, expected[i].accuracy, 1e-12);
    EXPECT_GT(reports[i].samples_per_second, 0);
    EXPECT_GE(reports[i].seconds_left, 0);
  }
  EXPECT_EQ(reports.back().seconds_left, 0);
  EXPECT_EQ(last.loss, reports.back().loss);
  EXPECT_EQ(last.accuracy, reports.back().accuracy);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(fitted.parameters()[i].value(), by_hand.parameters()[i].value()) << i;
  }
}

TEST(Fit, AugmentsWhatItTrainsOn) {
  const data::Dataset spiral = data::spiral(15);
  Options noisy = options(2);
  noisy.augmentation.noise = 0.5;
  nn::Sequential by_hand = new_model({2, 3}, 3), fitted = new_model({2, 3}, 3);
  optim::SGD sgd(by_hand.parameters(), 0.1), again(fitted.parameters(), 0.1);
  data::Batches batches(spiral, 32, 1);
  batches.augment(noisy.augmentation);
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const data::Batch& batch : batches) {
      Tape tape(f32);
      const Var loss = nn::cross_entropy(by_hand(tape.data(batch.inputs)), batch.labels);
      by_hand.zero_grad();
      loss.backward();
      sgd.step();
    }
  }
  train::fit(fitted, again, spiral, noisy);
  EXPECT_EQ(fitted.parameters()[0].value(), by_hand.parameters()[0].value());

  noisy.augmentation.flip = 0.5;
  expect_error<ShapeError>([&] { train::fit(fitted, again, spiral, noisy); },
                           {"[augmentation]", "(C, H, W)", "(2,)"});
}

TEST(Fit, LossFallsFromLnK) {
  const data::Dataset spiral = data::spiral();
  nn::Sequential model = new_model({2, 30, 3}, 2);
  optim::SGD sgd(model.parameters(), 0.1, 0.9);
  double first = 0;
  const Progress last = train::fit(model, sgd, spiral, options(30), [&](const Progress& p) {
    if (first == 0) first = p.loss;
  });
  EXPECT_NEAR(first, std::log(3), 0.4);
  EXPECT_LT(last.loss, 0.7 * first);
}

TEST(Fit, AMonitorThatThrowsEndsTraining) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model({2, 3}, 1);
  model.eval();
  optim::SGD sgd(model.parameters(), 0.1);
  int steps = 0;
  EXPECT_THROW(train::fit(model, sgd, spiral, options(5),
                          [&](const Progress&) {
                            if (++steps == 2) throw std::runtime_error("enough");
                          }),
               std::runtime_error);
  EXPECT_EQ(steps, 2);
  EXPECT_FALSE(model.is_training());  // As it was before.
}

// --- Accuracy -------------------------------------------------------------------------------

TEST(Accuracy, CountsTheLargestScore) {
  data::Dataset dataset;
  dataset.inputs = Array<float>{{1, 0}, {0, 1}, {3, 2}, {-1, -2}, {5, 6}};
  dataset.labels = {0, 1, 1, 0, 0};  // The larger coordinate, wrong for the third and the last.
  dataset.classes = 2;
  nn::Sequential model(nn::Linear(2, 2));
  model.parameters()[0].set_value(array({2, 2}, {1, 0, 0, 1}));
  for (const Precision precision : {f32, f64}) {
    EXPECT_EQ(train::accuracy(model, dataset, precision), 0.6);
    EXPECT_EQ(train::accuracy(model, dataset, precision, 2), 0.6);
  }
  EXPECT_FALSE(model.parameters()[0].has_grad());
}

/// Scores that are right in evaluation only.
class RightInEvaluation : public nn::Module {
 public:
  Var forward(const Var& x) override { return is_training() ? -x : x * 1.0; }
};

TEST(Accuracy, RunsInEvaluationModeAndRestores) {
  data::Dataset dataset;
  dataset.inputs = Array<float>{{1, 0}, {0, 1}};
  dataset.labels = {0, 1};
  dataset.classes = 2;
  RightInEvaluation model;
  EXPECT_EQ(train::accuracy(model, dataset), 1);
  EXPECT_TRUE(model.is_training());
  model.eval();
  EXPECT_EQ(train::accuracy(model, dataset), 1);
  EXPECT_FALSE(model.is_training());
}

// --- What it refuses ------------------------------------------------------------------------

TEST(Fit, OptionsAndData) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model({2, 3}, 1);
  const Array<double> before = model.parameters()[0].value();
  optim::SGD sgd(model.parameters(), 0.1);
  expect_error<ValueError>([&] { train::fit(model, sgd, spiral, options(0)); },
                           {"[fit]", "epoch", "got 0"});
  Options bad = options(1);
  bad.batch_size = 0;
  expect_error<ValueError>([&] { train::fit(model, sgd, spiral, bad); }, {"batch size", "got 0"});
  data::Dataset empty;
  empty.inputs.resize({0, 2});
  empty.classes = 3;
  expect_error<ValueError>([&] { train::fit(model, sgd, empty, options(1)); }, {"empty"});
  expect_error<ValueError>([&] { train::accuracy(model, empty); }, {"empty"});
  data::Dataset mislabelled = spiral;
  mislabelled.labels[7] = 3;
  expect_error<ValueError>([&] { train::fit(model, sgd, mislabelled, options(1)); },
                           {"got 3", "sample 7"});
  EXPECT_EQ(model.parameters()[0].value(), before);
}

TEST(Fit, AModelWithOtherOutputs) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model({2, 4}, 1);
  optim::SGD sgd(model.parameters(), 0.1);
  expect_error<ShapeError>([&] { train::fit(model, sgd, spiral, options(1)); },
                           {"[fit]", "(batch, classes)", "(30, 3)", "(30, 4)"});
  expect_error<ShapeError>([&] { train::accuracy(model, spiral, f32); }, {"(30, 3)", "(30, 4)"});
  EXPECT_EQ(model.parameters()[0].version(), 1U);
}

TEST(Fit, AModelWithOtherInputs) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model({5, 3}, 1);
  optim::SGD sgd(model.parameters(), 0.1);
  expect_error<ShapeError>([&] { train::fit(model, sgd, spiral, options(1)); },
                           {"[Linear]", "5 features", "(30, 2)"});
}

TEST(Fit, AnOptimizerOfOtherParameters) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model({2, 3}, 1), other = new_model({2, 3}, 1);
  optim::SGD sgd(other.parameters(), 0.1);
  expect_error<TapeError>([&] { train::fit(model, sgd, spiral, options(1)); }, {"[SGD]"});
}

TEST(Fit, ALossThatIsNoNumberNamesTheGate) {
  const data::Dataset spiral = data::spiral(20);
  set_default_precision(f32);
  nn::manual_seed(1);
  nn::Sequential model(nn::Linear(2, 10), nn::Linear(10, 10), nn::Linear(10, 3));
  set_default_precision(f64);
  optim::SGD sgd(model.parameters(), 1e6);
  const std::string text =
      expect_error<NonFiniteError>([&] { train::fit(model, sgd, spiral, options(50)); });
  EXPECT_TRUE(std::regex_search(
      text, std::regex(R"(first gate.* is \[(linear|parameter|softmax_cross_entropy)\] at )"
                       R"([a-z_]+\.cpp:[0-9]+, gate [0-9]+)")))
      << text;
}

TEST(Fit, LeavesEachModuleInItsOwnMode) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model(nn::Linear(2, 3), nn::ReLU());
  std::vector<nn::Module*> parts;
  model.apply([&](nn::Module& part) { parts.push_back(&part); });
  parts[1]->eval();  // A frozen part of a model that trains.
  optim::SGD sgd(model.parameters(), 0.1);
  train::fit(model, sgd, spiral, options(1));
  train::accuracy(model, spiral);
  EXPECT_TRUE(parts[0]->is_training());
  EXPECT_FALSE(parts[1]->is_training());
  EXPECT_TRUE(parts[2]->is_training());
}

TEST(Fit, SaysHowMuchMemoryAStepNeeds) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model({2, 3}, 1);
  optim::SGD sgd(model.parameters(), 0.1);
  const std::int64_t bytes = train::fit(model, sgd, spiral, options(1)).step_bytes;
  EXPECT_GT(bytes, 0);
  EXPECT_LT(bytes, 100'000);
}

}  // namespace
}  // namespace tapegrad::testing
