// LocallyConnected2d (MISSION N9) beside plain loops and beside Conv2d, gradients, errors.

#include <tapegrad/nn/locally_connected2d.hpp>

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/nn/conv2d.hpp>
#include <tapegrad/nn/init.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

/// Numbers of the given sizes, filled by a formula without meaning.
Array<double> numbers(const std::vector<std::size_t>& shape) {
  Array<double> x = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<double>((i * 7919) % 101) / 50 - 1;
  }
  return x;
}

/// By plain loops, for images of 2 channels and 3 output channels.
Array<double> by_loops(const Array<double>& x, const nn::LocallyConnected2d& layer,
                       const nn::LocallyConnected2dOptions& options, std::size_t rows,
                       std::size_t columns) {
  constexpr std::size_t out = 3, channels = 2;
  const Array<double> w = layer.weight().value(), b = layer.bias().value();
  const std::size_t height = w.shape()[2], width = w.shape()[3];
  Array<double> y = Array<double>::from_shape({x.shape()[0], out, rows, columns});
  for (std::size_t n = 0; n < x.shape()[0]; ++n) {
    for (std::size_t k = 0; k < out; ++k) {
      for (std::size_t i = 0; i < rows * columns; ++i) {
        const std::size_t unit = i * out + k, oy = i / columns, ox = i % columns;
        double total = b(unit);
        for (std::size_t c = 0; c < channels; ++c) {
          for (std::size_t p = 0; p < height; ++p) {
            for (std::size_t q = 0; q < width; ++q) {
              const auto at = [](std::size_t position, std::int64_t stride, std::size_t tap,
                                 std::int64_t dilation, std::int64_t padding) {
                return static_cast<std::int64_t>(position) * stride +
                       static_cast<std::int64_t>(tap) * dilation - padding;
              };
              const std::int64_t r =
                  at(oy, options.stride.height, p, options.dilation.height, options.padding.height);
              const std::int64_t s =
                  at(ox, options.stride.width, q, options.dilation.width, options.padding.width);
              if (r < 0 || s < 0 || r >= static_cast<std::int64_t>(x.shape()[2]) ||
                  s >= static_cast<std::int64_t>(x.shape()[3])) {
                continue;
              }
              total += w(unit, c, p, q) *
                       x(n, c, static_cast<std::size_t>(r), static_cast<std::size_t>(s));
            }
          }
        }
        y(n, k, oy, ox) = total;
      }
    }
  }
  return y;
}

TEST(LocallyConnected2d, EqualsPlainLoops) {
  nn::manual_seed(1);
  struct Case {
    HeightWidth size;
    nn::LocallyConnected2dOptions options;
    std::size_t rows, columns;
  };
  for (const Case& c : {Case{3, {}, 4, 5}, Case{{2, 3}, {{1, 2}, {0, 1}}, 5, 4},
                        Case{3, {1, 2, 2}, 6, 7}, Case{3, {2, 0, 1, true, Fit::floor}, 2, 3}}) {
    nn::LocallyConnected2d layer(2, 3, {6, 7}, c.size, c.options);
    const auto units = static_cast<std::size_t>(layer.bias().size());
    layer.parameters()[1].set_value(numbers({units}));
    Tape tape;
    const Array<double> x = numbers({2, 2, 6, 7});
    expect_arrays(layer(tape.data(x)).value(), by_loops(x, layer, c.options, c.rows, c.columns),
                  1e-13);
  }
}

TEST(LocallyConnected2d, IsConv2dWhereAllPositionsHaveTheSameWeights) {
  nn::Conv2d conv(2, 3, 3, {1, 1});
  conv.parameters()[1].set_value({1, 2, 3});
  nn::LocallyConnected2d local(2, 3, 4, 3, {1, 1});
  const Array<double> filters = conv.weight().value(), biases = conv.bias().value();
  std::vector<double> weight, bias;
  for (int position = 0; position < 16; ++position) {
    weight.insert(weight.end(), filters.begin(), filters.end());
    bias.insert(bias.end(), biases.begin(), biases.end());
  }
  local.parameters()[0].set_value(ArrayRef(weight.data(), local.weight().shape()));
  local.parameters()[1].set_value(bias);
  Tape tape;
  const Var x = tape.variable(numbers({2, 2, 4, 4}));
  const Var y = conv(x), z = local(x);
  expect_arrays(z.value(), y.value(), 1e-13);
  const Array<double> upstream = numbers({2, 3, 4, 4});
  y.backward(upstream);
  const Array<double> expected = x.grad();
  tape.zero_grad();
  z.backward(upstream);
  expect_arrays(x.grad(), expected, 1e-13);
  // Shared weights get the sum of what the positions get.
  Array<double> summed = Array<double>::from_shape(filters.shape());
  summed.fill(0);
  const Array<double> of_positions = local.weight().grad();
  for (std::size_t i = 0; i < of_positions.size(); ++i) {
    summed.data()[i % summed.size()] += of_positions.data()[i];
  }
  expect_arrays(summed, conv.weight().grad(), 1e-13);
}

TEST(LocallyConnected2d, PassesTheCheckInBothPrecisions) {
  nn::manual_seed(3);
  nn::LocallyConnected2d layer(2, 2, {4, 3}, 2, {{2, 1}, {1, 0}, 1, true, Fit::floor});
  for (const Precision precision : {f32, f64}) {
    Tape tape(precision);
    const GradcheckReport report =
        gradcheck(sum(tanh(layer(tape.variable(numbers({2, 2, 4, 3}))))));
    EXPECT_TRUE(report.passed()) << to_string(report);
  }
}

TEST(LocallyConnected2d, StartsWithHesDeviationPerUnit) {
  nn::manual_seed(5);
  const nn::LocallyConnected2d layer(3, 8, 10, 5, {1, 2});
  double squares = 0;
  for (const double number : layer.weight().value()) squares += number * number;
  EXPECT_NEAR(squares / static_cast<double>(layer.weight().size()), 2.0 / 75, 0.001);
}

TEST(LocallyConnected2d, WithoutBiasAndWithoutSamples) {
  nn::LocallyConnected2d layer(1, 2, 4, 3, {1, 0, 1, false});
  EXPECT_EQ(layer.parameters().size(), 1U);
  expect_error<ValueError>([&] { (void)layer.bias(); }, {"[LocallyConnected2d]", "without"});
  Tape tape;
  EXPECT_EQ(layer(tape.data(numbers({0, 1, 4, 4}))).shape(), (Shape{0, 2, 2, 2}));
}

TEST(LocallyConnected2d, Errors) {
  using Layer = nn::LocallyConnected2d;
  expect_error<ValueError>([] { Layer(0, 2, 4, 3); }, {"[LocallyConnected2d]", "got 0 and 2"});
  expect_error<ShapeError>([] { Layer(1, 2, 4, 5); }, {"[LocallyConnected2d]", "spans 5"});
  expect_error<ShapeError>([] { Layer(1, 2, 4, 3, {2}); }, {"Fit::floor"});
  expect_error<ValueError>([] { Layer(2, 1, 4096, 4096); }, {"2^24", "(2, 4096, 4096)"});
  Layer layer(1, 2, 4, 3);
  Tape tape;
  expect_error<ShapeError>(
      [&] {
        layer(tape.data(numbers({1, 1, 4, 5})));
      },
      {"(N, 1, 4, 4)", "(1, 1, 4, 5)"});
  expect_error<ShapeError>([&] { layer(tape.data(numbers({1, 4, 4}))); }, {"(1, 4, 4)"});
}

}  // namespace
}  // namespace tapegrad::testing
