// The check of recorded circuits and of functions (MISSION G5, G6, G9–G13, B2, B3).

#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <set>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/gradcheck.hpp>
#include <tapegrad/autograd/threads.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/sequential.hpp>

#include "support/expect.hpp"
#include "support/text.hpp"
#include "support/wrong_tanh.hpp"

namespace tapegrad::testing {
namespace {

// --- The recorded circuit -------------------------------------------------------------------

/// A smooth network whose float gradients differences in float could never confirm.
class SmoothNet : public nn::Module {
 public:
  Var forward(const Var& x) override { return (*second_)(tanh((*first_)(x))); }

 private:
  static nn::Linear layer(std::int64_t in, std::int64_t out) {
    set_default_precision(f32);
    nn::Linear made(in, out);
    set_default_precision(f64);
    return made;
  }
  std::shared_ptr<nn::Linear> first_ = register_module("first", layer(3, 5));
  std::shared_ptr<nn::Linear> second_ = register_module("second", layer(5, 4));
};

TEST(Gradcheck, ANetworkOfFloatsIsCheckedInDouble) {
  SmoothNet net;
  const Array<double> inputs = array({2, 3}, {1, -0.5, 0.25, 2, 0.1, -1});
  Tape tape(f32);
  const Var x = tape.variable(inputs);
  const Var loss = nn::cross_entropy(net(x), std::vector<int>{3, 0});
  loss.backward();
  const Array<double> before = x.grad();
  std::vector<Array<double>> values, gradients;
  std::vector<std::uint64_t> versions;
  for (const Parameter& p : net.parameters()) {
    EXPECT_EQ(p.precision(), f32);
    values.push_back(p.value());
    gradients.push_back(p.grad());
    versions.push_back(p.version());
  }
  const std::uint32_t size = tape.size();

  const GradcheckReport report = gradcheck(loss);
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_EQ(report.count(Verdict::ok), static_cast<std::int64_t>(report.coordinates.size()));
  EXPECT_EQ(report.coordinates.size(), 6U + 15 + 5 + 20 + 4);  // x and every weight and bias.
  std::set<std::pair<std::uint32_t, std::int64_t>> different;
  for (const CoordinateCheck& c : report.coordinates) {
    different.insert({c.leaf, c.element});
    EXPECT_EQ(c.error, relative_error(c.analytic, c.numeric));
  }
  EXPECT_EQ(different.size(), report.coordinates.size());

  // Nothing of the user's was touched.
  EXPECT_EQ(tape.size(), size);
  EXPECT_EQ(x.grad(), before);
  EXPECT_EQ(x.value(), [&] {
    Tape t(f32);
    return t.variable(inputs).value();
  }());
  std::size_t i = 0;
  for (const Parameter& p : net.parameters()) {
    EXPECT_EQ(p.version(), versions[i]);
    EXPECT_EQ(p.value(), values[i]);
    EXPECT_EQ(p.grad(), gradients[i++]);
  }
}

/// 784-128-64-10 with tanh: of the size that the examples train.
TEST(Gradcheck, ANetworkOfAHundredThousandParametersInSeconds) {
  const int threads = num_threads();
  set_num_threads(1);
  const auto begin = std::chrono::steady_clock::now();
  nn::manual_seed(1);
  set_default_precision(f32);
  nn::Linear first(784, 128), second(128, 64), third(64, 10);
  Generator generator(2);
  Array<float> images({3, 784}, 0.0F);
  for (float& pixel : images) pixel = static_cast<float>(generator.uniform());
  Tape tape;
  const Var loss = nn::cross_entropy(third(tanh(second(tanh(first(tape.data(images)))))),
                                     std::vector<int>{3, 0, 7});
  set_default_precision(f64);
  GradcheckOptions options;
  options.coordinates = 128;
  const GradcheckReport report = gradcheck(loss, options);
  EXPECT_TRUE(report.passed()) << to_string(report);
  ASSERT_EQ(report.leaves.size(), 6U);
  for (const LeafCheck& leaf : report.leaves) {
    EXPECT_GE(leaf.checked, std::min<std::int64_t>(100, leaf.shape.size()));
    EXPECT_LE(leaf.error, 1e-7) << to_string(report);
    EXPECT_LT(leaf.float_error, 1e-4);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  set_num_threads(threads);
  RecordProperty("milliseconds", static_cast<int>(1000 * seconds.count()));
  std::printf("[ MEASURED ] %zu coordinates in %.2f s\n%s", report.coordinates.size(),
              seconds.count(), to_string(report).c_str());
}

TEST(Gradcheck, WithoutEarlierBackward) {
  Parameter p(array({2}, {1, 2}));
  Tape tape;
  const Var x = tape.variable(3);
  EXPECT_EQ(gradcheck(sum(p * p) * x).coordinates.size(), 3U);
  EXPECT_FALSE(p.has_grad());
  EXPECT_EQ(x.grad_item(), 0);
}

TEST(Gradcheck, AWrongRuleIsFound) {
  Tape tape;
  const Var x = tape.variable({0.5, -1});
  const Var unaffected = tape.variable(2);
  const int line = __LINE__ + 1;
  const Var wrong = gate(WrongTanh{}, x);
  const GradcheckReport report = gradcheck(sum(wrong) + exp(unaffected));
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(report.worst().leaf, x.index());
  for (const CoordinateCheck& c : report.coordinates) {
    EXPECT_EQ(c.verdict, c.leaf == x.index() ? Verdict::wrong : Verdict::ok);
  }
  EXPECT_NEAR(report.worst().numeric, 1 - std::pow(std::tanh(-1.0), 2), 1e-9);
  EXPECT_NEAR(report.worst().analytic, 1 - std::tanh(-1.0), 1e-12);
  ASSERT_TRUE(report.wrong_rule);
  EXPECT_EQ(report.wrong_rule->gate, wrong.index());
  EXPECT_EQ(report.wrong_rule->place.line, line);
  EXPECT_EQ(report.wrong_rule->operand, 0U);
  EXPECT_EQ(report.wrong_rule->element, 0);
  EXPECT_NEAR(report.wrong_rule->expected, 1 - std::pow(std::tanh(0.5), 2), 1e-9);
  EXPECT_NEAR(report.wrong_rule->got, 1 - std::tanh(0.5), 1e-12);
  for (const char* part : {"failed", "[wrong_tanh]", "operand 0", "2 wrong", "1 ok"}) {
    EXPECT_NE(to_string(report).find(part), std::string::npos) << to_string(report);
  }
}

TEST(Gradcheck, ChecksWhatIsUpstreamOnly) {
  Tape tape;
  const Var x = tape.variable(1), aside = tape.variable({1, 2}), d = tape.data({3, 4});
  const Var other = sum(aside * aside);
  const Var y = sum(d * x);
  const Var later = y * other;
  const GradcheckReport report = gradcheck(y);
  ASSERT_EQ(report.coordinates.size(), 1U);
  EXPECT_EQ(report.coordinates[0].leaf, x.index());
  EXPECT_NEAR(report.coordinates[0].numeric, 7, 1e-9);
  EXPECT_EQ(report.coordinates[0].analytic, 7);
  EXPECT_EQ(later.item(), 35);
}

TEST(Gradcheck, ABothZeroGradientPasses) {
  Tape tape;
  const Var x = tape.variable({-1, -2});
  const GradcheckReport report = gradcheck(sum(relu(x)));
  EXPECT_EQ(report.worst().error, 0);
  EXPECT_TRUE(report.passed());
}

// --- Options --------------------------------------------------------------------------------

TEST(Gradcheck, AGivenStepIsKept) {
  Tape tape;
  const Var x = tape.variable({0.3, 2});
  const Var y = sum(exp(x));
  GradcheckOptions options;
  options.h = 1e-4;
  for (const CoordinateCheck& c : gradcheck(y, options).coordinates) {
    EXPECT_EQ(c.h, 1e-4);
    EXPECT_NEAR(c.numeric,
                (std::exp(x.value().data()[c.element] + 1e-4) -
                 std::exp(x.value().data()[c.element] - 1e-4)) /
                    2e-4,
                1e-10);
  }
  options.difference = Difference::forward;
  options.h = 1e-5;
  const GradcheckReport forward = gradcheck(y, options);
  EXPECT_NEAR(forward.coordinates[0].numeric, std::exp(0.3) * (1 + 0.5e-5), 1e-9);
  EXPECT_TRUE(forward.passed()) << to_string(forward);
  options.h = 0;
  const GradcheckReport automatic = gradcheck(y, options);
  EXPECT_TRUE(automatic.passed()) << to_string(automatic);
  EXPECT_LT(automatic.worst().error, 1e-7);
}

TEST(Gradcheck, CoordinatesAreDrawnFromEveryLeaf) {
  Tape tape;
  const Var w = tape.variable(Array<double>({50, 40}, 0.1));
  const Var b = tape.variable({0.1, 0.2, 0.3});
  const Var y = sum(tanh(w)) * sum(b * b);
  GradcheckOptions options;
  options.coordinates = 20;
  const GradcheckReport report = gradcheck(y, options);
  ASSERT_EQ(report.leaves.size(), 2U);
  EXPECT_EQ(report.leaves[0].checked, 20);
  EXPECT_EQ(report.leaves[1].checked, 3);
  std::set<std::int64_t> elements;
  for (const CoordinateCheck& c : report.coordinates) {
    if (c.leaf == w.index()) elements.insert(c.element);
  }
  EXPECT_EQ(elements.size(), 20U);
  EXPECT_GT(*elements.rbegin() - *elements.begin(), 500);  // Spread over the 2000.
  const auto elements_of = [&](std::uint64_t seed) {
    options.seed = seed;
    std::vector<std::int64_t> drawn;
    for (const CoordinateCheck& c : gradcheck(y, options).coordinates) drawn.push_back(c.element);
    return drawn;
  };
  EXPECT_EQ(elements_of(1), elements_of(1));
  EXPECT_NE(elements_of(1), elements_of(2));
}

TEST(Gradcheck, RandomDirectionsAndTaylorRemainders) {
  Tape tape;
  const Var x = tape.variable({0.3, -1.2, 2, 0.7});
  const Var right = sum(tanh(x) * exp(x)), wrong = sum(gate(WrongTanh{}, x) * exp(x));
  const Var straight = sum(x) * 3;
  for (const bool taylor : {false, true}) {
    GradcheckOptions options;
    options.directions = 5;
    options.taylor = taylor;
    const GradcheckReport good = gradcheck(right, options);
    EXPECT_EQ(good.coordinates.size(), 5U);
    EXPECT_EQ(good.coordinates[0].element, -1);
    EXPECT_TRUE(good.passed()) << to_string(good);
    EXPECT_TRUE(gradcheck(straight, options).passed());
    const GradcheckReport bad = gradcheck(wrong, options);
    EXPECT_GT(bad.count(Verdict::wrong), 0) << to_string(bad);
    if (taylor) {
      EXPECT_NEAR(good.coordinates[0].order, 2, 0.2);
      EXPECT_NEAR(bad.worst().order, 1, 0.2);
    } else {
      EXPECT_NE(to_string(good).find("weaker"), std::string::npos);
    }
  }
}

TEST(Gradcheck, SuspiciousOnesPassOnlyWithAReason) {
  GradcheckReport report;
  report.coordinates = {{0, 0, 1, 1, 0, 0, 1e-5, 0, Verdict::ok}};
  report.coordinates.resize(19, report.coordinates[0]);
  EXPECT_TRUE(report.passed());
  report.coordinates.push_back({0, 1, 1, 1.001, 1e-3, 0, 1e-5, 0, Verdict::suspicious});
  report.leaves = {{0, "w", {20}, {}, 20, 1e-4, 0}};
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(report.worst().element, 1);
  report.options.allow_suspicious = "twenty layers";
  EXPECT_TRUE(report.passed());
  EXPECT_NE(to_string(report).find("twenty layers"), std::string::npos);
  report.coordinates[3].verdict = Verdict::wrong;
  EXPECT_FALSE(report.passed());
}

TEST(Gradcheck, CountsOfEveryVerdictArePrinted) {
  Tape tape;
  const std::string text = to_string(gradcheck(square(tape.variable(1))));
  for (const Verdict verdict : {Verdict::ok, Verdict::below_noise, Verdict::kink, Verdict::tie,
                                Verdict::suspicious, Verdict::wrong, Verdict::non_deterministic}) {
    EXPECT_NE(text.find(std::string(verdict == Verdict::ok ? "1 " : "0 ") + to_string(verdict)),
              std::string::npos)
        << text;
  }
}

// --- What a check must not be fooled by -----------------------------------------------------

TEST(Gradcheck, WhatDetachReturnsStays) {
  for (const Array<double>& value : {array({}, {2}), array({3}, {2, 2, 2})}) {
    Tape tape;
    const Var x = tape.variable(value);
    const GradcheckReport report = gradcheck(sum(x * detach(x * x)));
    EXPECT_TRUE(report.passed()) << to_string(report);
    EXPECT_EQ(report.coordinates[0].analytic, 4);
  }
}

/// A gate that forgets that it has a gradient.
struct Forgetful : ops::Pointwise<1> {
  static constexpr const char* name = "forgetful";
  template <class T>
  T forward(T x) const {
    return x * x;
  }
};

TEST(Gradcheck, AForgottenGradientIsBlamed) {
  Tape tape;
  const Var x = tape.variable(3);
  const GradcheckReport report = gradcheck(gate(Forgetful{}, x) + x);
  EXPECT_EQ(report.count(Verdict::wrong), 1);
  EXPECT_NEAR(report.worst().numeric, 7, 1e-7);
  ASSERT_TRUE(report.wrong_rule);
  EXPECT_EQ(report.wrong_rule->name, "forgetful");
  const Var aside = tape.variable(1);
  const GradcheckReport hidden = gradcheck(gate(Forgetful{}, x) + aside);
  EXPECT_EQ(hidden.count(Verdict::wrong), 1) << to_string(hidden);
  EXPECT_TRUE(hidden.wrong_rule);
}

TEST(Gradcheck, TheReportNamesElementsByTheirIndexAndCountsThoseItLeavesOut) {
  Tape tape;
  const auto text = [](const Var& x) {
    return to_string(gradcheck(sum(gate(Forgetful{}, x) + x)));
  };
  const std::string matrix = text(tape.variable({{1, 2, 3}, {4, 5, 6}}));
  for (const char* line : {" [0, 2]: analytic 1, numeric 7", " [1, 1]: analytic 1, numeric 11"}) {
    EXPECT_EQ(count_of(matrix, line), 1U) << matrix;
  }
  const std::string scalar = text(tape.variable(3));
  EXPECT_EQ(count_of(scalar, ": analytic 1, "), 1U) << scalar;
  EXPECT_EQ(count_of(scalar, "]: analytic"), 0U) << scalar;
  const std::string many = text(tape.variable(std::vector<double>(22, 1)));
  EXPECT_EQ(count_of(many, ": analytic 1, "), 10U) << many;
  EXPECT_EQ(count_of(many, "and 12 more not ok"), 1U) << many;
}

/// A gate that draws a random number each time.
struct Restless : ops::Whole<1, 1> {
  static constexpr const char* name = "restless";
  Shape shape(ops::Shapes x) const { return x[0]; }
  template <class T>
  void forward(ops::Out<T> y, ops::Operands<T> x) const {
    static int calls = 0;
    y.put(0, x[0].data[0] * static_cast<T>(++calls));
  }
  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, ops::MulConstant{1.0}, e.upstream());
  }
};

TEST(Gradcheck, LiveRandomnessIsNamed) {
  Tape tape;
  const Var x = tape.variable(3);
  const GradcheckReport report = gradcheck(gate(Restless{}, x));
  EXPECT_EQ(report.count(Verdict::non_deterministic), 1) << to_string(report);
  EXPECT_FALSE(report.passed());
  EXPECT_NE(to_string(report).find("the same inputs gave another output"), std::string::npos);
}

TEST(Gradcheck, DropoutIsReplayedAndSaidSo) {
  Tape tape;
  const Var x = tape.variable(Array<double>({20}, 1.5));
  const Var mask = dropout_mask(ops::DropoutMask{{20}, 0.5, 3});
  const GradcheckReport report = gradcheck(sum(tanh(x) * mask));
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_NE(to_string(report).find("dropout"), std::string::npos);
}

TEST(Gradcheck, SmallGradientsAreSaidToBeSmall) {
  Tape tape;
  const Var x = tape.variable({1, 2});
  const Var y = sum(x * x) * 1e-14;
  const GradcheckReport report = gradcheck(y);
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_NE(to_string(report).find("loss_scale"), std::string::npos) << to_string(report);
  GradcheckOptions options;
  options.loss_scale = 1e12;
  const GradcheckReport scaled = gradcheck(y, options);
  EXPECT_TRUE(scaled.passed());
  EXPECT_EQ(to_string(scaled).find("loss_scale"), std::string::npos);
  EXPECT_NEAR(scaled.coordinates[0].analytic, 0.02, 1e-15);
}

TEST(Gradcheck, InitialParametersAreNotTheWholeStory) {
  Parameter p(array({2}, {1, 2}));
  const auto text = [&] {
    Tape tape;
    return to_string(gradcheck(sum(tanh(tape.parameter(p)))));
  };
  EXPECT_NE(text().find("initial values"), std::string::npos);
  for (const double x : {1.5, 1.6}) p.set_value(array({2}, {x, 2}));
  EXPECT_EQ(text().find("initial values"), std::string::npos);
  Tape tape;
  EXPECT_EQ(to_string(gradcheck(exp(tape.variable(1)))).find("initial"), std::string::npos);
}

TEST(Gradcheck, APenaltyMustNotHideTheDataLoss) {
  Tape tape;
  const Var w = tape.variable({2, -1});
  const Var data = mean(gate(WrongTanh{}, w)) * 1e-8;
  const Var penalty = 1e3 * sum(w * w);
  const GradcheckReport report = gradcheck(data + penalty);
  EXPECT_EQ(report.count(Verdict::ok), 2);  // The sum hides it.
  ASSERT_EQ(report.terms.size(), 1U);
  EXPECT_EQ(report.terms[0].count(Verdict::wrong), 2);
  EXPECT_FALSE(report.passed());
  EXPECT_NE(to_string(report).find("checked apart"), std::string::npos);
  const GradcheckReport scaled = gradcheck(-(data + penalty) * 0.5 / 3);
  ASSERT_EQ(scaled.terms.size(), 1U) << to_string(scaled);
  EXPECT_EQ(scaled.terms[0].count(Verdict::wrong), 2);
  // Factors count: these terms' own gradients are alike.
  const Var one = sum(tanh(w)), other = sum(w);
  EXPECT_EQ(gradcheck((one + other) * 1e-6 + 2 * other).terms.size(), 1U);
  EXPECT_TRUE(gradcheck((one + other) * 0.5 + 2 * other).terms.empty());
  const Var fine = mean(tanh(w)) * 1e-8;
  EXPECT_TRUE(gradcheck(fine + penalty).passed());
  EXPECT_TRUE(gradcheck(mean(tanh(w)) + sum(w * w)).terms.empty());
}

TEST(Gradcheck, BelowTheNoiseNothingIsSaid) {
  Tape tape;
  const Var x = tape.variable(1), y = tape.variable(1);
  const GradcheckReport report = gradcheck((x * 1e12 + y * 1e-6) - x * 1e12);
  EXPECT_EQ(report.coordinates[1].verdict, Verdict::below_noise) << to_string(report);
  EXPECT_EQ(report.count(Verdict::wrong), 0);
}

// --- Numbers far from 1 ---------------------------------------------------------------------

/// Gradients that are right where a step of 1e-3 says nothing about them.
TEST(Gradcheck, SmallAndLargeNumbersRaiseNoAlarm) {
  const std::vector<std::pair<double, std::function<Var(const Var&)>>> cases = {
      {1e-9, [](const Var& x) { return log(x); }},
      {1e-9, [](const Var& x) { return 1 / x; }},
      {1e-10, [](const Var& x) { return rsqrt(x); }},
      {1e-5, [](const Var& x) { return sqrt(x * x); }},
      {1e-8, [](const Var& x) { return pow(x, 0.5); }},
      {0, [](const Var& x) { return tanh(1e8 * x); }},
      {0, [](const Var& x) { return sin(6.283185307179586e4 * x); }},
      {1e-9, [](const Var& x) { return exp(1e9 * x); }},
      {1e9, [](const Var& x) { return tanh(1e-9 * x); }},
      {1e12, [](const Var& x) { return sin(1e-12 * x); }},
      {1e7, [](const Var& x) { return square(x - 1e7); }},
      {3, [](const Var& x) { return square(x - 3); }},
      {25, [](const Var& x) { return -log(1 - sigmoid(x)); }},
      {30, [](const Var& x) { return log(sigmoid(-x)); }},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Tape tape;
    const Var x = tape.variable({cases[i].first, cases[i].first});
    const GradcheckReport report = gradcheck(sum(cases[i].second(x)));
    EXPECT_EQ(report.count(Verdict::wrong) + report.count(Verdict::suspicious), 0)
        << "case " << i << ": " << to_string(report);
    EXPECT_FALSE(report.wrong_rule) << "case " << i << ": " << to_string(report);
  }
}

TEST(Gradcheck, SumsThatCancelRaiseNoAlarm) {
  Tape tape;
  const Var x = tape.variable({1e10, 1, -1e10});
  EXPECT_EQ(gradcheck(sum(x)).count(Verdict::wrong), 0);
  const Var w = tape.variable(array({3, 1}, {1, 1, 1}));
  const Var product = matmul(tape.data(array({1, 3}, {3e6, 1, -3e6})), w);
  const GradcheckReport report = gradcheck(sum(product));
  EXPECT_EQ(report.count(Verdict::wrong) + report.count(Verdict::suspicious), 0)
      << to_string(report);
}

/// x, with a gradient that is not a number beyond 5.
struct NanRule : ops::Pointwise<1> {
  static constexpr const char* name = "nan_rule";
  template <class T>
  T forward(T x) const {
    return x * x;
  }
  template <class T>
  T gradient(ops::At<0>, T g, T x, T) const {
    using ops::where;
    return where(x > 5, std::numeric_limits<double>::quiet_NaN() * g, 2 * g * x);
  }
};

TEST(Gradcheck, WhatIsNoNumberIsWrong) {
  Tape tape;
  Array<double> numbers({20}, 1.5);
  numbers(7) = 6;
  const GradcheckReport nan = gradcheck(sum(gate(NanRule{}, tape.variable(numbers))));
  EXPECT_EQ(nan.count(Verdict::wrong), 1) << to_string(nan);
  EXPECT_EQ(nan.count(Verdict::ok), 19) << to_string(nan);
  ASSERT_TRUE(nan.wrong_rule);
  EXPECT_EQ(nan.wrong_rule->element, 7);
  numbers(7) = 0;  // The slope of a square root at 0 is infinite: right, and of no use.
  const GradcheckReport infinite = gradcheck(sum(sqrt(tape.variable(numbers))));
  EXPECT_EQ(infinite.count(Verdict::wrong), 1) << to_string(infinite);
  EXPECT_FALSE(infinite.passed());
}

TEST(Gradcheck, AFloatGradientThatIsNoNumberFails) {
  Tape tape(f32);
  const Var x = tape.variable({100, 2});
  const GradcheckReport report = gradcheck(sum(x * x + 1 / (1 + exp(x))));
  EXPECT_EQ(report.count(Verdict::wrong), 0) << to_string(report);
  EXPECT_FALSE(report.passed());
  EXPECT_NE(to_string(report).find("in float is not finite"), std::string::npos);
}

/// √x, which refuses negative numbers.
struct Picky : ops::Pointwise<1> {
  static constexpr const char* name = "picky";
  template <class T>
  T forward(T x) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (x < 0) throw ValueError("[picky] needs x of at least 0");
    }
    using ops::sqrt;
    return sqrt(x);
  }
  template <class T>
  T gradient(ops::At<0>, T g, T, T y) const {
    return g / (2 * y);
  }
};

TEST(Gradcheck, AGateMayRefuseWhatLiesBeyondItsDomain) {
  Tape tape;
  const Var x = tape.variable(1e-4);
  EXPECT_TRUE(gradcheck(gate(Picky{}, x)).passed()) << to_string(gradcheck(gate(Picky{}, x)));
  EXPECT_EQ(x.item(), 1e-4);
}

TEST(Gradcheck, LongSumsAndSharedOnesTakeNoTime) {
  Tape tape;
  const Var x = tape.variable(1);
  Var doubled = x, added = x;
  for (int i = 0; i < 40; ++i) doubled = doubled + doubled;
  EXPECT_TRUE(gradcheck(doubled).passed());
  for (int i = 0; i < 300000; ++i) added = added + x;
  EXPECT_TRUE(gradcheck(added).passed());
}

TEST(Gradcheck, NothingToCheckIsNoSuccess) {
  Tape tape;
  const Var x = tape.variable(array({0}, {}));
  EXPECT_FALSE(gradcheck(sum(x)).passed());
  EXPECT_NE(to_string(gradcheck(sum(x))).find("nothing to check"), std::string::npos);
}

// --- Functions ------------------------------------------------------------------------------

TEST(Gradcheck, OfAFunctionRecordedAnew) {
  const auto f = [](const std::vector<Var>& v) { return sum(tanh(v[0]) * v[1]); };
  const GradcheckReport report = gradcheck(f, {array({2}, {0.5, -1}), array({2}, {3, 4})});
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_EQ(report.count(Verdict::ok), 4);
  EXPECT_EQ(report.leaves[1].leaf, 1U);
  EXPECT_TRUE(report.notes.empty()) << to_string(report);
}

TEST(Gradcheck, ControlFlowThatDependsOnValuesIsFound) {
  const auto f = [](const std::vector<Var>& v) {
    return v[0].item() > 1 ? v[0] * v[0] : 3 * v[0] - 2;  // Continuous with a kink at 1.
  };
  EXPECT_TRUE(gradcheck(f, {array({}, {2})}).passed());
  GradcheckOptions options;
  options.ok_share = 0;
  const GradcheckReport report = gradcheck(f, {array({}, {1})}, options);
  EXPECT_EQ(report.count(Verdict::wrong), 0) << to_string(report);
  EXPECT_EQ(report.count(Verdict::ok), 0);
  EXPECT_NE(to_string(report).find("control flow"), std::string::npos);
}

TEST(Gradcheck, NumbersTakenOutOfVariablesAreFound) {
  const auto frozen = [](const std::vector<Var>& v) { return v[0] * v[0].item(); };
  const auto chosen = [](const std::vector<Var>& v) {
    return v[0].item() > 1 ? 3 * v[0] - 2 : 2 * v[0] - 1;
  };
  for (const ScalarFunction& f : {ScalarFunction(frozen), ScalarFunction(chosen)}) {
    const GradcheckReport report = gradcheck(f, {array({}, {1})});
    EXPECT_FALSE(report.passed());
    EXPECT_EQ(report.count(Verdict::wrong), 0) << to_string(report);
    EXPECT_NE(to_string(report).find("other gates or constants"), std::string::npos);
  }
}

TEST(Gradcheck, TermsOfAFunctionAreCheckedApart) {
  const auto f = [](const std::vector<Var>& v) {
    return mean(gate(WrongTanh{}, v[0])) * 1e-8 + 1e3 * sum(v[0] * v[0]);
  };
  const GradcheckReport report = gradcheck(f, {array({2}, {2, -1})});
  ASSERT_EQ(report.terms.size(), 1U) << to_string(report);
  EXPECT_EQ(report.terms[0].count(Verdict::wrong), 2);
}

TEST(Gradcheck, AFunctionThatDrawsIsNonDeterministic) {
  int calls = 0;
  const auto f = [&](const std::vector<Var>& v) { return v[0] * ++calls; };
  const GradcheckReport report = gradcheck(f, {array({}, {2})});
  EXPECT_EQ(report.count(Verdict::non_deterministic), 1);
}

TEST(Gradcheck, AFunctionMustUseItsArguments) {
  Tape tape;
  const Var x = tape.variable(2);
  const auto f = [&](const std::vector<Var>&) { return x * x; };
  const int line = __LINE__ + 1;
  expect_error<TapeError>([&] { gradcheck(f, {array({}, {2})}); },
                          {"[gradcheck]", "arguments", line_of(line)});
}

// --- Precision ------------------------------------------------------------------------------

TEST(Gradcheck, FloatGradientsBesideDoubleOnes) {
  Tape tape(f32);
  const Var x = tape.variable({0.5, -1, 2});
  const Var y = sum(tanh(x) * exp(x));
  const GradcheckReport report = gradcheck(y);
  EXPECT_TRUE(report.passed()) << to_string(report);
  EXPECT_GT(report.leaves[0].float_error, 1e-10);
  EXPECT_LT(report.leaves[0].float_error, 1e-6);
  EXPECT_TRUE(report.branch_differences.empty());
  Tape wide;
  EXPECT_EQ(gradcheck(square(wide.variable(1))).leaves[0].float_error, 0);
}

TEST(Gradcheck, BranchesThatDifferBetweenPrecisionsAreListed) {
  Tape tape(f32);
  const Var x = tape.variable({1, 1});
  // In float 1 + 1e-9 is 1: the relu lies on its kink there, beyond it in double.
  const Var kinked = relu(x + constant(std::vector<double>{1e-9, 1}) - 1);
  const GradcheckReport report = gradcheck(sum(kinked));
  ASSERT_EQ(report.branch_differences.size(), 1U) << to_string(report);
  EXPECT_EQ(report.branch_differences[0].gate, kinked.index());
  EXPECT_EQ(report.branch_differences[0].element, 0);
  EXPECT_NE(to_string(report).find("another branch"), std::string::npos);
}

TEST(Gradcheck, Errors) {
  Tape tape;
  const Var x = tape.variable({1, 2});
  expect_error<ShapeError>([&] { gradcheck(x * x); }, {"(2,)", line_of(__LINE__)});
  expect_error<TapeError>([&] { gradcheck(tape.data(1.0)); }, {"constant"});
  expect_error<NonFiniteError>([&] { gradcheck(sum(log(x - 5))); }, {"[log]"});
  expect_error<TapeError>([&] { gradcheck(Var()); }, {"[gradcheck]", "empty"});
  const auto with = [&](auto set) {
    GradcheckOptions options;
    set(options);
    expect_error<ValueError>([&] { gradcheck(sum(x), options); }, {"[gradcheck]"});
  };
  with([](GradcheckOptions& o) { o.coordinates = 0; });
  with([](GradcheckOptions& o) { o.directions = -1; });
  with([](GradcheckOptions& o) { o.loss_scale = 0; });
  with([](GradcheckOptions& o) { o.ok_share = 1.5; });
}

}  // namespace
}  // namespace tapegrad::testing
