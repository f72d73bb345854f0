// Convolutions and pools: MISSION's worked numbers (N6–N8, N10), gradients, errors.

#include <tapegrad/nn/conv2d.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/batch_norm.hpp>
#include <tapegrad/nn/flatten.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/locally_connected2d.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/pooling.hpp>
#include <tapegrad/nn/prelu.hpp>
#include <tapegrad/nn/sequential.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

/// Images of the given sizes, filled by a formula without meaning.
Array<double> images(const std::vector<std::size_t>& shape) {
  Array<double> x = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<double>((i * 7919) % 101) / 50 - 1;
  }
  return x;
}

/// The width of a convolution's output over images of a width.
std::int64_t width_of(std::int64_t width, std::int64_t size, HeightWidth stride,
                      HeightWidth padding = 0) {
  Tape tape;
  const auto side = static_cast<std::size_t>(width), window = static_cast<std::size_t>(size);
  const Array<double> filters = images({1, 1, window, window});
  return conv2d(tape.data(images({1, 1, side, side})), filters, {stride, padding}).shape()[3];
}

// --- N6, N10: sizes -------------------------------------------------------------------------

TEST(Conv2d, TheWorkedSizes) {
  EXPECT_EQ(width_of(5, 3, 1, 1), 5);
  EXPECT_EQ(width_of(5, 3, 2, 1), 3);
  EXPECT_EQ(width_of(227, 11, 4), 55);
  nn::Conv2d first(3, 96, 11, {4});
  EXPECT_EQ(first.weight().size(), 34848);
  EXPECT_EQ(first.bias().size(), 96);
  Tape tape(f32);
  EXPECT_EQ(first(tape.data(images({1, 3, 227, 227}))).shape(), (Shape{1, 96, 55, 55}));
  nn::Conv2d two(3, 2, 3, {2, 1});
  EXPECT_EQ(two(tape.data(images({1, 3, 5, 5}))).shape(), (Shape{1, 2, 3, 3}));
}

TEST(Conv2d, ASizeThatDoesNotFitIsAnErrorUnlessItIsRoundedDown) {
  expect_error<ShapeError>([] { width_of(5, 3, 3, 1); },
                           {"[conv2d]", "(5 − 3 + 2·1)/3 + 1 is no whole number", "Fit::floor"});
  expect_error<ShapeError>([] { width_of(10, 3, 2); }, {"(10 − 3 + 2·0)/2 + 1"});
  Tape tape;
  const Var x = tape.data(images({1, 1, 10, 10}));
  EXPECT_EQ(conv2d(x, images({1, 1, 3, 3}), {2, 0, 1, 1, Fit::floor}).shape()[3], 4);
  EXPECT_EQ(max_pool2d(x, {3, 2, 0, Fit::floor}).shape()[3], 4);
  expect_error<ShapeError>([&] { max_pool2d(x, {3}); }, {"[max_pool2d]", "Fit::floor"});
}

TEST(Conv2d, WorkedSizesOfPools) {
  Tape tape;
  const Var x = tape.data(images({1, 2, 7, 7}));
  EXPECT_EQ(max_pool2d(x, {3, 2}).shape(), (Shape{1, 2, 3, 3}));
  EXPECT_EQ(avg_pool2d(tape.data(images({1, 1, 224, 224})), {2}).shape(), (Shape{1, 1, 112, 112}));
}

// --- N7: as a matrix product ----------------------------------------------------------------

TEST(Conv2d, IsTheProductOfFiltersAndColumns) {
  // Cut out by slices: 363 rows of 3025 columns for 227 × 227 × 3 and filters of 11; here smaller.
  constexpr std::int64_t size = 3, positions = 4;
  Tape tape;
  const Var x = tape.variable(images({1, 2, 9, 9}));
  const Var w = tape.variable(images({4, 2, size, size}));
  std::vector<Operand> columns;
  for (std::int64_t i = 0; i < positions; ++i) {
    for (std::int64_t j = 0; j < positions; ++j) {
      const Var rows = slice(x, {2, 2 * i, 2 * i + size});
      columns.emplace_back(reshape(slice(rows, {3, 2 * j, 2 * j + size}), {2 * size * size}));
    }
  }
  const Var product = matmul(reshape(w, {4, 2 * size * size}), stack(columns), {false, true});
  const Var expected = reshape(product, {1, 4, positions, positions});
  const Var y = conv2d(x, w, {2});
  expect_arrays(y.value(), expected.value(), 1e-14);
  const Array<double> upstream = images({1, 4, positions, positions});
  expected.backward(upstream);
  const Array<double> of_images = x.grad(), of_filters = w.grad();
  tape.zero_grad();
  y.backward(upstream);
  expect_arrays(x.grad(), of_images, 1e-13);
  expect_arrays(w.grad(), of_filters, 1e-13);
}

// --- N8: dilation ---------------------------------------------------------------------------

TEST(Conv2d, DilationOneIsDenseAndTwoLeavesGaps) {
  Tape tape;
  const Var x = tape.data(array({1, 1, 1, 6}, {1, 2, 3, 4, 5, 6}));
  const Var w = tape.data(array({1, 1, 1, 3}, {1, 10, 100}));
  expect_numbers(conv2d(x, w, {1, 0, 1}).value(), {321, 432, 543, 654});
  expect_numbers(conv2d(x, w, {1, 0, {1, 2}}).value(), {531, 642});
}

// --- Modules --------------------------------------------------------------------------------

TEST(Conv2d, AddsOneBiasPerFilter) {
  nn::Conv2d layer(1, 2, 1);
  layer.named_parameters()[0].second.set_value(array({2, 1, 1, 1}, {2, -1}));
  layer.named_parameters()[1].second.set_value({10, 20});
  Tape tape;
  const Var y = layer(tape.data(array({1, 1, 1, 2}, {1, 2})));
  expect_numbers(y.value(), {12, 14, 19, 18});
  y.backward(array({1, 2, 1, 2}, {1, 2, 3, 4}));
  expect_numbers(layer.bias().grad(), {3, 7});
  expect_error<ValueError>([] { (void)nn::Conv2d(1, 1, 1, {1, 0, 1, 1, false}).bias(); }, {"bias"});
}

TEST(Conv2d, ANetworkOfConvolutionsPassesTheCheck) {
  set_default_precision(f32);
  nn::manual_seed(3);
  nn::Sequential net(nn::Conv2d(2, 4, 3, {1, 1}), nn::ReLU(), nn::MaxPool2d(2),
                     nn::Conv2d(4, 6, 3, {1, 1, 1, 2}), nn::ReLU(), nn::AvgPool2d(2), nn::Flatten(),
                     nn::Linear(6 * 2 * 2, 3));
  set_default_precision(f64);
  Tape tape(f32);
  const Var loss =
      nn::cross_entropy(net(tape.variable(images({2, 2, 8, 8}))), std::vector<int>{0, 2});
  const GradcheckReport report = gradcheck(loss);
  EXPECT_TRUE(report.passed()) << to_string(report);
}

// --- Pools ----------------------------------------------------------------------------------

TEST(MaxPool2d, TheWinnersIndexStaysOnTheTape) {
  Tape tape;
  const Var x = tape.variable(array({1, 1, 2, 4}, {1, 5, 2, 2, 3, 4, 0, 2}));
  const Var y = max_pool2d(x);
  expect_numbers(y.value(), {5, 2});
  expect_numbers(tape.gate(y.index() - 1).value(), {1, 2});
  y.backward(array({1, 1, 1, 2}, {10, 20}));
  expect_numbers(x.grad(), {0, 10, 20, 0, 0, 0, 0, 0});
}

TEST(MaxPool2d, OverlappingWindowsShareTheirWinner) {
  Tape tape;
  const Var x = tape.variable(array({1, 1, 1, 5}, {1, 2, 9, 3, 4}));
  max_pool2d(x, {{1, 3}, {1, 2}}).backward(array({1, 1, 1, 2}, {1, 10}));
  expect_numbers(x.grad(), {0, 0, 11, 0, 0});
}

TEST(MaxPool2d, NaNWinsAndPaddingNever) {
  Tape tape;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Var x = tape.data(array({1, 1, 1, 4}, {-5, -7, nan, 3}));
  const Array<double> y = max_pool2d(x, {{1, 2}, {1, 2}, {0, 1}, Fit::floor}).value();
  EXPECT_EQ(y.data()[0], -5);
  EXPECT_TRUE(std::isnan(y.data()[1]));
  EXPECT_EQ(y.data()[2], 3);
}

TEST(MaxPool2d, APaddingAboveHalfAWindowIsRefused) {
  Tape tape;
  const Var x = tape.data(images({1, 1, 4, 4}));
  expect_error<ShapeError>([&] { max_pool2d(x, {2, 2, 2}); }, {"[max_pool2d]", "half a window"});
}

TEST(AvgPool2d, CountsPaddingAsZeros) {
  Tape tape;
  const Var x = tape.data(array({1, 1, 1, 3}, {4, 8, 12}));
  expect_numbers(avg_pool2d(x, {{1, 2}, {1, 2}, {0, 1}, Fit::floor}).value(), {2, 10});
}

TEST(L2Pool2d, IsTheNormOfAWindowAndSmoothAtZeros) {
  Tape tape;
  const Var x = tape.variable(array({1, 1, 1, 4}, {3, -4, 0, 0}));
  const Var y = l2_pool2d(x, {{1, 2}});
  expect_numbers(y.value(), {5, 0});
  y.backward(array({1, 1, 1, 2}, {10, 1}));
  expect_numbers(x.grad(), {6, -8, 0, 0}, 1e-14);
}

// --- Errors ---------------------------------------------------------------------------------

TEST(Conv2d, ErrorsSayWhatDoesNotFit) {
  Tape tape;
  nn::Conv2d layer(3, 4, 3);
  expect_error<ShapeError>(
      [&] {
        layer(tape.data(images({1, 2, 5, 5})));
      },
      {"[conv2d_bias]", "(1, 2, 5, 5)", "(4, 3, 3, 3)"});
  expect_error<ShapeError>(
      [&] {
        conv2d_bias(tape.data(images({1, 3, 5, 5})), images({4, 3, 3, 3}), array({3}, {1, 2, 3}));
      },
      {"[conv2d_bias]", "shape (4,)", "(3,)"});
  expect_error<ShapeError>([&] { layer(tape.data(images({3, 5, 5}))); }, {"(N, C, H, W)"});
  expect_error<ShapeError>(
      [&] {
        layer(tape.data(images({1, 3, 2, 5})));
      },
      {"height of 2", "spans 3"});
  expect_error<ValueError>([] { nn::Conv2d(3, 4, 3, {1, 0, 1, 2}); }, {"[Conv2d]", "2 groups"});
  expect_error<ValueError>([] { nn::Conv2d(0, 4, 3); }, {"[Conv2d]", "0 channels"});
  const Var x = tape.data(images({1, 1, 4, 4}));
  expect_error<ShapeError>([&] { conv2d(x, images({1, 1, 3, 3}), {0}); }, {"stride"});
  expect_error<ValueError>(
      [&] {
        max_pool2d_take(x, tape.data(array({1, 1, 1, 1}, {16})));
      },
      {"max_pool2d_take"});
}

// --- Beside a plain loop --------------------------------------------------------------------

/// y[n, k, i, j] += x[n, c, i·S + a·D − P, …]·w[k, c, a, b], for all of them: f(y, x, w).
template <class F>
void for_each_product(const ops::ConvolutionSizes& s, F f) {
  const std::int64_t channels = s.groups * s.in_channels, filters = s.groups * s.out_channels;
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t k = 0; k < filters; ++k)
      for (std::int64_t i = 0; i < s.output.height; ++i)
        for (std::int64_t j = 0; j < s.output.width; ++j)
          for (std::int64_t c = 0; c < s.in_channels; ++c)
            for (std::int64_t a = 0; a < s.window.height; ++a)
              for (std::int64_t b = 0; b < s.window.width; ++b) {
                const std::int64_t row =
                    i * s.stride.height + a * s.dilation.height - s.padding.height;
                const std::int64_t column =
                    j * s.stride.width + b * s.dilation.width - s.padding.width;
                if (row < 0 || row >= s.image.height || column < 0 || column >= s.image.width)
                  continue;
                const std::int64_t channel = k / s.out_channels * s.in_channels + c;
                f(((n * filters + k) * s.output.height + i) * s.output.width + j,
                  ((n * channels + channel) * s.image.height + row) * s.image.width + column,
                  ((k * s.in_channels + c) * s.window.height + a) * s.window.width + b);
              }
}

/// Whole numbers, of which sums are exact.
Array<double> whole_numbers(const Shape& shape, Generator& generator) {
  Array<double> x = Array<double>::from_shape(std::vector<std::size_t>(shape.begin(), shape.end()));
  for (double& number : x) number = static_cast<double>(generator.below(7)) - 3;
  return x;
}

TEST(Conv2d, ValuesAndGradientsEqualAPlainLoop) {
  struct Form {
    Shape images, filters;
    ops::Convolution how;
  };
  std::vector<Form> forms = {
      {{2, 60, 9, 7}, {5, 60, 3, 3}, ops::Conv2d(1, 1)},        // Windows of more than 512 numbers,
      {{1, 3, 90, 70}, {4, 3, 5, 5}, ops::Conv2d(1, 2)},        // outputs of several blocks,
      {{2, 6, 11, 47}, {9, 2, 3, 3}, ops::Conv2d(2, 1, 1, 3)},  // stride and groups, rows that no
      {{3, 4, 33, 35}, {6, 2, 3, 5}, ops::Conv2d({1, 2}, {0, 2}, {2, 1}, 2)},  // register divides,
      {{70, 8, 16, 16}, {16, 8, 3, 3}, ops::Conv2d(1, 1)},  // and several threads.
      {{40, 8, 21, 21}, {16, 4, 3, 3}, ops::Conv2d(2, 1, 1, 2)},
      {{3, 16, 16, 16}, {16, 16, 3, 3}, ops::Conv2d(1, 1)},  // Tiles that fit, tiles over the
      {{2, 20, 14, 29}, {24, 20, 3, 3}, ops::Conv2d(1, 0)},  // edge, of several groups,
      {{3, 40, 15, 14}, {34, 20, 3, 3}, ops::Conv2d(1, 2, 1, 2)},
      {{2, 64, 31, 30}, {64, 64, 3, 3}, ops::Conv2d(1, 1)},  // and not all at a time.
      {{1, 17, 2, 15}, {250, 17, 3, 3}, ops::Conv2d(1, 1)}};
  Generator generator(5);
  for (int i = 0; i < 60; ++i) {
    const auto draw = [&](int low, int high) {
      return low + static_cast<int>(generator.below(static_cast<std::uint32_t>(high - low + 1)));
    };
    const int groups = draw(1, 3), size = draw(1, 4), wide = draw(1, 4);
    const ops::Conv2d how({draw(1, 3), draw(1, 3)}, {draw(0, 3), draw(0, 3)},
                          {draw(1, 2), draw(1, 2)}, groups, Fit::floor);
    forms.push_back({{draw(0, 2), groups * draw(1, 4), draw(8, 40), draw(8, 40)},
                     {groups * draw(1, 8), 0, size, wide},
                     how});
    forms.back().filters[1] = forms.back().images[1] / groups;
  }
  for (const Form& form : forms) {
    const ops::ConvolutionSizes s = form.how.sizes(form.images, form.filters, "test");
    for (const Precision precision : {f32, f64}) {
      Tape tape(precision);
      const Var x = tape.variable(whole_numbers(form.images, generator));
      const Var w = tape.variable(whole_numbers(form.filters, generator));
      const Var y = conv2d(x, w, ops::Conv2d(form.how));
      const Array<double> g = whole_numbers(y.shape(), generator);
      y.backward(g);
      Array<double> expected_y = g * 0, expected_x = x.value() * 0, expected_w = w.value() * 0;
      const Array<double> xs = x.value(), ws = w.value();
      for_each_product(s, [&](std::int64_t at_y, std::int64_t at_x, std::int64_t at_w) {
        expected_y.data()[at_y] += xs.data()[at_x] * ws.data()[at_w];
        expected_x.data()[at_x] += g.data()[at_y] * ws.data()[at_w];
        expected_w.data()[at_w] += g.data()[at_y] * xs.data()[at_x];
      });
      SCOPED_TRACE(to_string(form.images) + " with filters " + to_string(form.filters));
      ASSERT_EQ(y.value(), expected_y);
      ASSERT_EQ(x.grad(), expected_x);
      ASSERT_EQ(w.grad(), expected_w);
      y.backward(g);  // Adds to what is there.
      ASSERT_EQ(x.grad(), expected_x * 2);
      ASSERT_EQ(w.grad(), expected_w * 2);

      const Var b = tape.variable(whole_numbers({form.filters[0]}, generator));
      const Var with_bias = conv2d_bias(x, w, b, ops::Conv2dBias(form.how));
      const Var sum = y + reshape(b, {b.size(), 1, 1});
      ASSERT_EQ(with_bias.value(), sum.value());
      const Var upstream = tape.data(g);
      const std::vector<Var> expected = grad(sum, {x, w, b}, upstream);
      const std::vector<Var> got = grad(with_bias, {x, w, b}, upstream);
      for (std::size_t i = 0; i < 3; ++i) ASSERT_EQ(got[i].value(), expected[i].value());
    }
  }
}

// --- Several tapes --------------------------------------------------------------------------

TEST(Conv2d, LayersFollowTheirInputsTape) {
  nn::Sequential layers(nn::Conv2d(1, 2, 3), nn::BatchNorm2d(2), nn::PReLU(2),
                        nn::LocallyConnected2d(2, 2, 2, 1), nn::MaxPool2d(2), nn::Flatten(),
                        nn::Linear(2, 3));
  for (const bool training : {true, false}) {
    layers.train(training);
    Tape tape;
    const Var x = tape.data(images({2, 1, 4, 4}));
    const Tape innermost;
    EXPECT_EQ(layers(x).shape(), (Shape{2, 3}));
  }
}

// --- Pools at the edges ---------------------------------------------------------------------

TEST(Pooling, WhatItCannotDoIsAnError) {
  Tape tape;
  const Var x = tape.data(images({1, 1, 4, 4}));
  ops::Pooling dilated(2, 1);
  dilated.dilation = 2;
  expect_error<ShapeError>([&] { max_pool2d(x, dilated); }, {"[max_pool2d]", "dilation of 1"});
  expect_error<ShapeError>(
      [&] {
        max_pool2d(tape.data(images({1, 1, 0, 4})), ops::Pooling(2, 2, 1));
      },
      {"at least one row"});
  expect_error<ShapeError>([&] { max_pool2d(x, ops::Pooling(std::int64_t{1} << 62)); }, {"2^31"});
  EXPECT_EQ(nn::MaxPool2d(HeightWidth{3, 1}, 1)(x).shape(), (Shape{1, 1, 2, 4}));
}

TEST(Pooling, NaNIsSeen) {
  Tape tape;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Var x = tape.data(array({1, 1, 2, 2}, {1, nan, 2, 3}));
  EXPECT_TRUE(std::isnan(l2_pool2d(x, {2}).value()(0, 0, 0, 0)));
  EXPECT_TRUE(std::isnan(max_pool2d(x, {2}).value()(0, 0, 0, 0)));
  EXPECT_TRUE(std::isnan(avg_pool2d(x, {2}).value()(0, 0, 0, 0)));
}

}  // namespace
}  // namespace tapegrad::testing
