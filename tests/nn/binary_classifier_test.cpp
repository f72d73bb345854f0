// Binary classifiers from one neuron (MISSION L3), and the linear classifier's bias trick (L1).

#include <tapegrad/nn/binary_classifier.hpp>

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/testing/matchers.hpp>
#include <tapegrad/nn/bias_trick.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/penalty.hpp>
#include <tapegrad/ops/philox.hpp>
#include <tapegrad/optim/sgd.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

constexpr std::size_t samples = 40, features = 3;

Array<double> random_inputs() {
  Generator generator(1);
  Array<double> x = Array<double>::from_shape({samples, features});
  for (double& number : x) number = generator.normal();
  return x;
}

/// Class 1 on one side of a plane, with a few samples on the wrong side.
std::vector<int> classes_of(const Array<double>& x) {
  std::vector<int> classes;
  for (std::size_t i = 0; i < samples; ++i) {
    classes.push_back((x(i, 0) - 2 * x(i, 1) + 0.3 > 0) != (i % 9 == 4) ? 1 : 0);
  }
  return classes;
}

/// Trains one neuron and a layer of two classes side by side. With weights ±w/2 the two classes
/// take the same way as the neuron, if its rate is twice theirs and its decay half.
template <class Neuron, class TwoClasses>
void expect_same_way(Neuron neuron_loss, TwoClasses class_loss) {
  const Array<double> x = random_inputs();
  const std::vector<int> classes = classes_of(x);
  nn::Linear neuron(features, 1), layer(features, 2);
  nn::init::zeros(neuron.parameters()[1]);
  nn::init::zeros(layer.parameters()[1]);
  const Array<double> w = neuron.weight().value();
  Array<double> halves = Array<double>::from_shape({2, features});
  for (std::size_t i = 0; i < features; ++i) {
    halves(0, i) = -w(0, i) / 2;
    halves(1, i) = w(0, i) / 2;
  }
  layer.parameters()[0].set_value(halves);
  constexpr double rate = 0.05, lambda = 0.1;
  optim::SGD neuron_sgd(neuron.parameters(), 2 * rate), layer_sgd(layer.parameters(), rate);
  for (int step = 0; step < 60; ++step) {
    Tape tape;
    const Var f = reshape(neuron(tape.data(x)), {static_cast<std::int64_t>(samples)});
    const Var s = layer(tape.data(x));
    const Var one = neuron_loss(f, classes), two = class_loss(s, classes);
    ASSERT_NEAR(one.item(), two.item(), 1e-12) << "step " << step;
    const Var difference = reshape(slice(s, 1, 1, 2) - slice(s, 1, 0, 1), f.shape());
    expect_arrays(f.value(), difference.value(), 1e-12);
    neuron_sgd.zero_grad();
    layer_sgd.zero_grad();
    (one + nn::l2_penalty(nn::weights(neuron), lambda / 2)).backward();
    (two + nn::l2_penalty(nn::weights(layer), lambda)).backward();
    neuron_sgd.step();
    layer_sgd.step();
  }
  Tape tape;
  const std::vector<int> decided = nn::binary_decisions(neuron(tape.data(x)));
  const Array<double> scores = layer(tape.data(x)).value();
  int right = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    EXPECT_EQ(decided[i], scores(i, 1) > scores(i, 0) ? 1 : 0);
    right += decided[i] == classes[i] ? 1 : 0;
  }
  EXPECT_GE(right, 30);
}

std::vector<double> signs_of(const std::vector<int>& classes) {
  std::vector<double> signs;
  for (const int label : classes) signs.push_back(label == 1 ? 1 : -1);
  return signs;
}

TEST(BinaryClassifier, LogisticTakesTheWayOfSoftmaxWithTwoClasses) {
  expect_same_way(
      [](const Var& f, const std::vector<int>& y) {
        return nn::binary_cross_entropy_with_logits(f, y);
      },
      [](const Var& s, const std::vector<int>& y) { return nn::cross_entropy(s, y); });
}

TEST(BinaryClassifier, SvmTakesTheWayOfTheMulticlassSvmWithTwoClasses) {
  expect_same_way(
      [](const Var& f, const std::vector<int>& y) { return nn::hinge_loss(f, signs_of(y)); },
      [](const Var& s, const std::vector<int>& y) { return nn::multiclass_hinge_loss(s, y); });
}

TEST(BinaryClassifier, SvmLossWithCIsTheOneWithLambda) {
  nn::Linear neuron(2, 1, false);
  neuron.parameters()[0].set_value(Array<double>{{3, -1}});
  const Array<double> x = {{1, 1}, {0, -0.5}, {-1, 4}};
  const std::vector<double> y = {1, 1, -1};
  Tape tape;
  const Var f = reshape(neuron(tape.data(x)), {3});  // 2, 0.5, −7: hinges 0, 0.5, 0.
  const Var loss = nn::binary_svm_loss(f, y, 6, nn::weights(neuron));
  EXPECT_NEAR(loss.item(), 6 * 0.5 / 3 + 0.5 * 10, 1e-15);
  const Var by_lambda = nn::hinge_loss(f, y) + nn::l2_penalty(nn::weights(neuron), 1.0 / 6);
  EXPECT_NEAR(loss.item(), 6 * by_lambda.item(), 1e-14);
  EXPECT_GRADIENTS_OK(loss);
  for (const double c : {0.0, -1.0, static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    const int line = __LINE__ + 1;
    expect_error<ValueError>([&] { nn::binary_svm_loss(f, y, c, nn::weights(neuron)); },
                             {"[binary_svm_loss]", "C above 0", line_of(line)});
  }
}

TEST(BinaryClassifier, DecidesAtAHalfOrWhereItIsTold) {
  Tape tape;
  const Var f = tape.data({-800, -1e-9, 0, 1e-9, 2, 800});
  EXPECT_EQ(nn::binary_decisions(f), (std::vector<int>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(nn::binary_decisions(f, 0.9), (std::vector<int>{0, 0, 0, 0, 0, 1}));  // σ(2) = 0.88.
  EXPECT_EQ(nn::binary_decisions(f, 0.88), (std::vector<int>{0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(nn::binary_decisions(f, 0), (std::vector<int>{1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(nn::binary_decisions(f, 1), (std::vector<int>{0, 0, 0, 0, 0, 0}));
  expect_error<ValueError>([&] { nn::binary_decisions(f, 1.1); },
                           {"[binary_decisions]", "from 0 to 1", "1.1"});
}

TEST(LinearClassifier, OfCifar10sSizeWithItsBiasAmongTheWeights) {
  nn::manual_seed(3);
  nn::Linear linear(3072, 10);
  EXPECT_EQ(linear.weight().shape(), (Shape{10, 3072}));
  EXPECT_EQ(linear.parameters()[1].shape(), (Shape{10}));
  nn::Linear joined = nn::bias_trick(linear);
  EXPECT_EQ(joined.weight().shape(), (Shape{10, 3073}));
  Generator generator(2);
  Array<double> images = Array<double>::from_shape({5, 3072});
  for (double& pixel : images) pixel = generator.uniform();
  Tape tape;
  const Var x = tape.data(images);
  expect_arrays(joined(nn::append_one(x)).value(), linear(x).value(), 1e-13);
  // One by one as together.
  for (std::size_t i = 0; i < 5; ++i) {
    const auto row = static_cast<std::int64_t>(i);
    expect_arrays(linear(slice(x, 0, row, row + 1)).value(),
                  slice(linear(x), 0, row, row + 1).value(), 1e-13);
  }
}

}  // namespace
}  // namespace tapegrad::testing
