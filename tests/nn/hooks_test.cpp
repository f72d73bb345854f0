// Hooks before and after a module's forward function, and the modules of a network by name.

#include <tapegrad/nn/hooks.hpp>

#include <gtest/gtest.h>

#include <tapegrad/autograd/inspect.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/maxout.hpp>
#include <tapegrad/nn/mode_guard.hpp>
#include <tapegrad/nn/sequential.hpp>

#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

double applied(nn::Module& module, double x) {
  Tape tape;
  return module(tape.data(x)).item();
}

// --- Order and effect -----------------------------------------------------------------------

TEST(Hooks, RunAroundForwardInTheOrderOfRegistration) {
  nn::LeakyReLU layer(0.5);
  std::vector<std::string> calls;
  const auto note = [&](std::string word) {
    return [&calls, word](nn::Module&, auto... values) {
      for (const Var& value : {values...}) calls.push_back(word + " " + to_string(value));
    };
  };
  layer.register_forward_hook(note("after"));
  layer.register_forward_pre_hook(note("first"));
  layer.register_forward_pre_hook(note("second"));
  EXPECT_EQ(applied(layer, -4), -2);
  EXPECT_EQ(calls, (std::vector<std::string>{"first -4", "second -4", "after -4", "after -2"}));
}

TEST(Hooks, MayReplaceInputAndOutput) {
  nn::LeakyReLU layer(0.5);
  layer.register_forward_pre_hook([](nn::Module&, const Var& x) { return x - 1; });
  layer.register_forward_pre_hook([](nn::Module&, const Var& x) { return x * 2; });
  double input = 0;
  layer.register_forward_hook([&](nn::Module&, const Var& x, const Var& y) {
    input = x.item();
    return y + 100;
  });
  layer.register_forward_hook([](nn::Module&, const Var&, const Var& y) { return y * 10; });
  EXPECT_EQ(applied(layer, -4), 950);  // (−10/2 + 100)·10.
  EXPECT_EQ(input, -10);
  Tape tape;
  EXPECT_EQ(layer.forward(tape.data(-4)).item(), -2);
}

TEST(Hooks, GradientsGoThroughWhatTheyReplace) {
  nn::ReLU layer;
  layer.register_forward_pre_hook([](nn::Module&, const Var& x) { return 3 * x; });
  layer.register_forward_hook([](nn::Module&, const Var&, const Var& y) { return y * y; });
  Tape tape;
  const Var x = tape.variable(2);
  layer(x).backward();
  EXPECT_EQ(x.grad_item(), 36);
}

TEST(Hooks, SeeTheModuleAndRunInsideSequential) {
  nn::Sequential model(nn::Linear(1, 2), nn::ReLU());
  const nn::Module* seen = nullptr;
  model[1].register_forward_pre_hook([&](nn::Module& module, const Var& x) {
    seen = &module;
    EXPECT_EQ(x.shape(), (Shape{1, 2}));
  });
  Tape tape;
  model(tape.data(array({1, 1}, {1})));
  EXPECT_EQ(seen, &model[1]);
}

// --- Handles --------------------------------------------------------------------------------

TEST(Hooks, AHandleRemovesItsHookAlone) {
  nn::ReLU layer;
  nn::HookHandle twice =
      layer.register_forward_hook([](nn::Module&, const Var&, const Var& y) { return 2 * y; });
  layer.register_forward_hook([](nn::Module&, const Var&, const Var& y) { return 5 * y; });
  EXPECT_EQ(applied(layer, 1), 10);
  twice.remove();
  EXPECT_EQ(applied(layer, 1), 5);
  twice.remove();
  EXPECT_EQ(applied(layer, 1), 5);
}

TEST(Hooks, OutliveTheirHandleAndMoveWithTheirModule) {
  nn::ReLU layer;
  nn::HookHandle handle =
      layer.register_forward_pre_hook([](nn::Module&, const Var& x) { return 2 * x; });
  nn::ReLU moved(std::move(layer));
  EXPECT_EQ(applied(moved, 3), 6);
  handle.remove();
  EXPECT_EQ(applied(moved, 3), 3);
}

TEST(Hooks, AHandleMayOutliveItsModule) {
  nn::HookHandle handle;
  {
    nn::ReLU layer;
    handle = layer.register_forward_pre_hook([](nn::Module&, const Var&) {});
  }
  handle.remove();
  nn::HookHandle().remove();
}

TEST(Hooks, MayRemoveThemselvesWhileTheyRun) {
  nn::ReLU layer;
  nn::HookHandle once;
  once = layer.register_forward_hook([&](nn::Module&, const Var&, const Var& y) {
    once.remove();
    return y + 1;
  });
  layer.register_forward_hook([](nn::Module&, const Var&, const Var& y) { return y * 10; });
  EXPECT_EQ(applied(layer, 1), 20);
  EXPECT_EQ(applied(layer, 1), 10);
}

// --- Modules by name ------------------------------------------------------------------------

TEST(Module, NamedModulesArePathsAndEachComesOnce) {
  const auto shared = std::make_shared<nn::ReLU>();
  nn::Sequential model(nn::Maxout(2, 3));
  model.add(shared);
  model.add(shared);
  const auto modules = model.named_modules();
  std::vector<std::string> names;
  for (const auto& [name, module] : modules) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"", "0", "0.pieces", "1"}));
  EXPECT_EQ(modules[0].second, &model);
  EXPECT_EQ(modules[3].second, shared.get());
}

TEST(Module, OwnParametersAreThoseOfNoChild) {
  const nn::Maxout layer(2, 3);
  EXPECT_TRUE(layer.named_parameters(false).empty());
  EXPECT_EQ(layer.named_parameters().size(), 2U);
  EXPECT_EQ(nn::Linear(2, 3).named_parameters(false)[1].first, "bias");
}

TEST(ModeGuard, PutsEachModuleBackIntoItsOwnMode) {
  nn::Sequential model{nn::ReLU(), nn::Tanh()};
  model[1].eval();
  {
    const nn::ModeGuard guard(model, false);
    EXPECT_FALSE(model.is_training() || model[0].is_training() || model[1].is_training());
  }
  EXPECT_TRUE(model.is_training() && model[0].is_training());
  EXPECT_FALSE(model[1].is_training());
}

}  // namespace
}  // namespace tapegrad::testing
