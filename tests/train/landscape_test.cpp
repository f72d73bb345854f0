// The loss on grids in the space of parameters (MISSION R14); the page is in tests/pages.

#include <tapegrad/train/landscape.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include <gtest/gtest.h>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mlp.hpp>

#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::testing {
namespace {

using train::Direction;
using train::GridAxis;
using train::Landscape;
using train::LandscapePoint;
using train::loss_landscape;
using train::Scaling;

/// The bytes of a parameter's value.
std::string bytes_of(const Parameter& parameter) {
  return {static_cast<const char*>(parameter.state()->value),
          static_cast<std::size_t>(parameter.size() * bytes_per_number(parameter.precision()))};
}

double never_called() {
  ADD_FAILURE() << "the loss was computed";
  return 0;
}

/// Three points of the line, one of each of three classes, and one weight per class.
constexpr double svm_points[] = {1.25, -0.8, 0.4};
constexpr double svm_weights[] = {0.5, -1.0, 1.0};

/// The mean over the points of Σ max(0, s_j − s_label + 1) over the other classes j, as gates.
double svm_loss(const Parameter& weights) {
  Tape tape;
  const Var points = tape.data(array({3, 1}, {svm_points[0], svm_points[1], svm_points[2]}));
  return nn::multiclass_hinge_loss(points * weights, std::vector<int>{0, 1, 2}).item();
}

/// The same in plain numbers.
double svm_by_hand(const double* w) {
  double total = 0;
  for (int label = 0; label < 3; ++label) {
    for (int other = 0; other < 3; ++other) {
      if (other != label) total += std::max(0.0, (w[other] - w[label]) * svm_points[label] + 1);
    }
  }
  return total / 3;
}

TEST(Landscape, SvmAlongOneWeightIsASumOfHinges) {
  const Parameter weights(Array<double>{svm_weights[0], svm_weights[1], svm_weights[2]});
  const Landscape landscape = loss_landscape([&] { return svm_loss(weights); },
                                             {Direction::weight(weights, {0}), -4, 4, 801});
  ASSERT_EQ(landscape.losses.size(), 801U);
  EXPECT_TRUE(landscape.y.empty());

  // Where a margin that the weight is part of is 0, and by how much the slope grows there. Point 0
  // is of class 0: max(0, (w_j − w)·x + 1). The others push class 0 down: max(0, (w − w_label)·x +
  // 1).
  struct Hinge {
    double at, bend;
  };
  std::vector<Hinge> hinges;
  for (const int other : {1, 2}) {
    hinges.push_back({svm_weights[other] + 1 / svm_points[0], std::abs(svm_points[0]) / 3});
    hinges.push_back({svm_weights[other] - 1 / svm_points[other], std::abs(svm_points[other]) / 3});
  }
  const double step = 0.01;
  int bends = 0;
  for (std::size_t i = 0; i < landscape.x.size(); ++i) {
    const double at = landscape.x[i];
    const double w[] = {at, svm_weights[1], svm_weights[2]};
    EXPECT_NEAR(landscape.losses[i], svm_by_hand(w), 1e-14) << at;
    if (i == 0 || i + 1 == landscape.x.size()) continue;
    // A hinge between this point and a neighbour bends the line by its part of the step.
    double bend = 0;
    for (const Hinge& hinge : hinges) {
      bend += hinge.bend * std::max(0.0, step - std::abs(hinge.at - at));
    }
    bends += bend > 1e-9;
    const double second =
        landscape.losses[i - 1] - 2 * landscape.losses[i] + landscape.losses[i + 1];
    EXPECT_NEAR(second, bend, 1e-13) << at;
  }
  // The four hinges; the other 795 points lie on lines.
  EXPECT_EQ(bends, 4);
}

TEST(Landscape, ValuesOnAPlaneAreThoseOfTheLossThere) {
  nn::manual_seed(3);
  nn::Sequential model = nn::mlp({2, 5, 3});
  const data::Dataset points = data::spiral(7, 3, 1);
  const auto loss = [&] {
    Tape tape;
    return nn::cross_entropy(model(tape.data(points.inputs)), points.labels).item();
  };
  const Direction x = Direction::random(model.parameters(), 5);
  const Direction y = Direction::random(model.parameters(), 6, Scaling::none);
  const Landscape landscape = loss_landscape(loss, {x, -1, 2, 4}, {y, -0.5, 0.5, 3});
  EXPECT_EQ(landscape.x, (std::vector<double>{-1, 0, 1, 2}));
  EXPECT_EQ(landscape.y, (std::vector<double>{-0.5, 0, 0.5}));
  ASSERT_EQ(landscape.losses.size(), 12U);
  EXPECT_EQ(landscape.loss(1, 1), loss());

  const std::vector<Parameter> parameters = model.parameters();
  std::vector<Array<double>> start;
  for (const Parameter& parameter : parameters) start.push_back(parameter.value());
  for (std::size_t j = 0; j < 3; ++j) {
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t k = 0; k < start.size(); ++k) {
        Array<double> value = start[k];
        for (std::size_t n = 0; n < value.size(); ++n) {
          value.data()[n] += landscape.x[i] * x.parts()[k].step.data()[n] +
                             landscape.y[j] * y.parts()[k].step.data()[n];
        }
        Parameter(parameters[k]).set_value(value);
      }
      EXPECT_NEAR(landscape.loss(i, j), loss(), 1e-13) << i << ", " << j;
    }
  }
}

TEST(Landscape, AWeightIsSetToItsCoordinateAndOtherDirectionsAdd) {
  Parameter w(Array<double>{{0.1, 0.2}, {0.3, 0.4}});
  std::vector<std::vector<double>> seen;
  const auto loss = [&] {
    const Array<double> value = w.value();
    seen.emplace_back(value.begin(), value.end());
    return 0.0;
  };
  const std::vector<double> start = {0.1, 0.2, 0.3, 0.4};

  loss_landscape(loss, {Direction::weight(w, {0, 1}), 0.7, 1.1, 2},
                 {Direction::weight(w, {1, 0}), -5, 5, 2});
  const std::vector<std::vector<double>> weights = {
      {0.1, 0.7, -5, 0.4}, {0.1, 1.1, -5, 0.4}, {0.1, 0.7, 5, 0.4}, {0.1, 1.1, 5, 0.4}};
  EXPECT_EQ(seen, weights);

  // The direction moves the weight of the other axis too, whichever comes first.
  const Direction slope = Direction::given({w}, {Array<double>{{1.0, 2.0}, {0.0, 0.0}}}, "slope");
  const GridAxis weight{Direction::weight(w, {0, 1}), 10, 11, 2};
  seen.clear();
  loss_landscape(loss, {slope, 0, 1, 2}, weight);
  const std::vector<std::vector<double>> mixed = {
      {0.1, 10, 0.3, 0.4}, {1.1, 12, 0.3, 0.4}, {0.1, 11, 0.3, 0.4}, {1.1, 13, 0.3, 0.4}};
  EXPECT_EQ(seen, mixed);
  seen.clear();
  loss_landscape(loss, weight, {slope, 0, 1, 2});
  std::swap(seen[1], seen[2]);
  EXPECT_EQ(seen, mixed);
}

TEST(Landscape, ParametersAreBackToTheBit) {
  nn::manual_seed(1);
  nn::Sequential model = nn::mlp({2, 5, 3});
  // Numbers that a detour through other arithmetic would change.
  Parameter odd(Array<double>{-0.0, 1e-310, 0.1, std::numeric_limits<double>::quiet_NaN()});
  Parameter single(Array<double>{0.1, 1e-42, -0.0, 1 / 3.0}, f32);
  Parameter untouched(Array<double>{1.0});
  std::vector<Parameter> parameters = model.parameters();
  parameters.push_back(odd);
  parameters.push_back(single);
  std::vector<std::string> before;
  for (const Parameter& parameter : parameters) before.push_back(bytes_of(parameter));
  const auto expect_back = [&] {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      EXPECT_EQ(bytes_of(parameters[i]), before[i]) << "parameter " << i;
    }
  };
  const GridAxis x{Direction::random(parameters, 1, Scaling::none), -1, 1, 3};
  const GridAxis y{Direction::random(parameters, 2, Scaling::none), -1, 1, 3};

  const auto version = odd.version();
  int moved = 0;
  loss_landscape(
      [&] {
        moved += bytes_of(single) != before.back();
        return 0.0;
      },
      x, y);
  EXPECT_GE(moved, 8);
  expect_back();
  EXPECT_GT(odd.version(), version);
  EXPECT_EQ(untouched.version(), 0U);
}

TEST(Landscape, ParametersAreBackAfterAThrow) {
  Parameter w(Array<double>{0.1, -0.0, 1e-310});
  const std::string before = bytes_of(w);
  int calls = 0;
  const auto fails = [&]() -> double {
    if (++calls == 5) throw std::runtime_error("the fifth");
    return 0;
  };
  const GridAxis x{Direction::random({w}, 1, Scaling::none), -1, 1, 3};
  EXPECT_THROW(loss_landscape(fails, x, {Direction::weight(w, {1}), -1, 1, 3}), std::runtime_error);
  EXPECT_EQ(calls, 5);
  EXPECT_EQ(bytes_of(w), before);
}

TEST(Landscape, ATapeFromBeforeRefusesToGoBackward) {
  Parameter w(Array<double>{2.0});
  Tape tape;
  const Var y = sum(square(w));
  loss_landscape([] { return 0.0; }, {Direction::weight(w, {0}), -1, 1, 2});
  expect_error<TapeError>([&] { y.backward(); });
}

TEST(Landscape, LossesThatAreNotFiniteAreKept) {
  const Parameter w(Array<double>{1.0});
  const auto loss = [&] { return 1 / std::max(0.0, w.value()(0)); };
  const Landscape landscape = loss_landscape(loss, {Direction::weight(w, {0}), -1, 1, 3});
  EXPECT_EQ(landscape.losses.front(), std::numeric_limits<double>::infinity());
  EXPECT_NE(landscape.json().find("\"losses\":[null,null,1.0]"), std::string::npos)
      << landscape.json();
}

TEST(Landscape, WritesTablesAndJson) {
  Landscape landscape;
  landscape.title = "two \"axes\"";
  landscape.x_label = "weight[0, 1]";
  landscape.y_label = "y";
  landscape.x = {0, 0.1};
  landscape.y = {-1, 1};
  landscape.losses = {1, 2, 3, std::nan("")};
  EXPECT_EQ(landscape.csv(), "\"weight[0, 1]\",y,loss\n0,-1,1\n0.1,-1,2\n0,1,3\n0.1,1,nan\n");
  landscape.paths = {{"a \"b\"", {{0.5, 0.25, 7}, {1, 2, 3}}}};
  EXPECT_EQ(landscape.csv(),
            "\"weight[0, 1]\",y,loss,path\n0,-1,1,\n0.1,-1,2,\n0,1,3,\n0.1,1,nan,\n"
            "0.5,0.25,7,\"a \"\"b\"\"\"\n1,2,3,\"a \"\"b\"\"\"\n");
  EXPECT_EQ(landscape.json(),
            R"({"logarithmic":false,"losses":[1.0,2.0,3.0,null],"paths":[{"name":"a \"b\"",)"
            R"("points":[{"loss":7.0,"x":0.5,"y":0.25},{"loss":3.0,"x":1.0,"y":2.0}]}],)"
            R"("title":"two \"axes\"","x":[0.0,0.1],"x_label":"weight[0, 1]","y":[-1.0,1.0],)"
            R"("y_label":"y"})");

  landscape.y.clear();
  landscape.losses = {1, 2};
  landscape.paths.clear();
  EXPECT_EQ(landscape.csv(), "\"weight[0, 1]\",loss\n0,1\n0.1,2\n");

  const TempFolder folder;
  landscape.save(folder.path("line.csv"));
  EXPECT_EQ(content_of(folder.path("line.csv")), landscape.csv());
  landscape.save(folder.path("line.json"));
  EXPECT_EQ(content_of(folder.path("line.json")), landscape.json());
  expect_error<ValueError>([&] { landscape.save(folder.path("line.png")); },
                           {"[landscape]", ".html, .json or .csv", "line.png"});
  expect_error<FileError>([&] { landscape.save(folder.path("no/line.csv")); });

  landscape.losses = {1, 2, 3};
  for (const auto write : {&Landscape::csv, &Landscape::json, &Landscape::html}) {
    expect_error<ValueError>([&] { (landscape.*write)(); }, {"[landscape]", "3 losses for 2 x 0"});
  }
}

TEST(Landscape, ThePageHoldsTheNumbersOrTheErrorSaysWhatIsMissing) {
  Landscape landscape;
  landscape.title = "a </script> b";
  landscape.x = {0, 1};
  landscape.losses = {0.125, 0.375};
  const TempFolder folder;
  std::string html;
  try {
    html = landscape.html();
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("[landscape]"), std::string::npos) << text;
    EXPECT_NE(text.find("install npm"), std::string::npos) << text;
    EXPECT_NE(text.find(".csv or .json"), std::string::npos) << text;
    return;
  }
  EXPECT_EQ(html.find("<!doctype html>"), 0U);
  EXPECT_NE(html.find("a \\u003c/script> b"), std::string::npos);
  EXPECT_NE(html.find("\"losses\":[0.125,0.375]"), std::string::npos);
  EXPECT_LT(html.size(), std::size_t{1} << 20);
  landscape.save(folder.path("line.html"));
  EXPECT_EQ(content_of(folder.path("line.html")), html);
}

TEST(Landscape, Errors) {
  Parameter w(Array<double>{1.0, 2.0});
  const Direction x = Direction::weight(w, {0});
  const double inf = std::numeric_limits<double>::infinity();
  expect_error<ValueError>(
      [&] {
        loss_landscape(never_called, {x, -1, 1, 1});
      },
      {"[loss_landscape]", "at least 2 points", "weight[0]", "got 1"});
  const std::pair<double, double> wrong[] = {
      {1, 1}, {1, -1}, {-inf, 1}, {0, inf}, {-1.7e308, 1.7e308}, {0, std::nan("")}};
  for (const auto& [low, high] : wrong) {
    expect_error<ValueError>(
        [&, low = low, high = high] {
          loss_landscape(never_called, {x, low, high});
        },
        {"finite low < high"});
  }
  // Parallel: the same weight twice, the same seed twice, the opposite.
  expect_error<ValueError>([&] { loss_landscape(never_called, {x}, {x}); }, {"parallel"});
  const Direction random = Direction::random({w}, 1, Scaling::none);
  expect_error<ValueError>([&] { loss_landscape(never_called, {random}, {random}); },
                           {"random direction 1", "different seeds"});
  const Direction back = Direction::given({w}, {Array<double>{-3.0, 0.0}}, "back");
  expect_error<ValueError>([&] { loss_landscape(never_called, {x}, {back}); }, {"'back'"});
  EXPECT_EQ(w.version(), 0U);
}

}  // namespace
}  // namespace tapegrad::testing
