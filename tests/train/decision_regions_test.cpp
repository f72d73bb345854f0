// Decision regions in the plane, and what capacity and weight decay do to them (MISSION K1, N3);
// the page is in tests/pages.

#include <tapegrad/train/decision_regions.hpp>

#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <tapegrad/data/image.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/sequential.hpp>
#include <tapegrad/nn/weights.hpp>
#include <tapegrad/optim/adam.hpp>
#include <tapegrad/optim/decay_only.hpp>
#include <tapegrad/train/fit.hpp>
#include <tapegrad/train/k_neighbors_classifier.hpp>

#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::testing {
namespace {

using train::decision_regions;
using train::DecisionRegions;
using train::RegionOptions;

/// Four points: the corners of a rectangle from (0, −1) to (4, 1).
data::Dataset corners() {
  data::Dataset points;
  points.inputs = Array<float>{{0, -1}, {4, -1}, {0, 1}, {4, 1}};
  points.labels = {0, 1, 0, 1};
  points.classes = 2;
  return points;
}

/// Class 1 to the right of x = 2.
std::vector<int> half_planes(const Array<float>& points) {
  std::vector<int> labels;
  for (std::size_t i = 0; i < points.shape()[0]; ++i) labels.push_back(points(i, 0) > 2 ? 1 : 0);
  return labels;
}

TEST(DecisionRegions, OfTwoHalfPlanes) {
  const DecisionRegions regions = decision_regions(half_planes, corners(), {40, 0});
  EXPECT_EQ(regions.columns, 40);
  EXPECT_EQ(regions.rows, 20);
  EXPECT_DOUBLE_EQ(regions.cell, 0.1);
  EXPECT_NEAR(regions.left, 0, 1e-12);
  EXPECT_NEAR(regions.bottom, -1, 1e-12);
  ASSERT_EQ(regions.labels.size(), 800U);
  for (std::size_t i = 0; i < 800; ++i) EXPECT_EQ(regions.labels[i], i % 40 >= 20 ? 1 : 0);
  EXPECT_EQ(regions.accuracy, 1);
  EXPECT_NEAR(regions.boundary(), 2, 1e-12);  // A line through the whole height.
  // With room around, which lengthens the line.
  const DecisionRegions wide = decision_regions(half_planes, corners(), {600, 0.25});
  EXPECT_EQ(wide.columns, 600);
  EXPECT_EQ(wide.rows, 400);
  EXPECT_NEAR(wide.boundary(), 4, 1e-9);
}

TEST(DecisionRegions, RowsGoFromTheLowestUp) {
  const auto above = [](const Array<float>& points) {
    std::vector<int> labels;
    for (std::size_t i = 0; i < points.shape()[0]; ++i) labels.push_back(points(i, 1) > 0.5F);
    return labels;
  };
  const DecisionRegions regions = decision_regions(above, corners(), {8, 0});
  ASSERT_EQ(regions.rows, 4);
  EXPECT_EQ(regions.labels.front(), 0);
  EXPECT_EQ(regions.labels.back(), 1);
  EXPECT_EQ(regions.accuracy, 0.5);
  // An image begins at the top; class 1 is orange and class 0 blue.
  const Array<float> image = regions.image(10);
  ASSERT_EQ(image.shape()[1], 40U);
  EXPECT_GT(image(0, 5, 40), image(2, 5, 40));
  EXPECT_LT(image(0, 35, 40), image(2, 35, 40));
}

TEST(DecisionRegions, ByScores) {
  const auto scores = [](const Array<float>& points) {
    Array<double> s = Array<double>::from_shape({points.shape()[0], 2});
    for (std::size_t i = 0; i < points.shape()[0]; ++i) {
      s(i, 0) = 2;
      s(i, 1) = static_cast<double>(points(i, 0));
    }
    return s;
  };
  const RegionOptions options{40, 0};
  EXPECT_EQ(decision_regions(train::by_scores(scores), corners(), options).labels,
            decision_regions(half_planes, corners(), options).labels);
  nn::Sequential model(nn::Linear(2, 2));
  model.parameters()[0].set_value(Array<double>{{0, 0}, {1, 0}});
  model.parameters()[1].set_value({2, 0});
  EXPECT_EQ(decision_regions(train::by_scores(model), corners(), options).labels,
            decision_regions(half_planes, corners(), options).labels);
  const auto wrong = [](const Array<float>&) { return Array<double>{{1, 2}}; };
  expect_error<ShapeError>([&] { decision_regions(train::by_scores(wrong), corners()); },
                           {"[decision_regions]", "(4, K)", "(1, 2)"});
}

TEST(DecisionRegions, Images) {
  DecisionRegions regions = decision_regions(half_planes, corners(), {40, 0.1});
  const Array<float> image = regions.image(4);
  EXPECT_EQ(image.shape()[2], 160U);
  // In the middle of a point stands its own full colour, beside it a lighter one.
  const auto column = static_cast<std::size_t>((0 - regions.left) / regions.cell * 4);
  const auto row = static_cast<std::size_t>(image.shape()[1]) -
                   static_cast<std::size_t>((-1 - regions.bottom) / regions.cell * 4) - 1;
  EXPECT_EQ(image(0, row, column), 0);
  EXPECT_NEAR(image(2, row, column), 178.0 / 255, 1e-6);
  EXPECT_GT(image(0, row, column + 20), 0.5);
  const TempFolder folder;
  train::save_regions(folder.path("two.png"), "Two", {regions, regions});
  const Array<float> read = data::load_image(folder.path("two.png"));
  EXPECT_EQ(read.shape()[2], 2 * regions.image().shape()[2] + 3 * 12);
  for (const int scale : {0, 33}) EXPECT_THROW(regions.image(scale), ValueError);
  regions.labels.pop_back();
  expect_error<ValueError>([&] { regions.image(); }, {"[decision_regions]", "for each of"});
}

TEST(DecisionRegions, Files) {
  const DecisionRegions regions = decision_regions(half_planes, corners(), {4, 0});
  const TempFolder folder;
  train::save_regions(folder.path("r.csv"), "Title", {regions});
  EXPECT_EQ(content_of(folder.path("r.csv")),
            "panel,x,y,label\n0,0.5,-0.5,0\n0,1.5,-0.5,0\n0,2.5,-0.5,1\n0,3.5,-0.5,1\n"
            "0,0.5,0.5,0\n0,1.5,0.5,0\n0,2.5,0.5,1\n0,3.5,0.5,1\n");
  train::save_regions(folder.path("r.json"), "Title", {regions});
  const std::string json = content_of(folder.path("r.json"));
  for (const char* words : {R"("title":"Title")", R"("labels":[0,0,1,1,0,0,1,1])", R"("class 1")",
                            R"("accuracy":1.0)"}) {
    EXPECT_NE(json.find(words), std::string::npos) << words << " in " << json;
  }
  train::save_regions(folder.path("r.json"), "caf\xe9", {regions});  // No UTF-8.
  EXPECT_NE(content_of(folder.path("r.json")).find("caf\uFFFD"), std::string::npos);
  expect_error<ValueError>([&] { train::save_regions(folder.path("r.txt"), "", {regions}); },
                           {"[decision_regions]", "r.txt"});
  expect_error<ValueError>([&] { train::save_regions(folder.path("r.csv"), "", {}); },
                           {"at least one panel"});
}

TEST(DecisionRegions, RefuseWhatMakesNoSense) {
  data::Dataset points = corners();
  for (const RegionOptions& options : {RegionOptions{1, 0}, RegionOptions{100'000, 0},
                                       RegionOptions{10, -1}, RegionOptions{10, NAN}}) {
    expect_error<ValueError>([&] { decision_regions(half_planes, points, options); },
                             {"[decision_regions]"});
  }
  const auto too_few = [](const Array<float>&) { return std::vector<int>{1}; };
  expect_error<ValueError>([&] { decision_regions(too_few, points); }, {"got 1 for 4 points"});
  const auto negative = [](const Array<float>& x) { return std::vector<int>(x.shape()[0], -1); };
  expect_error<ValueError>([&] { decision_regions(negative, points); }, {"got -1"});
  points.inputs(2, 1) = NAN;
  expect_error<ValueError>([&] { decision_regions(half_planes, points); }, {"point 2"});
  points.inputs.fill(3);
  expect_error<ValueError>([&] { decision_regions(half_planes, points); }, {"lie apart"});
  points.inputs.resize({4, 3});
  expect_error<ShapeError>([&] { decision_regions(half_planes, points); }, {"(3,)"});
}

TEST(DecisionRegions, FiveNeighboursSmoothWhatOneRemembers) {
  const data::Dataset spiral = data::spiral(100, 3, 4);
  const auto regions_of = [&](std::int64_t k) {
    const train::KNeighborsClassifier classifier(spiral, k);
    return decision_regions([&](const Array<float>& points) { return classifier.predict(points); },
                            spiral, {150});
  };
  const DecisionRegions one = regions_of(1), five = regions_of(5);
  EXPECT_GE(one.accuracy, 0.99);
  EXPECT_GE(five.accuracy, 0.95);
  EXPECT_LT(five.boundary(), one.boundary());
}

/// Regions of a network with a hidden layer, trained on the spiral.
DecisionRegions trained(std::int64_t hidden, double lambda, std::uint64_t seed) {
  const data::Dataset spiral = data::spiral(100, 3, 1);
  set_default_precision(f32);
  nn::manual_seed(seed);
  nn::Sequential model(nn::Linear(2, hidden), nn::Tanh(), nn::Linear(hidden, 3));
  optim::AdamOptions rates(0.02);
  rates.weight_decay = lambda;
  optim::Adam adam(optim::decay_only(nn::weights(model), model.parameters(), rates));
  train::Options options;
  options.epochs = 300;
  options.precision = f32;
  train::fit(model, adam, spiral, options);
  DecisionRegions regions = decision_regions(train::by_scores(model, f32), spiral, {150});
  set_default_precision(f64);
  return regions;
}

/// The mean over three first weights, of one member of the regions.
template <class Member>
double mean_over_seeds(std::int64_t hidden, double lambda, Member member) {
  double sum = 0;
  for (const std::uint64_t seed : {2U, 3U, 4U}) sum += member(trained(hidden, lambda, seed));
  return sum / 3;
}

TEST(DecisionRegions, MoreHiddenUnitsLearnMore) {
  const auto accuracy = [](const DecisionRegions& regions) { return regions.accuracy; };
  const double three = mean_over_seeds(3, 0, accuracy), six = mean_over_seeds(6, 0, accuracy),
               twenty = mean_over_seeds(20, 0, accuracy);
  EXPECT_LT(three + 0.05, six);
  EXPECT_LT(six, twenty);
  EXPECT_GT(twenty, 0.97);
}

TEST(DecisionRegions, StrongerWeightDecayMakesShorterBoundaries) {
  const auto boundary = [](const DecisionRegions& regions) { return regions.boundary(); };
  const double weak = mean_over_seeds(20, 0, boundary),
               medium = mean_over_seeds(20, 1e-3, boundary),
               strong = mean_over_seeds(20, 1e-2, boundary);
  EXPECT_GT(weak, 1.03 * medium);
  EXPECT_GT(medium, 1.1 * strong);
}

}  // namespace
}  // namespace tapegrad::testing
