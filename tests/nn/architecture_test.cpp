// Networks described by words (MISSION N12): grammar, what is built, errors that name the word.

#include <tapegrad/nn/architecture.hpp>

#include <gtest/gtest.h>

#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/state_dict.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using nn::Architecture;

/// The classes of a network's layers.
std::string kinds_of(const std::string& pattern, const Shape& input) {
  std::string kinds;
  for (const nn::PlannedLayer& layer : Architecture(pattern, input).layers()) {
    kinds += (kinds.empty() ? "" : " ") + layer.kind;
  }
  return kinds;
}

Shape output_of(const std::string& pattern, const Shape& input) {
  return Architecture(pattern, input).output();
}

/// A batch of two samples, filled by a formula without meaning.
Array<double> batch_of(const Shape& sample) {
  std::vector<std::size_t> shape{2};
  for (const std::int64_t size : sample) shape.push_back(static_cast<std::size_t>(size));
  Array<double> x = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<double>((i * 7919) % 101) / 50 - 1;
  }
  return x;
}

// --- Words ----------------------------------------------------------------------------------

TEST(Architecture, WordsBecomeLayersAndFlattenStandsByItself) {
  EXPECT_EQ(kinds_of("conv3-32 bn relu pool2 dropout0.3 fc128 bn relu fc10", {3, 32, 32}),
            "Conv2d BatchNorm2d ReLU MaxPool2d Dropout Flatten Linear BatchNorm1d ReLU Linear");
  EXPECT_EQ(kinds_of("lc3-2 avgpool l2pool1 prelu leakyrelu flatten sigmoid maxout4 tanh noise1 "
                     "dropconnect0.5-3",
                     {1, 6, 6}),
            "LocallyConnected2d AvgPool2d L2Pool2d PReLU LeakyReLU Flatten Sigmoid Maxout Tanh "
            "GaussianNoise DropConnect");
  EXPECT_EQ(kinds_of("fc3", {4}), "Linear");
  EXPECT_EQ(kinds_of("", {4}), "");
  EXPECT_EQ(output_of("  \n", {1, 2, 3}), (Shape{1, 2, 3}));
}

TEST(Architecture, PaddingKeepsTheSizeUnlessWordsSayOtherwise) {
  const Shape image{3, 32, 32};
  EXPECT_EQ(output_of("conv3-8", image), (Shape{8, 32, 32}));
  EXPECT_EQ(output_of("conv5-8", image), (Shape{8, 32, 32}));
  EXPECT_EQ(output_of("conv3x5-8", image), (Shape{8, 32, 32}));
  EXPECT_EQ(output_of("conv3-8d4", image), (Shape{8, 32, 32}));
  EXPECT_EQ(output_of("conv3-8p0", image), (Shape{8, 30, 30}));
  EXPECT_EQ(output_of("conv4-8", image), (Shape{8, 29, 29}));
  EXPECT_EQ(output_of("conv3-8p1x0", image), (Shape{8, 32, 30}));
  EXPECT_EQ(output_of("conv2-8/2", image), (Shape{8, 16, 16}));
  EXPECT_EQ(output_of("conv3-8/2p1f", image), (Shape{8, 16, 16}));
  EXPECT_EQ(output_of("conv3-6fp0g3", image), (Shape{6, 30, 30}));
  EXPECT_EQ(output_of("lc3-8", {3, 8, 8}), (Shape{8, 8, 8}));
}

TEST(Architecture, TheWorkedSizes) {
  EXPECT_EQ(output_of("conv11-96/4p0", {3, 227, 227}), (Shape{96, 55, 55}));
  EXPECT_EQ(output_of("conv3-2/2p1", {3, 5, 5}), (Shape{2, 3, 3}));
  EXPECT_EQ(output_of("pool2", {64, 224, 224}), (Shape{64, 112, 112}));
  EXPECT_EQ(output_of("pool3/2", {96, 55, 55}), (Shape{96, 27, 27}));
  EXPECT_EQ(output_of("avgpool", {512, 7, 5}), (Shape{512, 1, 1}));
}

TEST(Architecture, ThePatternDescribesTheSameNetwork) {
  const Architecture net("[conv3-4 relu]*2   l2pool\tfc5", {2, 6, 8});
  EXPECT_EQ(net.pattern(), "conv3-4 relu conv3-4 relu l2pool6x8/1 flatten fc5");
  EXPECT_EQ(Architecture(net.pattern(), net.input()).pattern(), net.pattern());
  EXPECT_EQ(net.input(), (Shape{2, 6, 8}));
}

TEST(Architecture, BracketsRepeatAndMayBeNested) {
  EXPECT_EQ(Architecture("[[relu]*2 tanh]*3[sigmoid]*0 fc2", {3}).pattern(),
            "relu relu tanh relu relu tanh relu relu tanh fc2");
  EXPECT_EQ(Architecture("[relu]*10000", {1}).layers().size(), 10000U);
}

// --- What is built --------------------------------------------------------------------------

TEST(Architecture, WhatIsBuiltHasTheShapesAndParametersThatWerePlanned) {
  const struct {
    const char* pattern;
    Shape input;
  } cases[] = {
      {"conv3-4 bn prelu pool2 conv3x1-6/2p0fg2 relu avgpool2x3/1 fc5 prelu1 fc3", {2, 12, 14}},
      {"lc3-4/2p1f leakyrelu0.2 l2pool dropout0.3 maxout6x3 noise0.1 dropconnect0.2-4", {3, 7, 7}},
      {"[fc7 bn sigmoid]*2 prelu fc2 tanh", {5}},
      {"", {4}},
  };
  for (const auto& c : cases) {
    const Architecture net(c.pattern, c.input);
    nn::Sequential model = net.build();
    ASSERT_EQ(model.size(), net.layers().size()) << c.pattern;
    Tape tape;
    const Array<double> x = batch_of(c.input);
    Var y = tape.data(x);
    for (std::size_t i = 0; i < model.size(); ++i) {
      const nn::PlannedLayer& layer = net.layers()[i];
      const auto sample = [&] {
        const Shape shape = y.shape();
        return Shape(shape.begin() + 1, shape.end());
      };
      EXPECT_EQ(layer.input, sample()) << layer.word;
      y = model[i](y);
      EXPECT_EQ(layer.output, sample()) << layer.word;
      const NamedParameters own = model[i].named_parameters();
      ASSERT_EQ(layer.parameters.size(), own.size()) << layer.word;
      for (std::size_t k = 0; k < own.size(); ++k) {
        EXPECT_EQ(layer.parameters[k].first, own[k].first) << layer.word;
        EXPECT_EQ(layer.parameters[k].second, own[k].second.shape()) << layer.word;
      }
    }
    EXPECT_EQ(y.shape().size(), 2 * net.output().size());
  }
}

TEST(Architecture, ANetworkOfWordsPassesTheCheck) {
  nn::manual_seed(11);
  nn::Sequential model =
      Architecture("lc3-3/2p0f tanh conv3-4 prelu l2pool2f dropconnect0.3-6 tanh maxout3",
                   {2, 9, 9})
          .build();
  Tape tape;
  const Var loss =
      nn::cross_entropy(model(tape.variable(batch_of({2, 9, 9}))), std::vector<int>{0, 2});
  const GradcheckReport report = gradcheck(loss);
  EXPECT_TRUE(report.passed()) << to_string(report);
}

TEST(Architecture, EachBuildHasWeightsOfItsOwn) {
  const Architecture net("fc3", {2});
  const nn::Sequential a = net.build(), b = net.build();
  EXPECT_NE(a.parameters()[0].value(), b.parameters()[0].value());
}

// --- N12: the general form ------------------------------------------------------------------

TEST(ConvNet, IsTheGeneralForm) {
  EXPECT_EQ(nn::conv_net({{}, 1, true, {}, 10}), "fc10");
  const Architecture linear(nn::conv_net({{}, 0, false, {}, 10}), {3, 32, 32});
  EXPECT_EQ(linear.pattern(), "flatten fc10");
  nn::ConvNetSizes sizes;
  sizes.filters = {32, 64};
  sizes.convolutions = 2;
  sizes.hidden = {128};
  sizes.classes = 5;
  EXPECT_EQ(Architecture(nn::conv_net(sizes), {3, 8, 8}).pattern(),
            "conv3-32 relu conv3-32 relu pool2 conv3-64 relu conv3-64 relu pool2 flatten fc128 "
            "relu fc5");
  sizes.pool = false;
  sizes.convolutions = 1;
  sizes.size = 5;
  EXPECT_EQ(Architecture(nn::conv_net(sizes), {3, 8, 8}).pattern(),
            "conv5-32 relu conv5-64 relu flatten fc128 relu fc5");
  expect_error<ValueError>([] { nn::conv_net({{0}}); }, {"[conv_net]", "filters", "got 0"});
  expect_error<ValueError>([] { nn::conv_net({{1}, -1}); }, {"convolutions per block", "got -1"});
}

// --- Errors ---------------------------------------------------------------------------------

TEST(Architecture, ErrorsNameTheWordAndSayWhatIsKnown) {
  const Shape image{3, 8, 8};
  const auto refused = [&](const std::string& pattern, const std::vector<std::string>& words) {
    expect_error<ValueError>([&] { Architecture(pattern, image); }, words);
  };
  refused("conv3-4 cnv3-4", {"[architecture]", "'cnv3-4', word 2", "conv lc pool"});
  refused("fcx", {"'fcx', word 1"});
  refused("relux", {"'relux'"});
  refused("conv3", {"after 'conv' size-filters as conv3-32", "got 'conv3', word 1"});
  for (const char* word : {"conv",
                           "conv3-",
                           "conv-32",
                           "conv3-0",
                           "conv0-3",
                           "conv3-32q1",
                           "conv3-32/",
                           "conv3-32p",
                           "conv3-32p1p1",
                           "pool2pf",
                           "conv3-32-",
                           "conv3-+4",
                           "conv3-99999999999",
                           "conv3x-4",
                           "lc3-4g2",
                           "pool0",
                           "pool2d2",
                           "pool2-3",
                           "avgpool2f2",
                           "fc",
                           "fc0",
                           "fc-3",
                           "fc1.5",
                           "maxout3x0",
                           "maxout",
                           "dropconnect0.5",
                           "dropconnect128",
                           "relu2",
                           "leakyrelu-1",
                           "prelu2",
                           "dropout.5",
                           "dropoutx",
                           "noise",
                           "flatten2",
                           "noise1e5",
                           "tanh1",
                           "bn2"}) {
    refused(std::string("relu ") + word, {"[architecture]", std::string("'") + word + "', word 2"});
  }
  refused("[relu conv]*2", {"'conv', word 2"});
  refused("dropout1.5", {"[Dropout]", "'dropout1.5', word 1"});
  refused("dropconnect1-3", {"[DropConnect]", "word 1"});
}

TEST(Architecture, ErrorsOfBracketsNameTheCharacter) {
  for (const auto& [pattern, words] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"[relu", {"'['", "character 1"}},
           {"relu [relu [tanh]*2", {"'['", "character 6"}},
           {"relu]*2", {"']'", "character 5"}},
           {"[relu]", {"without *N", "character 6"}},
           {"[relu]2", {"without *N"}},
           {"[relu]*", {"without *N"}},
           {"[relu]*-1", {"without *N"}},
           {"[relu]*99999999999999999999", {"too large"}},
           {"[[relu]*10000]*10000", {"at most 10000 layers"}}}) {
    expect_error<ValueError>([&, text = pattern] { Architecture(text, {3}); }, words);
  }
}

TEST(Architecture, SizesThatDoNotFitNameTheLayer) {
  const auto refused = [&](const std::string& pattern, const Shape& input,
                           const std::vector<std::string>& words) {
    expect_error<ShapeError>([&] { Architecture(pattern, input); }, words);
  };
  refused(
      "conv3-64 pool2", {3, 7, 7},
      {"[MaxPool2d]", "(7 − 2 + 2·0)/2 + 1", "'pool2', word 2, on (64, 7, 7)", "f in a pattern"});
  refused("conv3-4/3p1", {1, 5, 5}, {"[Conv2d]", "no whole number", "word 1"});
  refused("conv9-4p0", {1, 5, 5}, {"spans 9"});
  refused("conv3-4g2", {3, 5, 5}, {"3 channels", "2 groups"});
  refused("lc9-4p0", {1, 5, 5}, {"[LocallyConnected2d]", "spans 9"});
  refused("fc4 conv3-4", {1, 5, 5}, {"images (C, H, W)", "(4,)", "'conv3-4', word 2"});
  refused("pool2/2p2", {1, 8, 8}, {"half a window"});
  refused("relu", {3, 5}, {"(C, H, W) or (D)", "(3, 5)"});
  refused("relu", {0}, {"at least 1"});
  refused("fc2147483647 fc2147483647", {5}, {"2^56", "word 2"});
  refused("[fc200000000]*5", {5}, {"2^56 parameters"});
}

}  // namespace
}  // namespace tapegrad::testing
