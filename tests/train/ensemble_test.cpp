// Ensembles: the mean of probabilities, and how it is measured beside its members.

#include <tapegrad/train/ensemble.hpp>

#include <cmath>

#include <gtest/gtest.h>

#include <tapegrad/data/idx.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/dropout.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/optim/sgd.hpp>
#include <tapegrad/train/fit.hpp>

#include "data/data_dir.hpp"
#include "support/expect.hpp"

namespace tapegrad::testing {
namespace {

using train::Ensemble;

/// Three samples of two classes with labels 0, 1, 0.
data::Dataset three() {
  data::Dataset dataset;
  dataset.inputs = Array<float>{{1, 0}, {0, 2}, {-1, 1}};
  dataset.labels = {0, 1, 0};
  dataset.classes = 2;
  return dataset;
}

TEST(Ensemble, ProbabilitiesAreSoftmaxInEvaluation) {
  const data::Dataset dataset = three();
  nn::Sequential model(nn::Linear(2, 2), nn::Dropout(0.5));
  model.parameters()[0].set_value(array({2, 2}, {1, 0, 0, 1}));
  model.parameters()[1].set_value(array({2}, {0, 0}));
  const double e = std::exp(1), e2 = std::exp(2);
  const Array<double> expected = array(
      {3, 2}, {e / (e + 1), 1 / (e + 1), 1 / (1 + e2), e2 / (1 + e2), 1 / (1 + e2), e2 / (1 + e2)});
  for (const int batch : {1, 2, 256}) {
    expect_arrays(train::probabilities(model, dataset, f64, batch), expected, 1e-14);
    expect_arrays(train::probabilities(model, dataset, f32, batch), expected, 1e-6);
  }
  EXPECT_TRUE(model.is_training());
}

TEST(Ensemble, MeanOfProbabilitiesDecides) {
  const data::Dataset dataset = three();
  Ensemble ensemble(dataset);
  ensemble.add("a", array({3, 2}, {0.9, 0.1, 0.6, 0.4, 0.4, 0.6}));
  ensemble.add("b", array({3, 2}, {0.4, 0.6, 0.1, 0.9, 0.45, 0.55}));
  ensemble.add("c", array({3, 2}, {0.8, 0.2, 0.2, 0.8, 0.8, 0.2}));
  expect_arrays(ensemble.probabilities(), array({3, 2}, {0.7, 0.3, 0.3, 0.7, 0.55, 0.45}), 1e-15);
  EXPECT_NEAR(ensemble.members()[0].accuracy, 1.0 / 3, 1e-15);
  EXPECT_NEAR(ensemble.members()[1].accuracy, 1.0 / 3, 1e-15);
  EXPECT_EQ(ensemble.members()[2].accuracy, 1);
  EXPECT_NEAR(ensemble.members()[0].loss, -(std::log(0.9) + std::log(0.4) + std::log(0.4)) / 3,
              1e-15);
  EXPECT_NEAR(ensemble.mean().accuracy, 5.0 / 9, 1e-15);
  EXPECT_EQ(ensemble.best().name, "c");
  EXPECT_EQ(ensemble.ensemble().accuracy, 1);
  EXPECT_NEAR(ensemble.ensemble().loss, -(std::log(0.7) + std::log(0.7) + std::log(0.55)) / 3,
              1e-15);
  // Of the mean probability the logarithm is larger than the mean of the logarithms.
  EXPECT_LT(ensemble.ensemble().loss, ensemble.mean().loss);
  EXPECT_EQ(ensemble.to_table(),
            "                 accuracy  loss\n"
            "a                0.3333    0.6460\n"
            "b                0.3333    0.6067\n"
            "c                1.0000    0.2231\n"
            "mean of members  0.5556    0.4919\n"
            "ensemble         1.0000    0.4371\n");
}

TEST(Ensemble, AModelIsAskedWhenItIsAdded) {
  const data::Dataset dataset = three();
  Ensemble ensemble(dataset);
  nn::Sequential model(nn::Linear(2, 2));
  model.parameters()[1].set_value(array({2}, {0, 0}));
  model.parameters()[0].set_value(array({2, 2}, {5, 0, 0, 5}));
  ensemble.add("right about two", model);
  model.parameters()[0].set_value(array({2, 2}, {0, 5, 5, 0}));
  ensemble.add("right about one", model);
  EXPECT_NEAR(ensemble.members()[0].accuracy, 2.0 / 3, 1e-15);
  EXPECT_NEAR(ensemble.members()[1].accuracy, 1.0 / 3, 1e-15);
}

TEST(Ensemble, Refuses) {
  const data::Dataset dataset = three();
  Ensemble ensemble(dataset);
  expect_error<ValueError>([&] { ensemble.mean(); }, {"[ensemble]", "members"});
  expect_error<ValueError>([&] { ensemble.best(); }, {"members"});
  expect_error<ValueError>([&] { ensemble.ensemble(); }, {"members"});
  expect_error<ShapeError>(
      [&] {
        ensemble.add("a", array({2, 3}, {1, 0, 0, 1, 0, 0}));
      },
      {"(3, 2)"});
  expect_error<ValueError>(
      [&] {
        ensemble.add("a", array({3, 2}, {1, 0, 1, 1, 1, 0}));
      },
      {"those of a for sample 1", "sum of 2"});
  expect_error<ValueError>(
      [&] {
        ensemble.add("a", array({3, 2}, {1, 0, 1, 0, -1, 2}));
      },
      {"sample 2"});
  nn::Sequential wide(nn::Linear(2, 3));
  expect_error<ShapeError>([&] { ensemble.add("a", wide); }, {"(3, 2)", "(3, 3)"});
  EXPECT_TRUE(ensemble.members().empty());
  data::Dataset empty;
  empty.inputs.resize({0, 2});
  empty.classes = 2;
  expect_error<ValueError>([&] { const Ensemble none(empty); }, {"[ensemble]", "none"});
}

TEST(SlowEnsemble, BeatsTheMeanOfItsMembersOnFashionMnistForEachOfThreeSeeds) {
  SKIP_WITHOUT_FASHION_MNIST();
  const data::Dataset train =
      flatten(data::load_fashion_mnist(fashion_mnist_dir(), data::Split::train));
  const data::Dataset test =
      flatten(data::load_fashion_mnist(fashion_mnist_dir(), data::Split::test));
  constexpr std::uint64_t members = 3;
  for (std::uint64_t base = 0; base < 3; ++base) {
    set_default_precision(f32);
    Ensemble ensemble(test);
    for (std::uint64_t seed = base * members; seed < (base + 1) * members; ++seed) {
      nn::manual_seed(seed);
      nn::Sequential model = nn::mlp({784, 64, 10});
      optim::SGD sgd(model.parameters(), 0.05, 0.9);
      train::Options options;
      options.epochs = 2;
      options.seed = seed;
      train::fit(model, sgd, train, options);
      ensemble.add("seed", model);
    }
    set_default_precision(f64);
    EXPECT_GT(ensemble.ensemble().accuracy, ensemble.mean().accuracy) << "seed " << base;
    EXPECT_LT(ensemble.ensemble().loss, ensemble.mean().loss) << "seed " << base;
  }
}

}  // namespace
}  // namespace tapegrad::testing
