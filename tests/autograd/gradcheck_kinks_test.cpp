// gradcheck on and next to kinks (MISSION G7, G8, B3).

#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/gradcheck.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

TEST(GradcheckKinks, AKinkWithinTheStepIsStillSmoothForSmallerSteps) {
  Tape tape;
  const Var x = tape.variable({1e-5, -2e-5, 0.01});
  const GradcheckReport report = gradcheck(sum(relu(x) * x));
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_EQ(report.count(Verdict::ok), 3);
  EXPECT_LT(report.coordinates[0].h, 1e-5);
}

TEST(GradcheckKinks, AKinkNearerThanAnyStepShowsOneSide) {
  Tape tape;
  const Var x = tape.variable({1e-20, -1e-20});
  GradcheckOptions options;
  options.ok_share = 0;
  const GradcheckReport report = gradcheck(sum(relu(x)), options);
  EXPECT_EQ(report.count(Verdict::kink), 2) << to_string(report);
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(report.coordinates[0].analytic, 1);
  EXPECT_NEAR(report.coordinates[0].numeric, 1, 1e-9);
  EXPECT_NEAR(report.coordinates[1].numeric, 0, 1e-9);
  options.ok_share = 0.9;
  EXPECT_FALSE(gradcheck(sum(relu(x)), options).passed());
}

/// Every gate with a kink, lying on it.
TEST(GradcheckKinks, OnAKinkTheGradientLiesBetweenTheSlopes) {
  const std::vector<std::function<Var(const Var&)>> functions = {
      [](const Var& x) { return relu(x); },
      [](const Var& x) { return abs(x); },
      [](const Var& x) { return leaky_relu(x, 0.1); },
      [](const Var& x) { return clamp(x, 0, 1); },
      [](const Var& x) { return max(x, 0); },
      [](const Var& x) { return min(0, x); },
      [](const Var& x) { return where(x > 0, 2 * x, 5 * x); },
      [](const Var& x) {
        return norm(x * constant(std::vector<double>{3, -4}));
      },
  };
  for (std::size_t f = 0; f < functions.size(); ++f) {
    Tape tape;
    const Var x = tape.variable(0);
    const GradcheckReport report = gradcheck(sum(functions[f](x)));
    EXPECT_EQ(report.count(Verdict::tie), 1) << "function " << f << ": " << to_string(report);
    EXPECT_FALSE(report.wrong_rule) << "function " << f << ": " << to_string(report);
  }
}

TEST(GradcheckKinks, ATieOfTwoVariables) {
  Tape tape;
  const Var x = tape.variable(2), y = tape.variable(2);
  const GradcheckReport report = gradcheck(max(x, y) * 3);
  EXPECT_EQ(report.count(Verdict::tie), 2) << to_string(report);
  const Var list = tape.variable({5, 5, 1});
  const GradcheckReport reduction = gradcheck(amax(list));
  EXPECT_EQ(reduction.count(Verdict::kink) + reduction.count(Verdict::tie), 2);
  EXPECT_EQ(reduction.count(Verdict::ok), 1);
}

TEST(GradcheckKinks, SeveralKinksAtOnceAreNoProofOfAWrongGradient) {
  Tape tape;
  const Var x = tape.variable(0);
  const GradcheckReport report = gradcheck(relu(x) - relu(-x));  // = x, but 0 at 0 by the rules.
  EXPECT_EQ(report.count(Verdict::tie), 1) << to_string(report);
}

/// relu with the gradient of its other side.
struct WrongRelu : ops::Pointwise<1> {
  static constexpr const char* name = "wrong_relu";
  template <class T>
  T forward(T x) const {
    using ops::where;
    return where(x > 0, x, 0);
  }
  template <class T>
  T gradient(ops::At<0>, T g, T x, T) const {
    using ops::where;
    return where(x >= 0, g * 1.5, 0);
  }
  int branch(double x) const { return ops::side(x, 0); }
};

/// Two layers whose hidden units lie on, next to and away from their kinks.
template <class Activation>
std::pair<GradcheckReport, Var> check_rectified_net(Tape& tape, Activation activation) {
  const Var x = tape.data(array({4, 2}, {1, 0, 0, 1, 1, 1, -1, 2}));
  const Var w = tape.variable(array({2, 4}, {0.5, 1e-12, 1, -2, -0.5, 0.3, 2, 1e-9}));
  const Var b = tape.variable({0, 0, -3, 2});
  const Var hidden = activation(matmul(x, w) + b);
  const Var v = tape.variable(array({4, 1}, {1, -2, 0.5, 3}));
  const Var y = tanh(matmul(hidden, v));
  return {gradcheck(sum(y)), hidden};
}

TEST(GradcheckKinks, ARectifiedNetOnItsKinksIsNeverWrong) {
  Tape tape;
  const auto [report, hidden] = check_rectified_net(tape, [](const Var& x) { return relu(x); });
  EXPECT_EQ(report.count(Verdict::wrong), 0) << to_string(report);
  EXPECT_EQ(report.count(Verdict::suspicious), 0) << to_string(report);
  EXPECT_GT(report.count(Verdict::kink) + report.count(Verdict::tie), 0) << to_string(report);
  EXPECT_FALSE(report.wrong_rule);
}

TEST(GradcheckKinks, AWrongRuleOnKinksIsBlamed) {
  Tape tape;
  const auto [report, hidden] =
      check_rectified_net(tape, [](const Var& x) { return gate(WrongRelu{}, x); });
  EXPECT_GT(report.count(Verdict::wrong), 0) << to_string(report);
  ASSERT_TRUE(report.wrong_rule);
  EXPECT_EQ(report.wrong_rule->gate, hidden.index());
  EXPECT_EQ(report.wrong_rule->name, "wrong_relu");
}

TEST(GradcheckKinks, AGradientOutsideOfTheSlopesIsWrong) {
  Tape tape;
  const Var x = tape.variable(0);
  const GradcheckReport report = gradcheck(gate(WrongRelu{}, x));
  EXPECT_EQ(report.count(Verdict::wrong), 1) << to_string(report);
  EXPECT_TRUE(report.wrong_rule);
}

TEST(GradcheckKinks, ManyOfThemAreSaidToComeFromManySamples) {
  Tape tape;
  const Var x = tape.variable({0, 1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_NE(to_string(gradcheck(sum(relu(x))))
                .find("1 of 9 coordinates lie next to kinks: a check "
                      "on two or three samples meets fewer"),
            std::string::npos);
  EXPECT_EQ(to_string(gradcheck(sum(relu(x + 1)))).find("samples"), std::string::npos);
}

}  // namespace
}  // namespace tapegrad::testing
