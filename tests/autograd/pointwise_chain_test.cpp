// Neighbouring pointwise gates go backward together: every gradient has the bits that it has where
// something stands between the gates.

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/tape.hpp>

#include "support/expect.hpp"
#include "support/threads.hpp"

namespace tapegrad::testing {
namespace {

/// How a circuit is recorded and where.
struct Setting {
  Precision precision;
  Mode mode;
  int threads;
  std::size_t size;
};

std::string to_string(const Setting& setting) {
  return fmt::format("f{} {} threads {} size {}", setting.precision == f32 ? 32 : 64,
                     setting.mode == lean ? "lean" : "inspect", setting.threads, setting.size);
}

Array<double> numbers(std::size_t size, int step) {
  Array<double> x = Array<double>::from_shape({size});
  for (std::size_t i = 0; i < size; ++i) {
    x(i) =
        static_cast<double>((i * 7919 + i / 97) % 101 * static_cast<std::size_t>(step) % 101) / 50 -
        1;
  }
  return x;
}

/// A gate that leaves everything as it is and is not pointwise.
Var apart(const Var& x) {
  return reshape(x, x.shape());
}

using Cut = Var (*)(const Var&);
/// Records a circuit of gates that `cut` may take apart, and names some on the way.
using Build = Var (*)(const std::vector<Var>& x, Cut cut, std::vector<Var>& between);

/// The output, then the gradients of three variables and, if they are kept, of gates between.
std::vector<Array<double>> run(const Setting& setting, Build build, Cut cut) {
  const Threads set(setting.threads);
  Tape tape(setting.precision, setting.mode);
  std::vector<Var> x, between;
  for (const int step : {1, 2, 3}) x.push_back(tape.variable(numbers(setting.size, step)));
  const Var y = build(x, cut, between);
  if (setting.mode == inspect) x.insert(x.end(), between.begin(), between.end());
  std::vector<Array<double>> results{y.value()};
  // Twice, where the tape allows it: variables add up what they get.
  for (int pass = 0; pass < (setting.mode == inspect ? 2 : 1); ++pass) {
    y.shape().empty() ? y.backward() : y.backward(numbers(setting.size, 5));
    for (const Var& v : x) results.push_back(v.grad());
  }
  return results;
}

void expect_same(Build build) {
  for (const Precision precision : {f32, f64}) {
    for (const Mode mode : {inspect, lean}) {
      for (const std::size_t size : {1, 7, 255, 256, 257, 1000, 70001}) {
        for (const int threads : {1, 2}) {
          const Setting setting{precision, mode, threads, size};
          SCOPED_TRACE(to_string(setting));
          const auto together = run(setting, build, [](const Var& x) { return x; });
          const auto one_by_one = run(setting, build, apart);
          ASSERT_EQ(together.size(), one_by_one.size());
          for (std::size_t i = 0; i < together.size(); ++i) {
            EXPECT_TRUE(together[i] == one_by_one[i]) << "result " << i;
          }
        }
      }
    }
  }
}

TEST(PointwiseChain, ASumOfProducts) {
  expect_same([](const std::vector<Var>& x, Cut cut, std::vector<Var>& between) {
    const Var line = cut(cut(x[0] * x[1]) + x[2]);
    between = {line};
    return sum(cut(cut(sigmoid(line)) * cut(tanh(x[1]))));
  });
}

TEST(PointwiseChain, AMeanOfSquares) {
  expect_same([](const std::vector<Var>& x, Cut cut, std::vector<Var>& between) {
    between = {cut(cut(x[0] - x[1]) * x[2])};
    return mean(cut(square(between[0])));
  });
}

TEST(PointwiseChain, AnUpstreamGradientOfItsOwn) {
  expect_same([](const std::vector<Var>& x, Cut cut, std::vector<Var>& between) {
    between = {cut(exp(x[1])), cut(x[0] / cut(x[1] + 2.5))};
    return cut(where(cut(greater(x[0], x[2])), between[0], between[1]));
  });
}

TEST(PointwiseChain, OperandsThatComeTwiceAndGatesThatAreUsedTwice) {
  expect_same([](const std::vector<Var>& x, Cut cut, std::vector<Var>& between) {
    const Var a = cut(exp(x[0])), twice = cut(a * a), b = cut(twice * x[1]), c = cut(b + a);
    between = {a, twice, b, c};
    return sum(cut(cut(cut(max(c, twice)) * cut(b * b)) + cut(c * a)));
  });
}

TEST(PointwiseChain, NumbersAndGatesThatNothingReaches) {
  expect_same([](const std::vector<Var>& x, Cut cut, std::vector<Var>& between) {
    const Var a = cut(max(x[0], 0.25)), idle = cut(x[1] * a),
              b = cut(1.5 / cut(square(x[1]) + 2.0));
    cut(exp(idle));
    between = {a, idle, b};
    return sum(cut(cut(a * b) * x[2]));
  });
}

TEST(PointwiseChain, GradientsThatAreThereAlready) {
  expect_same([](const std::vector<Var>& x, Cut cut, std::vector<Var>& between) {
    const Var a = cut(x[0] * x[1]), b = cut(tanh(a)), c = cut(b * x[2]);
    between = {a, b, c};
    // Gates of another shape come after the chain and reach into it.
    const Var early = sum(a) * sum(reshape(b, {-1, 1}));
    return sum(c) + early;
  });
}

TEST(PointwiseChain, MoreGatesThanOneChainHolds) {
  expect_same([](const std::vector<Var>& x, Cut cut, std::vector<Var>& between) {
    Var y = x[0];
    for (int i = 0; i < 40; ++i) {
      y = cut(cut(tanh(y)) * x[1 + i % 2]);
      if (i % 5 == 0) between.push_back(y);
    }
    return mean(y);
  });
}

/// Gradients of parameters, of which one has gathered some before.
std::vector<Array<double>> run_parameters(Precision precision, Mode mode, Precision of_parameters,
                                          Cut cut) {
  Parameter a(numbers(1000, 1), of_parameters), b(numbers(1000, 2), of_parameters);
  b.set_grad(numbers(1000, 3));
  Tape tape(precision, mode);
  sum(cut(cut(sigmoid(cut(a * b))) * a)).backward();
  return {a.grad(), b.grad()};
}

TEST(PointwiseChain, Parameters) {
  for (const Precision precision : {f32, f64}) {
    for (const Precision of_parameters : {f32, f64}) {
      for (const Mode mode : {inspect, lean}) {
        const auto together =
            run_parameters(precision, mode, of_parameters, [](const Var& x) { return x; });
        EXPECT_TRUE(together == run_parameters(precision, mode, of_parameters, apart));
      }
    }
  }
}

TEST(PointwiseChain, NoElements) {
  Tape tape(f32, lean);
  const Var x = tape.variable(numbers(0, 1)), y = tape.variable(2);
  (sum(tanh(square(x)) * x) + y).backward();
  EXPECT_EQ(x.grad().size(), 0);
  EXPECT_EQ(y.grad_item(), 1);
}

TEST(PointwiseChain, SumsThatKeepTheirAxesAndShapesOfOneElement) {
  for (const Mode mode : {inspect, lean}) {
    Tape tape(f64, mode);
    const Var x = tape.variable(array({2, 2}, {1, 2, 3, 4}));
    mean(square(x), {{0, 1}, true}).backward();
    expect_numbers(x.grad(), {0.5, 1, 1.5, 2}, 1e-15);
    const Var one = tape.variable(array({1, 1}, {3}));
    if (mode == inspect) {
      (sum(square(one) * one, {{0, 1}, true}) * 2).backward();
      expect_numbers(one.grad(), {54}, 1e-13);
    }
  }
}

}  // namespace
}  // namespace tapegrad::testing
