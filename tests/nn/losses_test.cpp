// Hinge, logistic and regression losses: MISSION's worked numbers (R1–R3, R6, R7, L3, T1),
// gradients, errors.

#include <tapegrad/nn/losses.hpp>

#include <cmath>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/testing/matchers.hpp>

#include "support/allocations.hpp"
#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using nn::HingeOptions;
using nn::Reduction;

/// Scores away from each other's margins, and without meaning.
const Array<double> scores_of_four =
    array({4, 3}, {1, 2, -1.2, 0.5, 3, 3.3, -2, 0.1, 0.4, 7, 1.25, 1.5});
const std::vector<int> labels_of_four = {2, 0, 1, 0};

HingeOptions hinge_options(double margin, bool squared, Reduction reduction = Reduction::mean,
                           const std::vector<double>& class_weights = {}) {
  HingeOptions options;
  options.margin = margin;
  options.squared = squared;
  options.reduction = reduction;
  options.class_weights = class_weights;
  return options;
}

double svm(const std::vector<double>& scores, int label, double margin = 1) {
  Tape tape;
  return nn::multiclass_hinge_loss(tape.data(array({1, scores.size()}, scores)),
                                   std::vector<int>{label}, hinge_options(margin, false))
      .item();
}

TEST(MulticlassHinge, WorkedNumbers) {
  EXPECT_EQ(svm({13, -7, 11}, 0, 10), 8);
  EXPECT_NEAR(svm({-2.85, 0.86, 0.28}, 2), 1.58, 1e-14);
  EXPECT_EQ(svm({10, -2, 3}, 0), 0);
  EXPECT_EQ(svm({10, -100, -100}, 0), 0);
  EXPECT_EQ(svm({10, 9, 9}, 0), 0);
}

TEST(MulticlassHinge, StartsAtTheNumberOfWrongClasses) {
  Tape tape;
  const Var scores = tape.data(Array<double>(std::vector<std::size_t>{5, 10}, 0.0));
  EXPECT_EQ(nn::multiclass_hinge_loss(scores, std::vector<int>{0, 3, 9, 9, 1}).item(), 9);
}

TEST(MulticlassHinge, GradientCountsViolatedMargins) {
  // R3, with x = 1 for each class: two margins are violated in the first row, none in the second.
  Tape tape;
  const Var scores = tape.variable(array({2, 3}, {1, 0.5, 3, -2, 5, 0}));
  nn::multiclass_hinge_loss(scores, std::vector<int>{0, 1}, hinge_options(1, false, Reduction::sum))
      .backward();
  expect_numbers(scores.grad(), {-2, 1, 1, 0, 0, 0});
}

TEST(MulticlassHinge, OptionsByTheDefinition) {
  for (const double margin : {0.0, 1.0, 10.0}) {
    for (const bool squared : {false, true}) {
      for (const std::vector<double>& weights :
           {std::vector<double>{}, std::vector<double>{0.5, 0, 3}}) {
        std::vector<double> each;
        double total = 0;
        for (std::size_t n = 0; n < 4; ++n) {
          const auto y = static_cast<std::size_t>(labels_of_four[n]);
          double loss = 0;
          for (std::size_t j = 0; j < 3; ++j) {
            if (j == y) continue;
            const double term = std::max(0.0, scores_of_four(n, j) - scores_of_four(n, y) + margin);
            loss += squared ? term * term : term;
          }
          each.push_back(weights.empty() ? loss : weights[y] * loss);
          total += each.back();
        }
        const auto loss = [&](const Var& x, Reduction reduction) {
          return nn::multiclass_hinge_loss(x, labels_of_four,
                                           hinge_options(margin, squared, reduction, weights));
        };
        for (const Precision precision : {f32, f64}) {
          Tape tape(precision);
          const Var x = tape.variable(scores_of_four);
          const double digits = precision == f32 ? 1e-6 : 1e-14;
          expect_arrays(loss(x, Reduction::none).value(), array({4}, each), digits);
          EXPECT_NEAR(loss(x, Reduction::sum).item(), total, digits * std::max(1.0, total));
          EXPECT_NEAR(loss(x, Reduction::mean).item(), total / 4, digits * std::max(1.0, total));
          EXPECT_GRADIENTS_OK(loss(x, Reduction::mean));
          EXPECT_GRADIENTS_OK(sum(loss(x, Reduction::none) * array({4}, {1, -2, 3, 0.5})));
        }
      }
    }
  }
}

TEST(MulticlassHinge, AtItsMarginHasNoGradient) {
  Tape tape;
  const Var scores = tape.variable(array({1, 3}, {10, 9, 9}));
  const Var loss = nn::multiclass_hinge_loss(scores, std::vector<int>{0});
  loss.backward();
  expect_numbers(scores.grad(), {0, 0, 0});
  const GradcheckReport report = gradcheck(loss);
  EXPECT_EQ(report.count(Verdict::tie), 3) << to_string(report);
  EXPECT_FALSE(report.wrong_rule) << to_string(report);
}

TEST(MulticlassHinge, SurvivesLargeScores) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var x = tape.variable(array({2, 2}, {1e4, -1e4, -1e4, 1e4}));
    const Var loss = nn::multiclass_hinge_loss(x, std::vector<int>{0, 0});
    EXPECT_EQ(loss.item(), 20001.0 / 2);
    loss.backward();
    expect_numbers(x.grad(), {0, 0, -0.5, 0.5});
  }
}

TEST(MulticlassHinge, OneClassCostsNothing) {
  EXPECT_EQ(svm({3}, 0), 0);
}

TEST(MulticlassHinge, FollowsLabelsThatChange) {
  Tape tape;
  const Var labels = tape.data({0});
  const Var loss = nn::multiclass_hinge_loss(tape.variable(array({1, 3}, {13, -7, 11})), labels,
                                             hinge_options(10, false));
  EXPECT_EQ(loss.item(), 8);
  labels.set_value({1});
  tape.replay();
  EXPECT_EQ(loss.item(), 30 + 28);
}

TEST(MulticlassHinge, LabelsAndOptionsThatMakeNoSense) {
  Tape tape;
  const Var x = tape.variable(scores_of_four);
  const std::vector<int> no_class = {0, 1, 3, 0}, too_few = {0, 1};
  int line = __LINE__ + 2;
  expect_error<ValueError>(
      [&] { nn::multiclass_hinge_loss(x, no_class); },
      {"[multiclass_hinge_loss]", "labels", "0 to 2", "got 3", "row 2", line_of(line)});
  line = __LINE__ + 1;
  expect_error<ShapeError>([&] { nn::multiclass_hinge_loss(x, too_few); },
                           {"[multiclass_hinge_loss]", "(4, 3)", "(2,)", line_of(line)});
  for (const double margin : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    expect_error<ValueError>(
        [&] { nn::multiclass_hinge_loss(x, labels_of_four, hinge_options(margin, false)); },
        {"[multiclass_hinge_loss]", "margin of 0 or more"});
  }
  expect_error<ShapeError>(
      [&] {
        nn::multiclass_hinge_loss(x, labels_of_four,
                                  hinge_options(1, false, Reduction::mean, {1, 2}));
      },
      {"[multiclass_hinge_loss]", "each of 3 classes", "got 2"});
  expect_error<ValueError>(
      [&] {
        nn::multiclass_hinge_loss(x, labels_of_four,
                                  hinge_options(1, false, Reduction::mean, {1, -2, 1}));
      },
      {"[multiclass_hinge_loss]", "weights of 0 or more", "got -2"});
  EXPECT_EQ(tape.size(), 1U);
  expect_error<ShapeError>(
      [&] {
        nn::multiclass_hinge_loss(tape.data(array({0, 3}, {})), std::vector<int>{});
      },
      {"[mean]"});
}

TEST(Hinge, SumsOverAttributes) {
  for (const bool squared : {false, true}) {
    Tape tape;
    const Var f = tape.variable(array({2, 3}, {0.5, -2, 3, 0.25, 1.5, -0.5}));
    const Array<double> y = array({2, 3}, {1, 1, -1, -1, 1, 1});
    // The terms 1 − y·f are (0.5, 3, 4) and (1.25, −0.5, 1.5).
    const std::vector<double> each = squared ? std::vector<double>{0.25 + 9 + 16, 1.5625 + 2.25}
                                             : std::vector<double>{7.5, 2.75};
    const auto loss = [&](Reduction reduction) {
      return nn::hinge_loss(f, y, hinge_options(1, squared, reduction));
    };
    expect_numbers(loss(Reduction::none).value(), each);
    EXPECT_EQ(loss(Reduction::sum).item(), each[0] + each[1]);
    EXPECT_EQ(loss(Reduction::mean).item(), (each[0] + each[1]) / 2);
    EXPECT_GRADIENTS_OK(loss(Reduction::mean));
    const Var weighted = nn::hinge_loss(f, y, hinge_options(1, false, Reduction::none, {2, 0, 1}));
    expect_numbers(weighted.value(), {1 + 4, 2.5 + 1.5});
    EXPECT_GRADIENTS_OK(sum(weighted));
  }
}

TEST(Hinge, OfOneOutputEqualsItsMulticlassForm) {
  // L3: with f = s₁ − s₀ two classes are one decision.
  Tape tape;
  const Var s = tape.variable(array({4, 2}, {1, 2, 0.5, -0.25, -3, 3, 0, 0.5}));
  const std::vector<int> labels = {0, 1, 1, 0};
  const std::vector<double> signs = {-1, 1, 1, -1};
  const Var f = reshape(slice(s, 1, 1, 2) - slice(s, 1, 0, 1), {4});
  const Var binary = nn::hinge_loss(f, signs), multiclass = nn::multiclass_hinge_loss(s, labels);
  EXPECT_EQ(binary.item(), multiclass.item());
  const Array<double> first = grad(binary, {s})[0].value();
  expect_arrays(first, grad(multiclass, {s})[0].value());

  const std::vector<double> ones = {0, 1, 1, 0};
  const Var logistic = nn::binary_cross_entropy_with_logits(f, ones);
  const Var softmax = nn::cross_entropy(s, labels);
  EXPECT_NEAR(logistic.item(), softmax.item(), 1e-15);
  expect_arrays(grad(logistic, {s})[0].value(), grad(softmax, {s})[0].value(), 1e-15);
}

TEST(Hinge, AtItsMarginHasNoGradient) {
  Tape tape;
  const Var f = tape.variable({1, -1});
  const Var loss = nn::hinge_loss(f, std::vector<int>{1, -1});
  loss.backward();
  expect_numbers(f.grad(), {0, 0});
  EXPECT_EQ(gradcheck(loss).count(Verdict::tie), 2);
}

TEST(Hinge, TargetsThatAreNoSigns) {
  Tape tape;
  const Var f = tape.variable({1, -1});
  const std::vector<int> zero_one = {1, 0};
  const Array<double> column = array({2, 1}, {1, 1});
  int line = __LINE__ + 1;
  expect_error<ValueError>([&] { nn::hinge_loss(f, zero_one); },
                           {"[hinge_loss]", "1 or -1", "got 0", "element 1", line_of(line)});
  expect_error<ValueError>(
      [&] {
        nn::hinge_loss(f, tape.data({2, 1}));
      },
      {"[hinge_loss]", "got 2", "element 0"});
  line = __LINE__ + 1;
  expect_error<ShapeError>([&] { nn::hinge_loss(f, column); },
                           {"[hinge_loss]", "(2,)", "(2, 1)", line_of(line)});
  expect_error<ShapeError>([&] { nn::hinge_loss(tape.variable(1), 1); },
                           {"[hinge_loss]", "(N) or (N, K)"});
  EXPECT_THROW(nn::hinge_loss(f, Parameter({1, 3})), ValueError);
}

TEST(BinaryCrossEntropy, GradientIsProbabilityMinusTarget) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const std::vector<double> logits = {1, -2, 0, 0.5, 3, -40}, y = {1, 0, 0.25, 0, 1, 1};
    const Var f = tape.variable(array({2, 3}, logits));
    nn::BinaryCrossEntropyOptions options;
    options.reduction = Reduction::none;
    const Var each = nn::binary_cross_entropy_with_logits(f, array({2, 3}, y), options);
    sum(each).backward();
    const double digits = precision == f32 ? 1e-6 : 1e-14;
    for (std::size_t i = 0; i < 6; ++i) {
      const double p = 1 / (1 + std::exp(-logits[i]));
      const double expected = -y[i] * std::log(p) - (1 - y[i]) * std::log1p(-p);
      EXPECT_NEAR(each.value().data()[i], expected, digits * std::max(1.0, expected));
      EXPECT_NEAR(f.grad().data()[i], p - y[i], digits);
    }
    EXPECT_NEAR(nn::binary_cross_entropy_with_logits(f, array({2, 3}, y)).item(), mean(each).item(),
                digits * 10);
    EXPECT_GRADIENTS_OK(nn::binary_cross_entropy_with_logits(f, array({2, 3}, y)));
  }
}

TEST(BinaryCrossEntropy, KeepsItsDigitsForLogitsOfAnySize) {
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const Var f = tape.variable({1e4, -1e4, 1e4, -1e4, 40, -40});
    nn::BinaryCrossEntropyOptions options;
    options.reduction = Reduction::none;
    const Var each =
        nn::binary_cross_entropy_with_logits(f, std::vector<int>{1, 0, 0, 1, 1, 0}, options);
    const double small = std::exp(-40);
    expect_numbers(each.value(), {0, 0, 1e4, 1e4, small, small}, small * 1e-6);
    sum(each).backward();
    expect_numbers(f.grad(), {0, 0, 1, -1, -small, small}, small * 1e-6);
  }
}

TEST(BinaryCrossEntropy, PositiveWeights) {
  Tape tape;
  const Var f = tape.variable(array({2, 2}, {1, -2, 0.5, 0}));
  const Array<double> y = array({2, 2}, {1, 1, 0, 0.5});
  nn::BinaryCrossEntropyOptions options;
  options.positive_weights = {3, 0.5};
  options.reduction = Reduction::none;
  const Var each = nn::binary_cross_entropy_with_logits(f, y, options);
  const auto softplus = [](double x) { return std::log1p(std::exp(x)); };
  expect_numbers(each.value(),
                 {3 * softplus(-1), 0.5 * softplus(2), softplus(0.5),
                  0.5 * 0.5 * std::log(2) + 0.5 * std::log(2)},
                 1e-15);
  EXPECT_GRADIENTS_OK(sum(each));
  options.positive_weights = {3};
  EXPECT_NEAR(nn::binary_cross_entropy_with_logits(tape.variable(1), 1, options).item(),
              3 * softplus(-1), 1e-15);
  expect_error<ShapeError>([&] { nn::binary_cross_entropy_with_logits(f, y, options); },
                           {"[binary_cross_entropy_with_logits]", "each of 2", "got 1"});
}

TEST(BinaryCrossEntropy, TargetsThatAreNoProbabilities) {
  Tape tape;
  const Var f = tape.variable({1, -1});
  for (const double y : {-1.0, 1.5, std::nan("")}) {
    const std::vector<double> targets = {0, y};
    const int line = __LINE__ + 2;
    expect_error<ValueError>(
        [&] { nn::binary_cross_entropy_with_logits(f, targets); },
        {"[binary_cross_entropy_with_logits]", "from 0 to 1", "element 1", line_of(line)});
  }
  expect_error<ShapeError>([&] { nn::binary_cross_entropy_with_logits(f, 1); }, {"(2,)", "()"});
  EXPECT_EQ(tape.size(), 1U);
}

TEST(Regression, SummedOverOutputsOrAveraged) {
  Tape tape;
  const Var f = tape.variable(array({2, 3}, {1, 2, 3, 0, -1, 5}));
  const Array<double> y = array({2, 3}, {0, 4, 3.5, 0.5, 1, 5});
  // The differences are (1, −2, −0.5) and (−0.5, −2, 0).
  expect_numbers(nn::squared_error(f, y, Reduction::none).value(), {5.25, 4.25});
  EXPECT_EQ(nn::squared_error(f, y, Reduction::sum).item(), 9.5);
  EXPECT_EQ(nn::squared_error(f, y).item(), 4.75);
  expect_numbers(nn::mse_loss(f, y, Reduction::none).value(), {1, 4, 0.25, 0.25, 4, 0});
  EXPECT_EQ(nn::mse_loss(f, y, Reduction::sum).item(), 9.5);
  EXPECT_NEAR(nn::mse_loss(f, y).item(), 9.5 / 6, 1e-15);
  expect_numbers(nn::absolute_error(f, y, Reduction::none).value(), {3.5, 2.5});
  EXPECT_EQ(nn::absolute_error(f, y, Reduction::sum).item(), 6);
  EXPECT_EQ(nn::absolute_error(f, y).item(), 3);
  expect_numbers(nn::l1_loss(f, y, Reduction::none).value(), {1, 2, 0.5, 0.5, 2, 0});
  EXPECT_EQ(nn::l1_loss(f, y, Reduction::sum).item(), 6);
  EXPECT_EQ(nn::l1_loss(f, y).item(), 1);
}

TEST(Regression, Gradients) {
  Tape tape;
  const Var f = tape.variable(array({2, 2}, {1, 2, 0, 5}));
  const Var y = tape.variable(array({2, 2}, {0, 4, 0.5, 4.5}));
  const Array<double> twice = array({2, 2}, {2, -4, -1, 1});
  const Array<double> sign = array({2, 2}, {1, -1, -1, 1});
  expect_arrays(grad(nn::squared_error(f, y, Reduction::sum), {f})[0].value(), twice);
  expect_arrays(grad(nn::absolute_error(f, y, Reduction::sum), {f})[0].value(), sign);
  EXPECT_GRADIENTS_OK(nn::squared_error(f, y));
  EXPECT_GRADIENTS_OK(nn::absolute_error(f, y));
  EXPECT_GRADIENTS_OK(nn::mse_loss(f, y));
  EXPECT_GRADIENTS_OK(nn::l1_loss(f, y));
  // Where output and target are equal the L1 loss has a kink: slope 0.
  const Var same = nn::l1_loss(f, f.value());
  same.backward();
  expect_numbers(f.grad(), {0, 0, 0, 0});
  EXPECT_EQ(gradcheck(same).count(Verdict::tie), 4);
}

TEST(Regression, OneOutputPerSampleAndScalars) {
  Tape tape;
  const Var f = tape.variable({1, 2});
  EXPECT_EQ(nn::squared_error(f, std::vector<double>{0, 4}).item(), 2.5);
  expect_numbers(nn::absolute_error(f, std::vector<double>{0, 4}, Reduction::none).value(), {1, 2});
  EXPECT_EQ(nn::squared_error(tape.variable(3), 1).item(), 4);
}

TEST(Regression, ShapesThatDiffer) {
  Tape tape;
  const Var f = tape.variable(array({2, 1}, {1, 2}));
  const std::vector<double> y = {1, 2};
  const int line = __LINE__ + 1;
  expect_error<ShapeError>([&] { nn::mse_loss(f, y); },
                           {"[mse_loss]", "(2, 1)", "(2,)", line_of(line)});
  expect_error<ShapeError>([&] { nn::l1_loss(f, y); }, {"[l1_loss]"});
  expect_error<ShapeError>([&] { nn::squared_error(f, y); }, {"[squared_error]"});
  expect_error<ShapeError>([&] { nn::absolute_error(f, y); }, {"[absolute_error]"});
  EXPECT_EQ(tape.size(), 1U);
}

TEST(Losses, RecordOnTheTapeOfTheScores) {
  Tape outer;
  const Var scores = outer.variable(scores_of_four);
  Tape inner;
  const Array<double> y = array({4, 3}, std::vector<double>(12, 1));
  nn::multiclass_hinge_loss(scores, labels_of_four,
                            hinge_options(1, false, Reduction::mean, {1, 2, 3}));
  nn::hinge_loss(scores, y, hinge_options(1, false, Reduction::mean, {1, 2, 3}));
  nn::BinaryCrossEntropyOptions options;
  options.positive_weights = {1, 2, 3};
  nn::binary_cross_entropy_with_logits(scores, y, options);
  nn::squared_error(scores, y);
  EXPECT_EQ(inner.size(), 0U);
}

TEST(Losses, TakeScoresOfAnyKind) {
  const Tape tape;
  const Parameter scores(scores_of_four);
  EXPECT_EQ(nn::multiclass_hinge_loss(scores, labels_of_four).item(),
            nn::multiclass_hinge_loss(scores_of_four, labels_of_four).item());
}

TEST(Losses, ASteadyStepTakesNothingFromTheHeap) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer counts allocations itself";
  const Array<double> signs = array({4, 3}, std::vector<double>(12, 1));
  const HingeOptions hinge = hinge_options(1, true, Reduction::mean, {1, 2, 3});
  nn::CrossEntropyOptions smooth;
  smooth.label_smoothing = 0.1;
  smooth.class_weights = {1, 2, 3};
  const std::vector<std::function<Var(const Var&)>> losses = {
      [&](const Var& x) { return nn::cross_entropy(x, labels_of_four, smooth); },
      [&](const Var& x) { return nn::multiclass_hinge_loss(x, labels_of_four, hinge); },
      [&](const Var& x) { return nn::hinge_loss(x, signs, hinge); },
      [&](const Var& x) { return nn::binary_cross_entropy_with_logits(x, signs); },
      [&](const Var& x) { return nn::squared_error(x, signs); },
  };
  for (std::size_t k = 0; k < losses.size(); ++k) {
    std::int64_t taken = 0;
    for (int step = 0; step < 5; ++step) {
      const std::int64_t before = allocations();
      {
        Tape tape;
        losses[k](tape.variable(scores_of_four)).backward();
      }
      taken = allocations() - before;
    }
    EXPECT_EQ(taken, 0) << "loss " << k;
  }
}

}  // namespace
}  // namespace tapegrad::testing
