// Figures of a classifier against numbers worked out by hand.

#include <tapegrad/train/evaluation.hpp>

#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/batch_norm.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/nn/state_dict.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using train::ClassFigures;
using train::Evaluation;

/// Its scores are its inputs.
class Identity : public nn::Module {
 public:
  Var forward(const Var& x) override { return x * 1.0; }
};

void expect_figures(const ClassFigures& got, double precision, double recall, double f1,
                    std::int64_t support, Place place = Place::here()) {
  const ::testing::ScopedTrace trace(place.file, place.line, "expect_figures");
  EXPECT_NEAR(got.precision, precision, 1e-15);
  EXPECT_NEAR(got.recall, recall, 1e-15);
  EXPECT_NEAR(got.f1, f1, 1e-15);
  EXPECT_EQ(got.support, support);
}

/// Three classes; of the labels 0 0 0 0 1 1 2 the model says 0 0 1 2 1 0 0.
data::Dataset seven_samples() {
  data::Dataset dataset;
  dataset.inputs =
      Array<float>{{1, 0, 0}, {3, 2, 1}, {0, 1, 0}, {0, 0, 1},
                   {0, 1, 0}, {2, 1, 0}, {1, 1, 1}};  // Of equal scores the first wins.
  dataset.labels = {0, 0, 0, 0, 1, 1, 2};
  dataset.classes = 3;
  dataset.class_names = {"cat", "dog", "bird"};
  return dataset;
}

TEST(Evaluation, CountsAndFigures) {
  Identity model;
  for (const int batch_size : {1, 3, 256}) {
    const Evaluation e = train::evaluate(model, seven_samples(), {}, f64, batch_size);
    EXPECT_EQ(e.confusion, (std::vector<std::int64_t>{2, 1, 1, 1, 1, 0, 1, 0, 0}));
    EXPECT_EQ(e.count(0, 2), 1);
    EXPECT_EQ(e.samples(), 7);
    EXPECT_NEAR(e.accuracy(), 3.0 / 7, 1e-15);
    expect_figures(e.figures(0), 2.0 / 4, 2.0 / 4, 0.5, 4);
    expect_figures(e.figures(1), 1.0 / 2, 1.0 / 2, 0.5, 2);
    expect_figures(e.figures(2), 0, 0, 0, 1);  // Chosen once, never rightly.
    expect_figures(e.macro_average(), 1.0 / 3, 1.0 / 3, 1.0 / 3, 7);
    expect_figures(e.weighted_average(), 3.0 / 7, 3.0 / 7, 3.0 / 7, 7);
    double loss = 0;
    const data::Dataset samples = seven_samples();
    for (std::size_t i = 0; i < 7; ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < 3; ++k)
        sum += std::exp(static_cast<double>(samples.inputs(i, k)));
      loss += std::log(sum) - samples.inputs(i, static_cast<std::size_t>(samples.labels[i]));
    }
    EXPECT_NEAR(e.loss, loss / 7, 1e-14);
  }
}

TEST(Evaluation, WhatWouldBeZeroByZeroIsZero) {
  Evaluation e;
  e.classes = 3;
  e.confusion = {2, 0, 0, 1, 0, 0, 0, 0, 0};  // Class 1 is never chosen, class 2 has no samples.
  expect_figures(e.figures(0), 2.0 / 3, 1, 0.8, 2);
  expect_figures(e.figures(1), 0, 0, 0, 1);
  expect_figures(e.figures(2), 0, 0, 0, 0);
  expect_figures(e.macro_average(), 2.0 / 9, 1.0 / 3, 0.8 / 3, 3);
  expect_figures(e.weighted_average(), 4.0 / 9, 2.0 / 3, 1.6 / 3, 3);
  EXPECT_EQ(Evaluation{}.accuracy(), 0);
  expect_figures(Evaluation{}.macro_average(), 0, 0, 0, 0);
}

TEST(Evaluation, Tables) {
  Identity model;
  const Evaluation e = train::evaluate(model, seven_samples());
  EXPECT_EQ(e.confusion_table(),
            "is \\ taken for  cat  dog  bird\n"
            "cat               2    1     1\n"
            "dog               1    1     0\n"
            "bird              1    0     0\n");
  const std::string table = e.to_table();
  EXPECT_EQ(table.substr(0, table.find("accuracy")),
            "class             precision  recall      f1  support\n"
            "cat                  0.5000  0.5000  0.5000        4\n"
            "dog                  0.5000  0.5000  0.5000        2\n"
            "bird                 0.0000  0.0000  0.0000        1\n"
            "macro average        0.3333  0.3333  0.3333        7\n"
            "weighted average     0.4286  0.4286  0.4286        7\n");
  EXPECT_NE(table.find("accuracy 0.4286, loss "), std::string::npos);
  Evaluation nameless = e;
  nameless.class_names.clear();
  EXPECT_NE(nameless.to_table().find("\n2 "), std::string::npos);
}

TEST(Evaluation, TheLossIsTheOneGiven) {
  Identity model;
  const Evaluation e = train::evaluate(
      model, seven_samples(),
      [](const Var& scores, const std::vector<int>& labels) {
        return nn::multiclass_hinge_loss(scores, labels);
      },
      f64, 2);
  // Of each sample, with margin 1.
  const double hinge[] = {0, 0 + 0, 2 + 1, 1 + 2, 0, 2 + 0, 1 + 1};
  double sum = 0;
  for (const double h : hinge) sum += h;
  EXPECT_NEAR(e.loss, sum / 7, 1e-12);
}

TEST(Evaluation, ChangesNothingAndAgreesWithAccuracy) {
  const data::Dataset spiral = data::spiral(30);
  nn::Sequential model(nn::Linear(2, 8), nn::BatchNorm1d(8), nn::Linear(8, 3));
  std::vector<Array<double>> before;
  for (const auto& [name, parameter] : nn::state_dict(model)) before.push_back(parameter.value());
  const Evaluation e = train::evaluate(model, spiral);
  EXPECT_EQ(e.accuracy(), train::accuracy(model, spiral));
  std::size_t i = 0;
  for (const auto& [name, parameter] : nn::state_dict(model)) {
    EXPECT_EQ(parameter.value(), before[i++]);
    EXPECT_FALSE(parameter.has_grad());
  }
  EXPECT_TRUE(model.is_training());
}

TEST(Evaluation, Refuses) {
  data::Dataset empty;
  empty.inputs.resize({0, 3});
  empty.classes = 3;
  Identity model;
  expect_error<ValueError>([&] { train::evaluate(model, empty); }, {"empty"});
  data::Dataset fewer = seven_samples();
  fewer.class_names = {};
  fewer.classes = 4;
  expect_error<ShapeError>([&] { train::evaluate(model, fewer); },
                           {"[evaluate]", "(7, 4)", "(7, 3)"});
  const Evaluation e = train::evaluate(model, seven_samples());
  expect_error<ValueError>([&] { e.figures(3); }, {"[evaluation]", "from 0 to 2", "got 3"});
  expect_error<ValueError>([&] { e.figures(-1); }, {"got -1"});
}

}  // namespace
}  // namespace tapegrad::testing
