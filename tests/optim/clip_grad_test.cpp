// Clipping gradients by their norm and by value.

#include <tapegrad/optim/clip_grad.hpp>

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Two parameters in both precisions with the gradients (3, 0) and 4, and one without.
struct Clip : ::testing::Test {
  Clip() {
    a.set_grad({3.0, 0.0});
    b.set_grad(-4.0);
  }
  Parameter a{array({2}, {1, 1}), f32}, b{1.0}, unused{array({2}, {1, 1})};
  std::vector<Parameter> all{a, unused, b};
};

TEST_F(Clip, TheNormIsTakenOverAllGradients) {
  EXPECT_NEAR(optim::clip_grad_norm(all, 1), 5, 1e-12);
  expect_numbers(a.grad(), {0.6, 0}, 1e-7);
  EXPECT_NEAR(b.grad()(), -0.8, 1e-15);
  EXPECT_FALSE(unused.has_grad());
  EXPECT_NEAR(optim::clip_grad_norm(all, 10), 1, 1e-7);
}

TEST_F(Clip, ShortGradientsStay) {
  EXPECT_NEAR(optim::clip_grad_norm(all, 5.1), 5, 1e-12);
  EXPECT_NEAR(optim::clip_grad_norm(all, infinity), 5, 1e-12);
  expect_numbers(a.grad(), {3, 0});
  EXPECT_EQ(b.grad()(), -4);
}

TEST_F(Clip, OtherNorms) {
  EXPECT_NEAR(optim::clip_grad_norm(all, 100, 1), 7, 1e-12);
  EXPECT_NEAR(optim::clip_grad_norm(all, 100, 3), std::cbrt(27 + 64), 1e-12);
  EXPECT_EQ(optim::clip_grad_norm(all, 2, infinity), 4);
  expect_numbers(a.grad(), {1.5, 0});
  EXPECT_EQ(b.grad()(), -2);
}

TEST_F(Clip, NormOfNoGradients) {
  EXPECT_EQ(optim::clip_grad_norm({unused}, 1), 0);
  EXPECT_EQ(optim::clip_grad_norm({}, 1), 0);
  Parameter none = Parameter::zeros({0, 3});
  none.set_grad(Array<double>(std::vector<std::size_t>{0, 3}));
  EXPECT_EQ(optim::clip_grad_norm({none}, 1), 0);
  EXPECT_EQ(optim::clip_grad_norm(all, 0), 5);
  EXPECT_EQ(b.grad()(), 0);
}

TEST_F(Clip, SquaresBeyondTheRangeOfTheirType) {
  b.set_grad(1e200);
  EXPECT_NEAR(optim::clip_grad_norm({b}, 1) / 1e200, 1, 1e-12);
  EXPECT_NEAR(b.grad()(), 1, 1e-12);
}

TEST_F(Clip, ANormThatIsNotFinite) {
  for (const double bad : {infinity, not_a_number}) {
    b.set_grad(bad);
    for (const double p : {1.0, 2.0, infinity}) {
      expect_error<NonFiniteError>([&] { optim::clip_grad_norm(all, 1, p); },
                                   {"[clip_grad_norm]", "finite norm"});
      expect_numbers(a.grad(), {3, 0});
    }
  }
}

TEST_F(Clip, ByValue) {
  optim::clip_grad_value(all, 3.5);
  expect_numbers(a.grad(), {3, 0});
  EXPECT_EQ(b.grad()(), -3.5);
  optim::clip_grad_value(all, 0.25);
  expect_numbers(a.grad(), {0.25, 0});
  EXPECT_EQ(b.grad()(), -0.25);
  b.set_grad(not_a_number);
  optim::clip_grad_value(all, 0.25);
  EXPECT_TRUE(std::isnan(b.grad()()));
  EXPECT_FALSE(unused.has_grad());
}

TEST_F(Clip, BadLimits) {
  for (const double bad : {-1.0, not_a_number}) {
    expect_error<ValueError>([&] { optim::clip_grad_norm(all, bad); }, {"[clip_grad_norm]"});
    expect_error<ValueError>([&] { optim::clip_grad_norm(all, 1, bad); }, {"[clip_grad_norm]"});
    expect_error<ValueError>([&] { optim::clip_grad_value(all, bad); }, {"[clip_grad_value]"});
  }
  expect_error<ValueError>([&] { optim::clip_grad_norm(all, 1, 0); }, {"norm_type"});
  expect_numbers(a.grad(), {3, 0});
}

}  // namespace
}  // namespace tapegrad::testing
