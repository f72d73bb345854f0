// Training beside a validation set: what is measured, when it ends, which weights it leaves, and
// who is told of it.

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/batch_norm.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/nn/penalty.hpp>
#include <tapegrad/nn/state_dict.hpp>
#include <tapegrad/optim/sgd.hpp>
#include <tapegrad/train/fit.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using train::Options;
using train::Progress;

nn::Sequential new_model(std::uint64_t seed = 1) {
  nn::manual_seed(seed);
  return nn::mlp({2, 16, 3});
}

Options options(int epochs) {
  Options result;
  result.epochs = epochs;
  result.batch_size = 10;
  return result;
}

std::vector<Array<double>> state_of(const nn::Module& model) {
  std::vector<Array<double>> result;
  for (const auto& [name, parameter] : nn::state_dict(model)) result.push_back(parameter.value());
  return result;
}

TEST(Validation, IsMeasuredAtTheEndOfEachEpochAndChangesNothing) {
  const data::Dataset spiral = data::spiral(10), other = data::spiral(7, 3, 1);
  nn::Sequential alone = new_model(), model = new_model();
  optim::SGD sgd(alone.parameters(), 0.1), again(model.parameters(), 0.1);
  Options with = options(3);
  with.validation = &other;
  int epochs = 0;
  const Progress last = train::fit(model, again, spiral, with, [&](const Progress& p) {
    EXPECT_EQ(p.validation_accuracy.has_value(), p.step == p.steps);
    EXPECT_EQ(p.validation_loss.has_value(), p.step == p.steps);
    if (p.step < p.steps) return;
    const train::Evaluation now = train::evaluate(model, other);
    EXPECT_EQ(*p.validation_accuracy, now.accuracy());
    EXPECT_EQ(*p.validation_loss, now.loss);
    ++epochs;
  });
  EXPECT_EQ(epochs, 3);
  EXPECT_FALSE(last.stopped);
  train::fit(alone, sgd, spiral, options(3));
  EXPECT_EQ(state_of(model), state_of(alone));
}

TEST(Validation, EndsTrainingWhenNothingGetsBetter) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model();
  optim::SGD sgd(model.parameters(), 0);  // Nothing ever does.
  Options stopping = options(50);
  stopping.validation = &spiral;
  for (const train::Watch watch : {train::Watch::accuracy, train::Watch::loss}) {
    stopping.early_stopping = {4, watch};
    const Progress last = train::fit(model, sgd, spiral, stopping);
    EXPECT_TRUE(last.stopped);
    EXPECT_EQ(last.epoch, 4);  // The first epoch, then four that are no better.
    EXPECT_EQ(last.best_epoch, 0);
    EXPECT_EQ(last.seconds_left, 0);
  }
}

TEST(Validation, MinDeltaIsWhatCountsAsBetter) {
  const data::Dataset spiral = data::spiral(10);
  Options stopping = options(20);
  stopping.validation = &spiral;
  for (const double min_delta : {0.0, 10.0}) {
    nn::Sequential model = new_model();
    optim::SGD sgd(model.parameters(), 0.01);
    stopping.early_stopping = {3, train::Watch::loss, min_delta};
    const Progress last = train::fit(model, sgd, spiral, stopping);
    EXPECT_EQ(last.epoch, min_delta == 0 ? 19 : 3);
  }
}

TEST(Validation, BringsTheBestWeightsBack) {
  const data::Dataset spiral = data::spiral(10);
  nn::manual_seed(1);
  nn::Sequential model(nn::Linear(2, 8), nn::BatchNorm1d(8), nn::Linear(8, 3));  // With buffers.
  optim::SGD sgd(model.parameters(), 0.05);
  std::vector<Array<double>> best;
  int steps = 0;
  Options stopping = options(12);
  stopping.validation = &spiral;
  stopping.early_stopping.restore_best = true;
  stopping.early_stopping.watch = train::Watch::loss;
  stopping.after_step = [&] {
    if (++steps == 6 * 3) sgd.set_learning_rate(50);  // From now on it gets worse.
  };
  const Progress last = train::fit(model, sgd, spiral, stopping, [&](const Progress& p) {
    if (p.step == p.steps && p.epoch == p.best_epoch) best = state_of(model);
  });
  EXPECT_EQ(last.epoch, 11);
  EXPECT_LE(last.best_epoch, 5);
  EXPECT_EQ(state_of(model), best);
}

TEST(Validation, RefusesWhatMakesNoSense) {
  const data::Dataset spiral = data::spiral(10), two_arms = data::spiral(10, 2);
  nn::Sequential model = new_model();
  optim::SGD sgd(model.parameters(), 0.1);
  const auto refuses = [&](const Options& bad, const std::vector<std::string>& words) {
    expect_error<ValueError>([&] { train::fit(model, sgd, spiral, bad); }, words);
  };
  Options bad = options(2);
  bad.early_stopping.patience = 1;
  refuses(bad, {"[fit]", "validation set", "got none"});
  bad.early_stopping = {0, train::Watch::loss, 0, true};
  refuses(bad, {"validation set"});
  bad.validation = &spiral;
  bad.early_stopping = {-1};
  refuses(bad, {"patience", "got -1"});
  bad.early_stopping = {1, train::Watch::loss, std::numeric_limits<double>::quiet_NaN()};
  refuses(bad, {"min_delta"});
  bad.early_stopping = {};
  bad.validation = &two_arms;
  refuses(bad, {"3 classes", "20 samples of 2 classes"});
  bad.validation = nullptr;
  bad.observers = {nullptr};
  refuses(bad, {"observers", "null"});
  EXPECT_EQ(model.parameters()[0].version(), new_model().parameters()[0].version());
}

TEST(Penalty, IsAddedToTheLossAndReportedApart) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model(), by_hand = new_model();
  optim::SGD sgd(model.parameters(), 0.1), again(by_hand.parameters(), 0.1);
  Options apart = options(2), together = options(2);
  apart.penalty = [&] { return nn::l2_penalty(model, 0.3); };
  together.loss = [&](const Var& scores, const std::vector<int>& labels) {
    return nn::cross_entropy(scores, labels) + nn::l2_penalty(by_hand, 0.3);
  };
  double before = 0;
  {
    Tape tape;
    before = nn::l2_penalty(model, 0.3).item();
  }
  double first = 0;
  const Progress one = train::fit(model, sgd, spiral, apart, [&](const Progress& p) {
    if (p.epoch == 0 && p.step == 1) first = p.penalty;
  });
  const Progress other = train::fit(by_hand, again, spiral, together);
  EXPECT_NEAR(first, before, 1e-12);
  EXPECT_EQ(one.loss, other.loss);
  EXPECT_GT(one.penalty, 0);
  EXPECT_EQ(other.penalty, 0);
  EXPECT_EQ(state_of(model), state_of(by_hand));
}

/// Writes down what it is told, and looks at a step's gates.
class Diary : public train::Observer {
 public:
  std::string text, error;
  double score_gradient = 0;

  void begin(const train::Run& run) override {
    EXPECT_EQ(run.steps, 3);
    EXPECT_EQ(run.options.epochs, 2);
    text += "begin ";
  }
  bool wants_values(int epoch, std::int64_t index) override { return epoch == 1 && index == 2; }
  void after_forward(const train::Step& step) override {
    text += std::to_string(step.epoch) + "." + std::to_string(step.index) + "f";
  }
  void before_update(const train::Step& step) override {
    text += "b";
    EXPECT_TRUE(step.loss.valid());
    EXPECT_EQ(step.scores.shape(), (Shape{static_cast<std::int64_t>(step.batch.size()), 3}));
    if (!wants_values(step.epoch, step.index)) return;
    for (const double g : step.scores.grad()) score_gradient += std::abs(g);
  }
  void after_update(const train::Step&) override { text += "u "; }
  void epoch_end(const Progress& p) override { text += "epoch" + std::to_string(p.epoch) + " "; }
  void end(const Progress&, const char* what) override {
    text += "end";
    if (what != nullptr) error = what;
  }
};

TEST(Observer, IsToldInOrderAndChangesNothing) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model(), alone = new_model();
  optim::SGD sgd(model.parameters(), 0.1), again(alone.parameters(), 0.1);
  Diary diary;
  Options watched = options(2);
  watched.observers = {&diary};
  train::fit(model, sgd, spiral, watched);
  EXPECT_EQ(diary.text, "begin 0.0fbu 0.1fbu 0.2fbu epoch0 1.0fbu 1.1fbu 1.2fbu epoch1 end");
  EXPECT_GT(diary.score_gradient, 0);
  EXPECT_EQ(diary.error, "");
  train::fit(alone, again, spiral, options(2));
  EXPECT_EQ(state_of(model), state_of(alone));
}

TEST(Observer, IsToldWhatEndsTraining) {
  const data::Dataset spiral = data::spiral(10);
  nn::Sequential model = new_model();
  optim::SGD sgd(model.parameters(), 0.1);
  Diary diary;
  Options watched = options(2);
  watched.observers = {&diary};
  watched.after_step = [&] {
    model.parameters()[0].set_value(
        array({16, 2}, std::vector<double>(32, std::numeric_limits<double>::infinity())));
  };
  EXPECT_THROW(train::fit(model, sgd, spiral, watched), NonFiniteError);
  EXPECT_EQ(diary.text, "begin 0.0fbu 0.1fend");
  EXPECT_NE(diary.error.find("first gate"), std::string::npos) << diary.error;
}

}  // namespace
}  // namespace tapegrad::testing
