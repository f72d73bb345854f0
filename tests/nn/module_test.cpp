// Modules: names, sharing, a module of one's own, training and evaluation.

#include <tapegrad/nn/module.hpp>

#include <gtest/gtest.h>

#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/sequential.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using Names = std::vector<std::string>;

Names names_of(const nn::Module& module) {
  Names names;
  for (const auto& [name, parameter] : module.named_parameters()) names.push_back(name);
  return names;
}

// --- Errors ---------------------------------------------------------------------------------

TEST(Module, ErrorsNameTheModuleAndTheLineOfItsCall) {
  nn::Sequential inner(nn::ReLU(), nn::Linear(5, 2));
  nn::Sequential model(nn::Linear(2, 3), std::move(inner));
  Tape tape;
  const Var x = tape.data(array({1, 2}, {1, 2}));
  const auto wrong = [&] { model(x); };
  const std::string line = std::to_string(__LINE__ - 1);
  expect_error<ShapeError>(
      wrong, {"[Linear] needs inputs with 5 features, got (1, 3); make it for 3",
              ", in Sequential > 1: Sequential > 1: Linear (", "module_test.cpp:" + line});
  // Nothing is left of it for the next error.
  expect_error<ShapeError>(
      [&] {
        model[0](tape.data(array({1, 4}, {1, 2, 3, 4})));
      },
      {", in 0: Linear (", "module_test.cpp"});
  nn::Linear layer(2, 2);
  expect_error<ShapeError>(
      [&] {
        layer(tape.data(array({1, 1, 3}, {1, 2, 3})));
      },
      {"put a Flatten before it", ", in Linear ("});
}

TEST(Sequential, HasNoModuleBehindItsLast) {
  nn::Sequential model{nn::ReLU()};
  expect_error<ValueError>([&] { model[1]; }, {"[Sequential]", "below its size of 1, got 1"});
}

// --- Sequential -----------------------------------------------------------------------------

TEST(Sequential, NamesItsModulesByPosition) {
  const nn::Sequential model(nn::Linear(2, 3), nn::ReLU(), nn::Linear(3, 1, false));
  EXPECT_EQ(names_of(model), (Names{"0.weight", "0.bias", "2.weight"}));
  EXPECT_EQ(model.size(), 3U);
  EXPECT_EQ(model.parameters().size(), 3U);
}

TEST(Sequential, NamesOfNestedModules) {
  nn::Sequential inner(nn::Linear(2, 2));
  const nn::Sequential model(nn::ReLU(), std::move(inner));
  EXPECT_EQ(names_of(model), (Names{"1.0.weight", "1.0.bias"}));
}

TEST(Sequential, FeedsEachModuleTheOutputBefore) {
  nn::Sequential model;
  const auto first = model.add(nn::Linear(2, 2, false));
  model.add(nn::ReLU());
  const auto last = model.add(nn::Linear(2, 1, false));
  model.parameters()[0].set_value(array({2, 2}, {1, 1, 1, -1}));
  model.parameters()[1].set_value(array({1, 2}, {10, 100}));
  Tape tape;
  const Var x = tape.data(array({2, 2}, {1, 2, 2, 1}));
  expect_numbers(model(x).value(), {30, 130});  // relu(3, −1), relu(3, 1)
  EXPECT_TRUE(same(first->weight(), model.parameters()[0]));
  EXPECT_TRUE(same(last->weight(), model.parameters()[1]));
}

TEST(Sequential, EmptyIsTheIdentity) {
  nn::Sequential model;
  Tape tape;
  const Var x = tape.data({1, 2});
  EXPECT_EQ(model(x).index(), x.index());
  EXPECT_TRUE(model.parameters().empty());
}

TEST(Sequential, MovesWithItsParameters) {
  nn::Sequential model(nn::Linear(2, 1));
  const Parameter weight = model.parameters()[0];
  const nn::Sequential moved(std::move(model));
  EXPECT_TRUE(same(moved.parameters()[0], weight));
}

// --- A module of one's own ------------------------------------------------------------------

/// A skip connection around two uses of one layer, and a scale of its own.
class Residual : public nn::Module {
 public:
  Residual()
      : scale_(register_parameter("scale", Parameter(0.5))),
        inner_(register_module("inner", nn::Linear(2, 2, false))),
        again_(register_module("again", inner_)) {
    Parameter weight = inner_->weight();
    weight.set_value(array({2, 2}, {0.1, 0.2, -0.3, 0.4}));
  }
  Var forward(const Var& x) override { return x + (*again_)(tanh((*inner_)(x))) * scale_; }

  const Parameter& weight() const { return inner_->weight(); }
  const Parameter& scale() const { return scale_; }

 private:
  Parameter scale_;
  std::shared_ptr<nn::Linear> inner_;
  std::shared_ptr<nn::Linear> again_;
};

TEST(Module, ASharedWeightIsListedOnce) {
  const Residual model;
  EXPECT_EQ(names_of(model), (Names{"scale", "inner.weight"}));
}

TEST(Module, ASkipConnectionAndASharedWeight) {
  Residual model;
  const Array<double> input = array({1, 2}, {1, -2});
  Tape tape;
  const Var y = model(tape.data(input));
  sum(y).backward();

  // The same, with the two uses of the weight told apart.
  Tape apart;
  const Var w1 = apart.variable(model.weight().value()), w2 = apart.variable(w1.value());
  const Var scale = apart.variable(0.5), x = apart.data(input);
  const Var z = x + matmul(tanh(matmul(x, w1, {false, true})), w2, {false, true}) * scale;
  sum(z).backward();

  EXPECT_EQ(y.value(), z.value());
  Array<double> both = w1.grad();
  for (std::size_t i = 0; i < both.size(); ++i) both.data()[i] += w2.grad().data()[i];
  EXPECT_GT(std::abs(w1.grad()(0, 0)), 1e-3);
  expect_arrays(model.weight().grad(), both, 1e-15);
  EXPECT_NEAR(model.scale().grad()(), scale.grad_item(), 1e-15);
}

TEST(Module, ZeroGradForgetsAll) {
  Residual model;
  Tape tape;
  sum(model(tape.data(array({1, 2}, {1, 2})))).backward();
  EXPECT_TRUE(model.weight().has_grad());
  model.zero_grad();
  for (const Parameter& p : model.parameters()) EXPECT_FALSE(p.has_grad());
}

/// Two parameters that are one.
class Tied : public nn::Module {
 public:
  Tied() : a_(register_parameter("a", Parameter(2.0))), b_(register_parameter("b", a_)) {}
  Var forward(const Var& x) override { return x * a_ * b_; }

 private:
  Parameter a_, b_;
};

TEST(Module, ASharedParameterHasTheNameMetFirst) {
  Tied model;
  EXPECT_EQ(names_of(model), (Names{"a"}));
  Tape tape;
  const Var y = model(tape.data(3.0));
  EXPECT_EQ(y.item(), 12);
  y.backward();
  EXPECT_EQ(model.parameters()[0].grad()(), 12);
}

// --- Training and evaluation ----------------------------------------------------------------

/// Tells in which mode it runs.
class Mode : public nn::Module {
 public:
  Var forward(const Var& x) override { return x * (is_training() ? 1.0 : 0.0); }
};

TEST(Module, TrainAndEvalReachEveryChild) {
  nn::Sequential model;
  const auto direct = model.add(Mode());
  nn::Sequential inner;
  const auto nested = inner.add(Mode());
  model.add(std::move(inner));
  EXPECT_TRUE(model.is_training());
  model.eval();
  EXPECT_FALSE(model.is_training());
  EXPECT_FALSE(direct->is_training());
  EXPECT_FALSE(nested->is_training());
  Tape tape;
  EXPECT_EQ(model(tape.data(1.0)).item(), 0);
  model.train();
  EXPECT_TRUE(nested->is_training());
  EXPECT_EQ(model(tape.data(1.0)).item(), 1);
}

// --- Errors ---------------------------------------------------------------------------------

/// Registers under any name.
class Anything : public nn::Module {
 public:
  Var forward(const Var& x) override { return x; }
  void parameter(const std::string& name) { register_parameter(name, Parameter(1.0)); }
  void child(const std::string& name) { register_module(name, nn::ReLU()); }
  void none(const std::string& name) { register_module(name, std::shared_ptr<nn::ReLU>()); }
};

TEST(Module, NamesMustBeNewAndPlain) {
  Anything module;
  module.parameter("a");
  module.child("b");
  for (const char* name : {"a", "b"}) {
    expect_error<ValueError>([&] { module.parameter(name); },
                             {"[module]", std::string("'") + name + "'", "taken"});
    expect_error<ValueError>([&] { module.child(name); }, {"[module]", "taken"});
  }
  for (const char* name : {"", "x.y", "."}) {
    expect_error<ValueError>([&] { module.parameter(name); }, {"[module]", "dots"});
    expect_error<ValueError>([&] { module.child(name); }, {"[module]", "dots"});
  }
  expect_error<ValueError>([&] { module.none("c"); }, {"[module]", "'c'", "null"});
  EXPECT_EQ(names_of(module), (Names{"a"}));
}

TEST(Module, AModuleAddedTwiceToASequentialSharesItsWeights) {
  nn::Sequential model;
  const auto layer = model.add(nn::Linear(3, 3));
  EXPECT_EQ(model.add(layer), layer);
  EXPECT_EQ(model.size(), 2U);
  EXPECT_EQ(names_of(model), (Names{"0.weight", "0.bias"}));
}

TEST(Module, ApplyVisitsParentsFirst) {
  nn::Sequential model;
  model.add(nn::Sequential(nn::ReLU(), nn::ReLU()));
  std::vector<nn::Module*> visited;
  model.apply([&](nn::Module& module) { visited.push_back(&module); });
  ASSERT_EQ(visited.size(), 4U);
  EXPECT_EQ(visited[0], &model);
  EXPECT_NE(dynamic_cast<nn::Sequential*>(visited[1]), nullptr);
  for (const int leaf : {2, 3}) EXPECT_NE(dynamic_cast<nn::ReLU*>(visited[leaf]), nullptr);
}

}  // namespace
}  // namespace tapegrad::testing
