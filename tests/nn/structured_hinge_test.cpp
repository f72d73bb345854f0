// The structured SVM (MISSION R8): its multi-class form, chains against all their labellings,
// errors.

#include <tapegrad/nn/structured_hinge.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/autograd/testing/matchers.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using nn::Reduction;
using nn::Rival;

/// Classes as structures: the wrong class of the largest score, at a cost of Δ = 1.
nn::LossAugmentedSearch best_wrong_class(const std::vector<int>& labels) {
  return [labels](std::int64_t sample, const Array<double>& scores) {
    const auto label = static_cast<std::size_t>(labels[static_cast<std::size_t>(sample)]);
    std::size_t best = label == 0 ? 1 : 0;
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (j != label && scores(j) > scores(best)) best = j;
    }
    Rival rival{Array<double>(scores.shape(), 0.0), 1};
    rival.parts(best) = 1;
    return rival;
  };
}

Array<double> one_hot(const std::vector<int>& labels, std::size_t classes) {
  Array<double> result(std::vector<std::size_t>{labels.size(), classes}, 0.0);
  for (std::size_t n = 0; n < labels.size(); ++n)
    result(n, static_cast<std::size_t>(labels[n])) = 1;
  return result;
}

TEST(StructuredHinge, OfTwoClassesIsTheMulticlassSvm) {
  const std::vector<int> labels = {0, 1, 1, 0};
  const Array<double> numbers = array({4, 2}, {1, 2, 0.5, -0.25, -3, 3, 0, 0.5});
  Tape tape;
  const Var a = tape.variable(numbers), b = tape.variable(numbers);
  const Var structured =
      nn::structured_hinge_loss(a, one_hot(labels, 2), best_wrong_class(labels), Reduction::none);
  const Var multiclass =
      nn::multiclass_hinge_loss(b, labels, {1, false, std::vector<double>{}, Reduction::none});
  expect_arrays(structured.value(), multiclass.value());
  const Array<double> upstream = array({4}, {1, -2, 3, 4});
  structured.backward(upstream);
  multiclass.backward(upstream);
  expect_arrays(a.grad(), b.grad());
}

TEST(StructuredHinge, OfManyClassesIsTheLargestHinge) {
  // Crammer and Singer's form: equal to the sum of hinges where one margin is violated (the first
  // row), less where several are (the second).
  const std::vector<int> labels = {2, 0};
  Tape tape;
  const Var s = tape.variable(array({2, 3}, {-2.85, 0.86, 0.28, 0, 0.5, 0.25}));
  const Var each =
      nn::structured_hinge_loss(s, one_hot(labels, 3), best_wrong_class(labels), Reduction::none);
  expect_numbers(each.value(), {1.58, 1.5}, 1e-15);
  const Var loss = nn::structured_hinge_loss(s, one_hot(labels, 3), best_wrong_class(labels));
  EXPECT_NEAR(loss.item(), (1.58 + 1.5) / 2, 1e-15);
  EXPECT_NEAR(
      nn::structured_hinge_loss(s, one_hot(labels, 3), best_wrong_class(labels), Reduction::sum)
          .item(),
      1.58 + 1.5, 1e-15);
  loss.backward();
  expect_numbers(s.grad(), {0, 0.5, -0.5, -0.5, 0.5, 0});
  EXPECT_GRADIENTS_OK(loss);
}

TEST(StructuredHinge, ATrueStructureThatIsAheadCostsNothing) {
  Tape tape;
  const Var s = tape.variable(array({2, 3}, {5, 1, 2, 3, 2, 0}));
  const Var loss = nn::structured_hinge_loss(s, one_hot({0, 0}, 3), best_wrong_class({0, 0}));
  EXPECT_EQ(loss.item(), 0);
  loss.backward();  // The second row is exactly at its margin.
  expect_numbers(s.grad(), {0, 0, 0, 0, 0, 0});
}

// A chain of 4 positions with one of 3 labels each: 12 parts "label k at t", then 9 parts "k behind
// j". The cost of a labelling is the number of its wrong labels.
constexpr std::size_t length = 4, kinds = 3;
using Labelling = std::vector<std::size_t>;

Array<double> parts_of(const Labelling& y) {
  Array<double> parts(std::vector<std::size_t>{length * kinds + kinds * kinds}, 0.0);
  for (std::size_t t = 0; t < length; ++t) {
    parts(t * kinds + y[t]) += 1;
    if (t > 0) parts(length * kinds + y[t - 1] * kinds + y[t]) += 1;
  }
  return parts;
}

/// Viterbi's algorithm over scores to which each wrong label has brought its cost. The best of all
/// labellings, the truth among them: where that is found, no other violates a margin.
Rival search_chain(const Labelling& truth, const Array<double>& scores) {
  const auto unary = [&](std::size_t t, std::size_t k) {
    return scores(t * kinds + k) + (k == truth[t] ? 0 : 1);
  };
  double best[length][kinds];
  std::size_t back[length][kinds] = {};
  for (std::size_t t = 0; t < length; ++t) {
    for (std::size_t k = 0; k < kinds; ++k) {
      best[t][k] = t == 0 ? 0 : -std::numeric_limits<double>::infinity();
      for (std::size_t j = 0; t > 0 && j < kinds; ++j) {
        const double score = best[t - 1][j] + scores(length * kinds + j * kinds + k);
        if (score > best[t][k]) best[t][k] = score, back[t][k] = j;
      }
      best[t][k] += unary(t, k);
    }
  }
  Labelling y(length);
  const double* const last = best[length - 1];
  y.back() = static_cast<std::size_t>(std::max_element(last, last + kinds) - last);
  for (std::size_t t = length - 1; t > 0; --t) y[t - 1] = back[t][y[t]];
  double cost = 0;
  for (std::size_t t = 0; t < length; ++t) cost += y[t] == truth[t] ? 0 : 1;
  return {parts_of(y), cost};
}

/// The loss of one chain by asking all 81 labellings.
double by_enumeration(const Labelling& truth, const Array<double>& scores) {
  const auto score_of = [&](const Labelling& y) {
    const Array<double> parts = parts_of(y);
    double score = 0;
    for (std::size_t k = 0; k < parts.size(); ++k) score += parts(k) * scores(k);
    return score;
  };
  double worst = 0;
  Labelling y(length);
  for (std::size_t code = 0; code < 81; ++code) {
    double cost = 0;
    for (std::size_t t = 0, rest = code; t < length; ++t, rest /= kinds) {
      y[t] = rest % kinds;
      cost += y[t] == truth[t] ? 0 : 1;
    }
    worst = std::max(worst, cost + score_of(y) - score_of(truth));
  }
  return worst;
}

/// Two chains whose scores at positions are `unary` (2, 12) and share `transitions` (9).
Var chain_scores(const Var& unary, const Var& transitions) {
  return concat({unary, broadcast_to(reshape(transitions, {1, 9}), {2, 9})}, 1);
}

const std::vector<Labelling> true_labels = {{0, 1, 1, 2}, {2, 2, 0, 1}};

Var chain_loss(const Var& scores, Reduction reduction = Reduction::mean) {
  return nn::structured_hinge_loss(
      scores, stack({parts_of(true_labels[0]), parts_of(true_labels[1])}).value(),
      [](std::int64_t sample, const Array<double>& s) {
        return search_chain(true_labels[static_cast<std::size_t>(sample)], s);
      },
      reduction);
}

Array<double> numbers(const std::vector<std::size_t>& shape, double step) {
  Array<double> x(shape);
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = std::sin(step * static_cast<double>(i));
  return x;
}

TEST(StructuredHinge, OfChainsByEnumeration) {
  for (const double step : {0.9, 1.7, 2.3}) {
    Tape tape;
    const Var scores =
        chain_scores(tape.variable(numbers({2, 12}, step)), tape.variable(numbers({9}, 1.1)));
    const Array<double> each = chain_loss(scores, Reduction::none).value();
    for (std::size_t n = 0; n < 2; ++n) {
      Array<double> row(std::vector<std::size_t>{21});
      std::copy_n(&scores.value()(n, 0), 21, row.data());
      EXPECT_NEAR(each(n), by_enumeration(true_labels[n], row), 1e-14);
    }
    EXPECT_GRADIENTS_OK(chain_loss(scores));
  }
}

TEST(StructuredHinge, GradientsOfAChainWhoseSearchRunsAtEveryPoint) {
  const auto f = [](const std::vector<Var>& x) { return chain_loss(chain_scores(x[0], x[1])); };
  EXPECT_GRADIENTS_OK(f, {numbers({2, 12}, 0.9), numbers({9}, 1.1)});
}

TEST(StructuredHinge, StepsAgainstTheGradientLearnTheChains) {
  Parameter unary(numbers({2, 12}, 0.9)), transitions(numbers({9}, 1.1));
  double loss_value = 0;
  for (int step = 0; step < 100; ++step) {
    Tape tape;
    const Var loss = chain_loss(chain_scores(tape.parameter(unary), tape.parameter(transitions)));
    loss_value = loss.item();
    if (loss_value == 0) break;
    unary.zero_grad();
    transitions.zero_grad();
    loss.backward();
    unary.set_value(unary.value() - 0.2 * unary.grad());
    transitions.set_value(transitions.value() - 0.2 * transitions.grad());
  }
  EXPECT_EQ(loss_value, 0);
}

TEST(StructuredHinge, SearchesThatReturnNonsense) {
  Tape tape;
  const Var s = tape.variable(array({2, 3}, {5, 1, 2, 3, 2, 0}));
  const Array<double> truths = one_hot({0, 0}, 3);
  const auto returns = [](const std::vector<std::size_t>& shape, double cost) {
    return [=](std::int64_t, const Array<double>&) {
      return Rival{Array<double>(shape, 0.0), cost};
    };
  };
  const auto other_shape = returns({2}, 1);
  const int line = __LINE__ + 2;
  expect_error<ValueError>(
      [&] { nn::structured_hinge_loss(s, truths, other_shape); },
      {"[structured_hinge_loss]", "parts (3,)", "got (2,)", "sample 0", line_of(line)});
  for (const double cost : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    expect_error<ValueError>([&] { nn::structured_hinge_loss(s, truths, returns({3}, cost)); },
                             {"[structured_hinge_loss]", "cost of 0 or more"});
  }
  expect_error<ShapeError>(
      [&] {
        nn::structured_hinge_loss(s, one_hot({0}, 3), best_wrong_class({0, 0}));
      },
      {"[structured_hinge_loss]", "(2, 3)", "(1, 3)"});
  expect_error<ShapeError>(
      [&] {
        nn::structured_hinge_loss(tape.data({1, 2}), std::vector<int>{1, 2},
                                  best_wrong_class({0, 0}));
      },
      {"[structured_hinge_loss]", "(2,)"});
  EXPECT_THROW(nn::structured_hinge_loss(s, truths,
                                         [](std::int64_t, const Array<double>&) -> Rival {
                                           throw std::bad_function_call();
                                         }),
               std::bad_function_call);
  EXPECT_EQ(tape.size(), 2U);
}

}  // namespace
}  // namespace tapegrad::testing
