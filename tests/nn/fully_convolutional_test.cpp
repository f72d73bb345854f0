// Dense layers as convolutions and back (MISSION N11), classifiers over larger images.

#include <tapegrad/nn/fully_convolutional.hpp>

#include <gtest/gtest.h>

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/nn/conversion.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/summary.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using nn::Architecture;
using nn::fully_convolutional;

/// Numbers of the given sizes, filled by a formula without meaning.
Array<double> numbers(const std::vector<std::size_t>& shape) {
  Array<double> x = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<double>((i * 7919) % 1009) / 500 - 1;
  }
  return x;
}

/// Gives every parameter of a module numbers without meaning.
void fill(const nn::Module& module) {
  for (Parameter& parameter : module.parameters()) {
    const Shape& shape = parameter.shape();
    parameter.set_value(numbers({shape.begin(), shape.end()}) * 0.3);
  }
}

/// The classifier's scores for the windows of an image, `step` apart, as a map (N, K, rows,
/// columns).
Array<double> by_windows(nn::Module& model, const Array<double>& x, std::int64_t window,
                         std::int64_t step) {
  Tape tape;
  const Var images = tape.data(x);
  const std::int64_t rows = (images.shape()[2] - window) / step + 1;
  const std::int64_t columns = (images.shape()[3] - window) / step + 1;
  std::vector<Operand> scores;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const Var row = slice(images, {2, i * step, i * step + window});
      scores.emplace_back(model(slice(row, {3, j * step, j * step + window})));
    }
  }
  const Var all = stack(scores, -1);
  return reshape(all, {all.shape()[0], all.shape()[1], rows, columns}).value();
}

// --- Layers ---------------------------------------------------------------------------------

TEST(ToConv2d, DoesTheSameAndMoreOnLargerImages) {
  nn::Linear dense(3 * 4 * 5, 6);
  fill(dense);
  nn::Conv2d conv = nn::to_conv2d(dense, {3, 4, 5});
  EXPECT_EQ(conv.weight().shape(), (Shape{6, 3, 4, 5}));
  Tape tape;
  const Var x = tape.data(numbers({2, 3, 4, 5}));
  expect_arrays(reshape(conv(x), {2, 6}).value(), dense(reshape(x, {2, 60})).value(), 1e-13);
  EXPECT_EQ(conv(tape.data(numbers({2, 3, 6, 9}))).shape(), (Shape{2, 6, 3, 5}));
  EXPECT_EQ(nn::to_conv2d(nn::Linear(8, 2, false), {2, 2, 2}).parameters().size(), 1U);
  expect_error<ShapeError>(
      [&] {
        nn::to_conv2d(dense, {3, 4, 4});
      },
      {"[to_conv2d]", "60", "(3, 4, 4)"});
  expect_error<ShapeError>([&] { nn::to_conv2d(dense, {60}); }, {"(60,)"});
}

TEST(ToLinear, GivesBackTheDenseLayer) {
  nn::Linear dense(2 * 3 * 2, 4);
  const nn::Linear back = nn::to_linear(nn::to_conv2d(dense, {2, 3, 2}), {3, 2});
  expect_arrays(back.weight().value(), dense.weight().value());
  expect_arrays(back.bias().value(), dense.bias().value());
}

TEST(ToLinear, AConvolutionIsABlockMatrix) {
  nn::Conv2d conv(1, 1, 2);
  conv.parameters()[0].set_value(array({1, 1, 2, 2}, {1, 2, 3, 4}));
  conv.parameters()[1].set_value({5});
  const nn::Linear dense = nn::to_linear(conv, {2, 3});
  expect_arrays(dense.weight().value(), array({2, 6}, {1, 2, 0, 3, 4, 0,  //
                                                       0, 1, 2, 0, 3, 4}));
  expect_arrays(dense.bias().value(), array({2}, {5, 5}));
}

TEST(ToLinear, DoesWhatTheConvolutionDoes) {
  for (const nn::Conv2dOptions& options :
       {nn::Conv2dOptions{1, 1}, nn::Conv2dOptions{2, {2, 1}, 1, 2, false, Fit::floor},
        nn::Conv2dOptions{{1, 2}, 0, {2, 1}, 1, true, Fit::floor}}) {
    nn::Conv2d conv(4, 6, {3, 2}, options);
    fill(conv);
    nn::Linear dense = nn::to_linear(conv, {7, 6});
    Tape tape;
    const Var x = tape.data(numbers({2, 4, 7, 6}));
    const Var y = conv(x);
    expect_arrays(reshape(dense(reshape(x, {2, 168})), y.shape()).value(), y.value(), 1e-12);
  }
  expect_error<ShapeError>([] { nn::to_linear(nn::Conv2d(1, 1, 3), 2); },
                           {"[to_linear]", "spans 3"});
}

// --- Whole classifiers ----------------------------------------------------------------------

TEST(FullyConvolutional, OnePassEqualsTheWindows) {
  // 36 windows of 18, one every 4 pixels.
  nn::manual_seed(2);
  const Architecture net(
      "conv3-4p0 bn relu pool2 conv3-6p0 prelu pool2 dropout fc8 bn tanh dropconnect0.5-3",
      {2, 18, 18});
  nn::Sequential model = net.build();
  {
    Tape tape;
    model(tape.data(numbers({5, 2, 18, 18})));  // Moves the running averages.
  }
  model.eval();
  nn::Sequential twin = fully_convolutional(net, model);
  const Array<double> x = numbers({2, 2, 38, 38});
  Tape tape;
  const Var scores = twin(tape.data(x));
  EXPECT_EQ(scores.shape(), (Shape{2, 3, 6, 6}));
  EXPECT_EQ(fully_convolutional(net, {2, 38, 38}).output(), (Shape{3, 6, 6}));
  const Array<double> windows = by_windows(model, x, 18, 4);
  expect_arrays(scores.value(), windows, 1e-12);
  // Averaged over positions.
  const Array<double> average = mean(scores, {2, 3}).value();
  ASSERT_EQ(average.size(), 6U);
  for (std::size_t k = 0; k < 6; ++k) {
    double total = 0;
    for (std::size_t i = 0; i < 36; ++i) total += windows.data()[36 * k + i];
    EXPECT_NEAR(average.data()[k], total / 36, 1e-12);
  }
}

TEST(FullyConvolutional, WithPaddingTheShapesOfA224Net) {
  // Five pools halve 224 to 7: the dense layers become filters 7×7 and 1×1.
  const Architecture net(
      "[conv3-64 relu]*2 pool2 [conv3-128 relu]*2 pool2 [conv3-256 relu]*3 pool2 "
      "[conv3-512 relu]*3 pool2 [conv3-512 relu]*3 pool2 fc4096 relu dropout fc4096 relu fc1000",
      {3, 224, 224});
  const Architecture twin = fully_convolutional(net, {3, 384, 384});
  EXPECT_EQ(twin.output(), (Shape{1000, 6, 6}));
  EXPECT_EQ(fully_convolutional(net, net.input()).output(), (Shape{1000, 1, 1}));
  const nn::Summary of_net = summary(net), of_twin = summary(twin);
  EXPECT_EQ(of_net.parameters(), 138357544);
  EXPECT_EQ(of_twin.parameters(), of_net.parameters());
  EXPECT_NE(twin.pattern().find("pool2 conv7x7-4096p0 relu dropout conv1-4096 relu conv1-1000"),
            std::string::npos)
      << twin.pattern();
  EXPECT_EQ(of_twin.layers.back().field->stride.height, 32);
}

TEST(FullyConvolutional, PoolsOfAWholeMapBecomeWindows) {
  const Architecture net("conv3-4 avgpool flatten fc3", {2, 6, 5});
  nn::Sequential model = net.build();
  nn::Sequential twin = fully_convolutional(net, model);
  EXPECT_EQ(fully_convolutional(net, {2, 8, 8}).pattern(), "conv3-4 avgpool6x5/1 conv1x1-3p0");
  Tape tape;
  const Var x = tape.data(numbers({2, 2, 6, 5}));
  expect_arrays(reshape(twin(x), {2, 3}).value(), model(x).value(), 1e-13);
}

TEST(FullyConvolutional, CopiesWeightsAndMode) {
  const Architecture net("conv3-2 fc3", {1, 4, 4});
  nn::Sequential model = net.build();
  model.eval();
  nn::Sequential twin = fully_convolutional(net, model);
  EXPECT_FALSE(twin.is_training());
  fill(model);
  Tape tape;
  const Var x = tape.data(numbers({1, 1, 4, 4}));
  EXPECT_NE(reshape(twin(x), {1, 3}).value(), model(x).value());
}

TEST(FullyConvolutional, Errors) {
  expect_error<ShapeError>([] { fully_convolutional(Architecture("fc3", {4}), {4}); },
                           {"[fully_convolutional]", "(C, H, W)", "(4,)"});
  for (const char* pattern :
       {"lc3-2", "fc4 maxout3", "maxout3", "flatten prelu fc3", "flatten bn fc3"}) {
    const Architecture net(pattern, {1, 4, 4});
    expect_error<ValueError>([&] { fully_convolutional(net, net.input()); },
                             {"[fully_convolutional]", "every position"});
  }
  const Architecture net("conv3-2 fc3", {1, 4, 4});
  const nn::Sequential other = Architecture("conv3-2 fc4", {1, 4, 4}).build();
  expect_error<ValueError>([&] { fully_convolutional(net, other); }, {"'conv3-2 flatten fc3'"});
  expect_error<ShapeError>([&] { fully_convolutional(net, {1, 3, 4}); }, {"[Conv2d]"});
}

// --- A finer stride -------------------------------------------------------------------------

TEST(ShiftedScores, EqualTheWindowsAtAFinerStride) {
  nn::manual_seed(4);
  const Architecture net("conv3-3p0 relu pool2 conv3-4p0 relu pool2 fc5", {1, 18, 18});
  nn::Sequential model = net.build();
  nn::Sequential twin = fully_convolutional(net, model);
  const Array<double> x = numbers({2, 1, 27, 33});
  Tape tape;
  const Var images = tape.data(x);
  for (const std::int64_t step : {4, 2, 1}) {
    expect_arrays(nn::shifted_scores(twin, net, images, step).value(),
                  by_windows(model, x, 18, step), 1e-12);
  }
  EXPECT_EQ(nn::shifted_scores(twin, net, images, {4, 1}).shape(), (Shape{2, 5, 3, 16}));
  expect_error<ValueError>([&] { nn::shifted_scores(twin, net, images, 3); },
                           {"[shifted_scores]", "4×4", "3×3"});
  expect_error<ShapeError>(
      [&] {
        nn::shifted_scores(twin, net, tape.data(numbers({1, 1, 17, 20})), 2);
      },
      {"(1, 18, 18)", "(1, 1, 17, 20)"});
}

}  // namespace
}  // namespace tapegrad::testing
