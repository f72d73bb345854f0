#include <tapegrad/data/spiral.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace tapegrad::data {
namespace {

TEST(Spiral, HasThreeArmsOfAHundred) {
  const Dataset dataset = spiral();
  ASSERT_NO_THROW(dataset.validate());
  EXPECT_EQ(dataset.size(), 300U);
  EXPECT_EQ(dataset.features(), 2U);
  EXPECT_EQ(dataset.classes, 3);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(dataset.labels[i], static_cast<int>(i / 100));
}

TEST(Spiral, RadiusIsLinearAndAngleIsLinearWithNoise) {
  const Dataset dataset = spiral(2'000, 3, 7);
  double sum = 0.0;
  double squares = 0.0;
  int counted = 0;
  for (std::size_t row = 0; row < dataset.size(); ++row) {
    const double x = dataset.inputs(row, 0);
    const double y = dataset.inputs(row, 1);
    const double radius = static_cast<double>(row % 2'000) / 1'999.0;
    EXPECT_NEAR(std::hypot(x, y), radius, 1e-6);
    if (radius == 0.0) continue;
    // (x, y) = (r sin t, r cos t): the noise is t − 4(arm + r), within half a turn.
    const double angle = 4.0 * (dataset.labels[row] + radius);
    const double noise = std::remainder(std::atan2(x, y) - angle, 2.0 * M_PI);
    sum += noise;
    squares += noise * noise;
    ++counted;
  }
  // Four standard errors of 6000 normals of deviation 0.2.
  EXPECT_NEAR(sum / counted, 0.0, 0.0104);
  EXPECT_NEAR(std::sqrt(squares / counted), 0.2, 0.0073);
}

TEST(Spiral, SeedDecidesAll) {
  const Dataset a = spiral(50, 4, 1);
  const Dataset again = spiral(50, 4, 1);
  const Dataset other = spiral(50, 4, 2);
  EXPECT_TRUE(std::equal(a.inputs.begin(), a.inputs.end(), again.inputs.begin()));
  EXPECT_FALSE(std::equal(a.inputs.begin(), a.inputs.end(), other.inputs.begin()));
}

TEST(Spiral, PinnedPoints) {
  const Dataset dataset = spiral(100, 3, 0);
  EXPECT_NEAR(dataset.inputs(1, 0), -0.00052477819, 1e-6);
  EXPECT_NEAR(dataset.inputs(1, 1), 0.01008736898, 1e-6);
  EXPECT_NEAR(dataset.inputs(299, 0), -0.77005064811, 1e-6);
  EXPECT_NEAR(dataset.inputs(299, 1), 0.63798275787, 1e-6);
}

TEST(Spiral, OnePointIsTheOrigin) {
  const Dataset dataset = spiral(1, 2);
  ASSERT_NO_THROW(dataset.validate());
  EXPECT_EQ(dataset.size(), 2U);
  for (const float coordinate : dataset.inputs) EXPECT_EQ(coordinate, 0.0F);
}

TEST(Spiral, NeedsPointsAndArms) {
  for (const auto& [points, arms] : {std::pair{0, 3}, std::pair{100, 0}, std::pair{-1, -1}}) {
    try {
      spiral(points, arms);
      ADD_FAILURE() << "no exception";
    } catch (const ValueError& error) {
      const std::string text = error.what();
      EXPECT_EQ(text.rfind("[spiral] needs at least 1 point per arm and 1 arm; got ", 0), 0U);
      EXPECT_NE(text.find(std::to_string(points) + " points"), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace tapegrad::data
