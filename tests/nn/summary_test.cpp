// Summaries: MISSION's worked sizes (N2, N6, N9, N13), of modules and of architectures.

#include <tapegrad/nn/summary.hpp>

#include <gtest/gtest.h>

#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/conv2d.hpp>
#include <tapegrad/nn/dropout.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/locally_connected2d.hpp>
#include <tapegrad/nn/maxout.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/nn/pooling.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using nn::Architecture;
using nn::summary;
using nn::Summary;

Summary planned(const std::string& pattern, const Shape& input, Precision precision = f64) {
  return summary(Architecture(pattern, input), precision);
}

/// `5×5/1`: the field of a summary's layer.
std::string field_of(const Summary& of, std::size_t layer) {
  const nn::ReceptiveField field = of.layers.at(layer).field.value();
  return fmt::format("{}×{}/{}×{}", field.size.height, field.size.width, field.stride.height,
                     field.stride.width);
}

// --- N2, N6, N9, N13: worked numbers --------------------------------------------------------

TEST(Summary, FullyConnectedNets) {
  nn::Sequential small = nn::mlp({3, 4, 2});
  const Summary of_module = summary(small, {3});
  for (const Summary& s : {of_module, planned("fc4 relu fc2", {3})}) {
    EXPECT_EQ(s.neurons(), 6);
    EXPECT_EQ(s.weights(), 20);
    EXPECT_EQ(s.biases(), 6);
    EXPECT_EQ(s.parameters(), 26);
  }
  nn::Sequential larger = nn::mlp({3, 4, 4, 1});
  EXPECT_EQ(summary(larger, {3}).neurons(), 9);
  EXPECT_EQ(summary(larger, {3}).weights(), 32);
  EXPECT_EQ(summary(larger, {3}).parameters(), 41);
}

TEST(Summary, TheFirstConvolutionOf227) {
  const Summary s = planned("conv11-96/4p0", {3, 227, 227});
  EXPECT_EQ(s.layers[0].output, (Shape{96, 55, 55}));
  EXPECT_EQ(s.weights(), 34848);
  EXPECT_EQ(s.biases(), 96);
  EXPECT_EQ(s.neurons(), 290400);
}

TEST(Summary, LocallyConnectedWithoutAllocating) {
  const Summary s = planned("lc11-96/4p0", {3, 227, 227});
  EXPECT_EQ(s.neurons(), 290400);
  EXPECT_EQ(s.parameters(), 105705600);
  EXPECT_NE(to_string(s).find("105,705,600 parameters"), std::string::npos) << to_string(s);
  // More than there is memory for.
  EXPECT_EQ(planned("fc1000000000", {1000000}).parameters(), 1000001000000000);
}

TEST(Summary, ThreeSmallFiltersAgainstOneLarge) {
  for (const std::int64_t c : {1, 16, 512}) {
    const std::string filters = std::to_string(c);
    const Shape image{c, 14, 14};
    const Summary three = planned("[conv3-" + filters + "]*3", image);
    const Summary one = planned("conv7-" + filters, image);
    EXPECT_EQ(three.weights(), 27 * c * c);
    EXPECT_EQ(one.weights(), 49 * c * c);
    EXPECT_EQ(field_of(three, 2), field_of(one, 0));
  }
}

TEST(Summary, MemoryOfActivations) {
  const Summary s = planned("[conv3-64]*3", {3, 224, 224}, f32);
  EXPECT_EQ(s.activations(), 9633792);
  EXPECT_EQ(s.activation_bytes(), 9633792 * 4);
  EXPECT_EQ(static_cast<double>(s.activation_bytes_with_gradients()) / (1 << 20), 73.5);
  EXPECT_NE(to_string(s).find("with gradients 73.5 MiB (float)"), std::string::npos)
      << to_string(s);
  EXPECT_EQ(planned("[conv3-64]*3", {3, 224, 224}, f64).activation_bytes(), 9633792 * 8);
}

TEST(Summary, ReceptiveFields) {
  const Summary plain = planned("[conv3-2 relu]*3", {1, 20, 20});
  EXPECT_EQ(field_of(plain, 0), "3×3/1×1");
  EXPECT_EQ(field_of(plain, 2), "5×5/1×1");
  EXPECT_EQ(field_of(plain, 5), "7×7/1×1");
  const Summary dilated = planned("conv3-1 conv3-1d2 conv3-1d4", {1, 20, 20});
  EXPECT_EQ(field_of(dilated, 1), "7×7/1×1");
  EXPECT_EQ(field_of(dilated, 2), "15×15/1×1");
  const Summary strided = planned("conv3-1 pool2 conv3x1-1p0 pool3x2/1x2 fc3", {1, 20, 20});
  EXPECT_EQ(field_of(strided, 1), "4×4/2×2");
  EXPECT_EQ(field_of(strided, 2), "8×4/2×2");
  EXPECT_EQ(field_of(strided, 3), "12×6/2×4");
  EXPECT_FALSE(strided.layers.back().field.has_value());
  // Strides whose product no number holds.
  EXPECT_EQ(planned("[pool1/2000000000f]*9", {1, 4, 4}).layers.back().field->stride.height,
            std::int64_t{1} << 31);
}

// --- Modules and architectures agree --------------------------------------------------------

TEST(Summary, OfAModuleEqualsThatOfItsArchitecture) {
  for (const auto& [pattern, input] : std::vector<std::pair<std::string, Shape>>{
           {"conv3-6 bn prelu pool2 conv3x1-6/2p0fg2 relu avgpool2x3/1 fc5 relu prelu1 fc3",
            {2, 12, 14}},
           {"lc3-4/2p1f leakyrelu dropout0.3 l2pool noise1 dropconnect0.5-6 sigmoid", {3, 7, 7}},
           {"fc7 bn tanh fc2", {5}}}) {
    const Architecture architecture(pattern, input);
    nn::Sequential model = architecture.build();
    const Summary got = summary(model, input, f32), expected = summary(architecture, f32);
    EXPECT_EQ(to_string(got), to_string(expected));
    EXPECT_EQ(got.activations(), expected.activations());
  }
}

TEST(Summary, OfMaxoutCountsItsLinearUnits) {
  const Architecture architecture("maxout4x3", {5});
  nn::Sequential model = architecture.build();
  const Summary got = summary(model, {5}), expected = summary(architecture);
  ASSERT_EQ(got.layers.size(), 2U);
  EXPECT_EQ(got.layers[0].name, "0.pieces");
  EXPECT_EQ(got.layers[1].kind, "Maxout");
  for (const Summary& s : {got, expected}) {
    EXPECT_EQ(s.neurons(), 12);
    EXPECT_EQ(s.parameters(), 72);
    EXPECT_EQ(s.activations(), 16);
  }
}

// --- Modules of one's own -------------------------------------------------------------------

/// Two ways whose sum goes on: one sees 5×5, the other 1×1.
class Residual : public nn::Module {
 public:
  explicit Residual(std::int64_t channels) {
    nn::Sequential way(nn::Conv2d(channels, channels, 3, {1, 1}), nn::ReLU(),
                       nn::Conv2d(channels, channels, 3, {1, 1}));
    way_ = register_module("way", std::move(way));
    scale_ = register_parameter("scale", Parameter(1.5));
    register_module("unused", nn::Linear(2, 3));
  }
  Var forward(const Var& x) override { return x + *scale_ * (*way_)(x); }

 private:
  std::shared_ptr<nn::Sequential> way_;
  std::optional<Parameter> scale_;
};

TEST(Summary, OfAModuleOfOnesOwn) {
  nn::Sequential model(Residual(2), nn::MaxPool2d(2));
  const Summary s = summary(model, {2, 8, 8});
  std::vector<std::string> names;
  for (const nn::LayerSummary& layer : s.layers) names.push_back(layer.name + " " + layer.kind);
  EXPECT_EQ(names, (std::vector<std::string>{"0.way.0 Conv2d", "0.way.1 ReLU", "0.way.2 Conv2d",
                                             "0 Residual", "1 MaxPool2d", "0.unused Linear"}));
  EXPECT_EQ(field_of(s, 3), "5×5/1×1");
  EXPECT_EQ(field_of(s, 4), "6×6/2×2");
  EXPECT_EQ(s.layers[3].weights, 1);
  EXPECT_EQ(s.layers[3].neurons, 0);
  EXPECT_EQ(s.layers[3].activations, 128);
  EXPECT_EQ(s.parameters(), 2 * 38 + 1 + 9);
  EXPECT_FALSE(s.layers[5].is_called);
  EXPECT_NE(to_string(s).find("not called"), std::string::npos);
}

TEST(Summary, CountsSharedParametersOnce) {
  const auto layer = std::make_shared<nn::Linear>(3, 3);
  nn::Sequential model;
  model.add(layer);
  model.add(nn::ReLU());
  model.add(layer);
  const Summary s = summary(model, {3});
  EXPECT_EQ(s.layers.size(), 3U);
  EXPECT_EQ(s.parameters(), 12);
  EXPECT_EQ(s.neurons(), 6);
  EXPECT_EQ(s.activations(), 9);
}

TEST(Summary, LeavesModesRandomNumbersAndHooksAsTheyWere) {
  nn::Sequential model(nn::Linear(3, 2), nn::Dropout(0.5));
  model[0].eval();
  nn::manual_seed(1);
  const std::uint32_t next = nn::default_generator().next();
  nn::manual_seed(1);
  summary(model, {3});
  EXPECT_EQ(nn::default_generator().next(), next);
  EXPECT_TRUE(model[1].is_training());
  EXPECT_FALSE(model[0].is_training());
  EXPECT_EQ(summary(model, {3}).layers.size(), 2U);  // No hook of the first call is left.
  expect_error<ShapeError>([&] { summary(model, {4}); }, {"[Linear]", "(1, 4)"});
  EXPECT_TRUE(model[1].is_training());
}

// --- Text -----------------------------------------------------------------------------------

TEST(Summary, AsText) {
  const Summary s = planned("conv3-8 relu pool2 fc10", {3, 8, 8}, f32);
  EXPECT_EQ(fmt::format("{}", s),
            "layer  kind       output     neurons  weights  biases  activations  sees  stride\n"
            "       input      (3, 8, 8)\n"
            "0      Conv2d     (8, 8, 8)      512      216       8          512   3×3       1\n"
            "1      ReLU       (8, 8, 8)                                    512   3×3       1\n"
            "2      MaxPool2d  (8, 4, 4)                                    128   4×4       2\n"
            "3      Flatten    (128,)\n"
            "4      Linear     (10,)           10    1,280      10           10\n"
            "all                              522    1,496      18        1,162\n"
            "1,514 parameters: 5.9 KiB; activations of a sample: 4.5 KiB, with gradients 9.1 KiB "
            "(float)\n");
  EXPECT_NE(to_string(planned("", {3})).find("0 parameters: 0 bytes"), std::string::npos);
}

}  // namespace
}  // namespace tapegrad::testing
