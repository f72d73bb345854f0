// Where two tapes of one circuit part, and the matchers that say so in a test.

#include <cmath>
#include <limits>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/testing/matchers.hpp>

namespace tapegrad::testing {
namespace {

/// x·w → tanh → sum, walked backward.
void record(Tape& tape, double x, double w) {
  const Var first = tape.variable({x, 2});
  const Var second = tape.variable(w);
  sum(tanh(first * second)).backward();
}

TEST(TapeDifference, EqualTapesDoNotDiffer) {
  Tape a, b;
  record(a, 0.5, 3);
  record(b, 0.5, 3);
  EXPECT_FALSE(first_difference(a, b));
  EXPECT_FALSE(first_difference(a, a.replay(f64), 1e300));
  EXPECT_TAPE_NEAR(a, b, 0);
}

TEST(TapeDifference, TheFirstGateThatDiffersIsNamed) {
  Tape a, b;
  record(a, 0.5, 3);
  record(b, 0.5, 3.001);
  const auto difference = first_difference(a, b);
  ASSERT_TRUE(difference);
  EXPECT_EQ(difference->gate, 0U);  // The gradient of x feels w.
  EXPECT_NE(difference->text.find("gradient of element 0"), std::string::npos) << difference->text;
  a.zero_grad();
  b.zero_grad();
  EXPECT_EQ(first_difference(a, b)->gate, 1U);
  EXPECT_NE(first_difference(a, b)->text.find("value of element 0: 3 and 3.001"),
            std::string::npos);
  EXPECT_FALSE(first_difference(a, b, 1e-2));
}

TEST(TapeDifference, OtherGatesOperandsShapesAndEnds) {
  const auto text = [](auto left, auto right) {
    Tape a, b;
    const Var x = a.variable(2), u = a.variable(2);
    left(x, u);
    const Var y = b.variable(2), v = b.variable(2);
    right(y, v);
    const auto difference = first_difference(a, b);
    return difference ? difference->text : "";
  };
  const auto product = [](const Var& x, const Var& y) { return x * y; };
  EXPECT_NE(text(product, [](const Var& x, const Var& y) { return x + y; }).find("mul and add"),
            std::string::npos);
  EXPECT_NE(text(product, [](const Var& x, const Var& y) { return y * x; }).find("%0 %1 and %1 %0"),
            std::string::npos);
  EXPECT_NE(text([](const Var& x, const Var&) { return reshape(x, {1}); },
                 [](const Var& x, const Var&) {
                   return reshape(x, {1, 1});
                 })
                .find("(1,) and (1, 1)"),
            std::string::npos);
  EXPECT_NE(text(product, [](const Var& x, const Var& y) { return exp(x * y); })
                .find("ends after 3 gates, the other goes on to 4"),
            std::string::npos);
}

TEST(TapeDifference, NaNEqualsNaN) {
  const auto log_of = [](Tape& tape, double x) { return log(tape.variable(x)); };
  Tape a, b, c;
  log_of(a, std::numeric_limits<double>::quiet_NaN());
  log_of(b, std::numeric_limits<double>::quiet_NaN());
  log_of(c, 1);
  EXPECT_FALSE(first_difference(a, b));
  EXPECT_TRUE(first_difference(a, c, 1e300));
}

/// x², with the gradient of x³.
struct WrongSquare : ops::Pointwise<1> {
  static constexpr const char* name = "wrong_square";
  template <class T>
  T forward(T x) const {
    return x * x;
  }
  template <class T>
  T gradient(ops::At<0>, T g, T x, T) const {
    return 3 * g * x * x;
  }
};

TEST(Matchers, GradientsOk) {
  Tape tape;
  const Var x = tape.variable({0.5, 2});
  EXPECT_GRADIENTS_OK(sum(exp(x)));
  GradcheckOptions options;
  options.h = 1e-5;
  EXPECT_GRADIENTS_OK(sum(exp(x)), options);
  EXPECT_NONFATAL_FAILURE(
      {
        Tape other;
        EXPECT_GRADIENTS_OK(sum(gate(WrongSquare{}, other.variable({0.5, 2}))));
      },
      "[wrong_square]");
}

void expect_equal_tapes() {
  Tape a, b;
  record(a, 0.5, 3);
  record(b, 0.5, 4);
  EXPECT_TAPE_NEAR(a, b, 1e-9);
}

TEST(Matchers, TapeNear) {
  EXPECT_NONFATAL_FAILURE(expect_equal_tapes(), "gate %0");
}

}  // namespace
}  // namespace tapegrad::testing
