// What a Recorder writes down, beside figures computed here by hand.

#include <tapegrad/train/recorder.hpp>

#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/data/batches.hpp>
#include <tapegrad/data/spiral.hpp>
#include <tapegrad/nn/activations.hpp>
#include <tapegrad/nn/conv2d.hpp>
#include <tapegrad/nn/flatten.hpp>
#include <tapegrad/nn/init.hpp>
#include <tapegrad/nn/linear.hpp>
#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/mlp.hpp>
#include <tapegrad/nn/penalty.hpp>
#include <tapegrad/nn/sequential.hpp>
#include <tapegrad/optim/adam.hpp>
#include <tapegrad/optim/sgd.hpp>
#include <tapegrad/train/detail/measure.hpp>
#include <tapegrad/train/fit.hpp>

#include "support/expect.hpp"
#include "support/files.hpp"

namespace tapegrad::testing {
namespace {

using train::History;
using train::Options;
using train::Recorder;

Options options(int epochs, int batch_size = 10) {
  Options result;
  result.epochs = epochs;
  result.batch_size = batch_size;
  return result;
}

double norm_of(const Array<double>& numbers) {
  double sum = 0;
  for (const double x : numbers) sum += x * x;
  return std::sqrt(sum);
}

// --- Figures of arrays ----------------------------------------------------------------------

TEST(Histogram, CountsIntervalsOfEqualWidth) {
  const train::Histogram h = detail::histogram(array({6}, {-1, 0, 0.4, 0.5, 0.99, 3}), 4);
  EXPECT_EQ(h.low, -1);
  EXPECT_EQ(h.high, 3);
  EXPECT_EQ(h.counts, (std::vector<std::int64_t>{1, 4, 0, 1}));  // An end belongs to the next one.
  EXPECT_NEAR(h.mean, 3.89 / 6, 1e-15);
  double squares = 0;
  for (const double x : {-1.0, 0.0, 0.4, 0.5, 0.99, 3.0}) {
    squares += (x - h.mean) * (x - h.mean);
  }
  EXPECT_NEAR(h.standard_deviation, std::sqrt(squares / 6), 1e-15);
}

TEST(Histogram, SpecialNumbers) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const double huge = std::numeric_limits<double>::max();
  const train::Histogram some = detail::histogram(array({4}, {nan, 1, inf, 2}), 2);
  EXPECT_EQ(some.counts, (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(some.mean, 1.5);
  EXPECT_TRUE(detail::histogram(array({2}, {nan, -inf}), 3).counts.empty());
  EXPECT_TRUE(detail::histogram(array({0}, {}), 3).counts.empty());
  EXPECT_EQ(detail::histogram(array({3}, {7, 7, 7}), 3).counts,
            (std::vector<std::int64_t>{3, 0, 0}));
  EXPECT_EQ(detail::histogram(array({2}, {-huge, huge}), 2).counts,
            (std::vector<std::int64_t>{1, 1}));
}

TEST(UnitSpread, IsZeroForEqualUnits) {
  EXPECT_EQ(detail::unit_spread(Parameter(array({2, 3}, {1, 2, 3, 1, 2, 3}))), 0);
  EXPECT_EQ(detail::unit_spread(Parameter::zeros({4, 2})), 0);
  EXPECT_EQ(detail::unit_spread(Parameter(array({2, 2}, {1, -2, -1, 2}))), 1);
  // Rows (3, 0) and (1, 0): mean (2, 0), apart by 1 each, of sqrt(10).
  EXPECT_NEAR(*detail::unit_spread(Parameter(array({2, 2}, {3, 0, 1, 0}), f32)),
              std::sqrt(2.0 / 10), 1e-7);
  EXPECT_FALSE(detail::unit_spread(Parameter::zeros({4})));
  EXPECT_FALSE(detail::unit_spread(Parameter::zeros({1, 4})));
}

// --- A run ----------------------------------------------------------------------------------

TEST(Recorder, EqualsALoopByHand) {
  for (const Precision precision : {f32, f64}) {
    set_default_precision(precision);
    nn::manual_seed(1);
    nn::Sequential model(nn::Linear(2, 6), nn::ReLU(), nn::Linear(6, 5), nn::Tanh(),
                         nn::Linear(5, 3));
    nn::manual_seed(1);
    nn::Sequential by_hand(nn::Linear(2, 6), nn::ReLU(), nn::Linear(6, 5), nn::Tanh(),
                           nn::Linear(5, 3));
    set_default_precision(f64);
    const data::Dataset spiral = data::spiral(10);
    optim::SGD sgd(model.parameters(), 0.5, 0.9), again(by_hand.parameters(), 0.5, 0.9);
    Recorder recorder;
    Options watched = options(2);
    watched.precision = precision;
    watched.observers = {&recorder};
    const train::Progress last = train::fit(model, sgd, spiral, watched);
    const History& history = recorder.history();

    const auto names = by_hand.named_parameters();
    ASSERT_EQ(history.start.size(), 6U);
    EXPECT_NEAR(history.start[0].weight_norm, norm_of(names[0].second.value()), 1e-12);
    data::Batches batches(spiral, 10, 0);
    std::size_t steps = 0;
    for (std::size_t epoch = 0; epoch < 2; ++epoch) {
      std::vector<double> ratios(6), gradients(6);
      std::vector<bool> active(6);
      double saturated = 0, outputs = 0;
      Array<double> tanh_values, tanh_grads;
      for (const data::Batch& batch : batches) {
        Tape tape(precision);
        const Var hidden = by_hand[1](by_hand[0](tape.data(batch.inputs)));
        const Var squashed = by_hand[3](by_hand[2](hidden));
        const Var loss = nn::cross_entropy(by_hand[4](squashed), batch.labels);
        by_hand.zero_grad();
        loss.backward();
        EXPECT_EQ(history.steps[steps].loss, loss.item());
        EXPECT_EQ(history.steps[steps].step, static_cast<std::int64_t>(steps));
        EXPECT_EQ(history.steps[steps].epoch, static_cast<int>(epoch));
        EXPECT_EQ(history.steps[steps].learning_rate, 0.5);
        ++steps;
        const Array<double> h = hidden.value();
        for (std::size_t i = 0; i < h.size(); ++i) {
          if (h.data()[i] > 0) active[i % 6] = true;
        }
        tanh_values = squashed.value();
        tanh_grads = squashed.grad();
        for (const double y : tanh_values) saturated += std::abs(y) > 0.98;
        outputs += static_cast<double>(tanh_values.size());
        std::vector<Array<double>> before;
        for (std::size_t i = 0; i < 6; ++i) {
          before.push_back(names[i].second.value());
          gradients[i] += norm_of(names[i].second.grad()) / 3;
        }
        again.step();
        for (std::size_t i = 0; i < 6; ++i) {
          const Array<double> update = names[i].second.value() - before[i];
          ratios[i] += norm_of(update) / norm_of(before[i]) / 3;
        }
      }
      const train::EpochRecord& record = history.epochs.at(epoch);
      EXPECT_EQ(record.epoch, static_cast<int>(epoch));
      EXPECT_TRUE(record.complete);
      EXPECT_EQ(record.steps, 3);
      EXPECT_EQ(record.observed, 3);
      EXPECT_GT(record.seconds, 0);
      ASSERT_EQ(record.parameters.size(), 6U);
      for (std::size_t i = 0; i < 6; ++i) {
        const train::ParameterRecord& parameter = record.parameters[i];
        EXPECT_EQ(parameter.name, names[i].first);
        EXPECT_EQ(parameter.shape, names[i].second.shape());
        EXPECT_NEAR(parameter.update_ratio, ratios[i], 1e-9 * ratios[i]);
        EXPECT_NEAR(parameter.gradient_norm, gradients[i], 1e-9 * gradients[i]);
        EXPECT_NEAR(parameter.weight_norm, norm_of(names[i].second.value()), 1e-12);
        EXPECT_TRUE(parameter.reached && parameter.received_gradient);
        EXPECT_EQ(parameter.unit_spread.has_value(), i % 2 == 0);
      }
      ASSERT_EQ(record.layers.size(), 2U);
      EXPECT_EQ(record.layers[0].name, "1");
      EXPECT_EQ(record.layers[0].kind, "ReLU");
      EXPECT_EQ(record.layers[0].units, 6);
      EXPECT_EQ(record.layers[0].dead_share,
                static_cast<double>(std::count(active.begin(), active.end(), false)) / 6);
      EXPECT_EQ(record.layers[0].saturated_share, 0);
      EXPECT_EQ(record.layers[1].kind, "Tanh");
      EXPECT_EQ(record.layers[1].saturated_share, saturated / outputs);
      EXPECT_EQ(record.layers[1].dead_share, 0);
      const train::Histogram values = detail::histogram(tanh_values, 40);
      const train::Histogram grads = detail::histogram(tanh_grads, 40);
      EXPECT_EQ(record.layers[1].activations.counts, values.counts);
      EXPECT_EQ(record.layers[1].activations.mean, values.mean);
      EXPECT_EQ(record.layers[1].gradients.counts, grads.counts);
      EXPECT_EQ(record.layers[1].gradients.high, grads.high);
    }
    EXPECT_EQ(steps, history.steps.size());
    EXPECT_EQ(history.epochs[1].loss, last.loss);
    EXPECT_EQ(history.epochs[1].accuracy, last.accuracy);
    // Nothing of training has changed.
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(model.parameters()[i].value(), names[i].second.value());
    }
  }
}

TEST(Recorder, LooksAtAFewStepsOfALongEpoch) {
  const data::Dataset spiral = data::spiral(50);
  nn::Sequential model = nn::mlp({2, 4, 3});
  optim::SGD sgd(model.parameters(), 0.1);
  train::RecorderOptions few;
  few.observed_steps = 4;
  Recorder recorder(few);
  std::vector<int> seen;
  Options watched = options(2, 4);  // 38 steps.
  watched.observers = {&recorder};
  train::fit(model, sgd, spiral, watched);
  EXPECT_EQ(recorder.history().epochs[0].observed, 5);  // With the first of the run.
  EXPECT_EQ(recorder.history().epochs[1].observed, 4);
  EXPECT_EQ(recorder.history().epochs[1].steps, 38);
  EXPECT_EQ(recorder.history().steps.size(), 76U);
  // The histogram is of the last batch, which has two samples of four units.
  const auto& counts = recorder.history().epochs[1].layers[0].activations.counts;
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), 2 * 4);
}

TEST(Recorder, NotesSettingsClassesAndConfusion) {
  data::Dataset spiral = data::spiral(10);
  spiral.class_names = {"a", "b", "c"};
  const data::Dataset other = data::spiral(8, 3, 1);
  nn::Sequential model = nn::mlp({2, 4, 3});
  optim::Adam adam(model.parameters(), 0.01);
  train::RecorderOptions named;
  named.name = "run";
  Recorder recorder(named);
  recorder.add_setting("model", "small");
  Options watched = options(2);
  watched.validation = &other;
  watched.observers = {&recorder};
  train::fit(model, adam, spiral, watched);
  const History& history = recorder.history();
  EXPECT_EQ(history.name, "run");
  const auto setting = [&](const std::string& name) -> std::string {
    for (const auto& [key, value] : history.settings) {
      if (key == name) return value;
    }
    return "(none)";
  };
  EXPECT_EQ(setting("optimizer"), "Adam");
  EXPECT_EQ(setting("learning rate"), "0.01");
  EXPECT_EQ(setting("batch size"), "10");
  EXPECT_EQ(setting("parameters"), "27");
  EXPECT_EQ(setting("model"), "small");
  EXPECT_EQ(history.class_names, spiral.class_names);
  EXPECT_EQ(history.class_sizes, (std::vector<std::int64_t>{10, 10, 10}));
  EXPECT_EQ(history.samples, 30);
  EXPECT_EQ(history.validation_samples, 24);
  EXPECT_EQ(history.confusion, train::evaluate(model, other).confusion);
  EXPECT_EQ(history.epochs[1].validation_accuracy, train::accuracy(model, other));
  EXPECT_GE(history.best_epoch, 0);
  EXPECT_EQ(history.error, "");
  EXPECT_EQ(history.filters.size(), 0U);

  // A second run is a new history, with the setting that was added.
  watched.epochs = 1;
  train::fit(model, adam, spiral, watched);
  EXPECT_EQ(history.epochs.size(), 1U);
  EXPECT_EQ(setting("model"), "small");
}

TEST(Recorder, KeepsTheFiltersOfTheFirstLayer) {
  data::Dataset images;
  images.inputs = Array<float>::from_shape({4, 2, 3, 3});
  std::iota(images.inputs.begin(), images.inputs.end(), -30.0F);
  images.inputs /= 30.0F;
  images.labels = {0, 1, 0, 1};
  images.classes = 2;
  const auto filters = [](nn::Module& model, const data::Dataset& dataset, Shape image_shape) {
    optim::SGD sgd(model.parameters(), 0.1);
    train::RecorderOptions with_shape;
    with_shape.image_shape = image_shape;
    Recorder recorder(with_shape);
    Options watched = options(1, 2);
    watched.observers = {&recorder};
    train::fit(model, sgd, dataset, watched);
    return recorder.history().filters;
  };
  const auto expect_filters = [](const Array<float>& got, const Parameter& weight,
                                 const std::vector<std::size_t>& shape) {
    EXPECT_EQ(std::vector<std::size_t>(got.shape().begin(), got.shape().end()), shape);
    const Array<double> numbers = weight.value();
    ASSERT_EQ(got.size(), numbers.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got.data()[i], static_cast<float>(numbers.data()[i]));
    }
  };
  nn::Sequential conv(nn::Conv2d(2, 5, 3), nn::Flatten(), nn::Linear(5, 2));
  expect_filters(filters(conv, images, {}), conv.parameters()[0], {5, 2, 3, 3});
  nn::Sequential flat(nn::Flatten(), nn::Linear(18, 2));
  expect_filters(filters(flat, images, {}), flat.parameters()[0], {2, 2, 3, 3});
  nn::Sequential rows(nn::Linear(18, 2));
  expect_filters(filters(rows, data::flatten(images), {2, 3, 3}), rows.parameters()[0],
                 {2, 2, 3, 3});
  EXPECT_EQ(filters(rows, data::flatten(images), {}).size(), 0U);
}

TEST(Recorder, ChannelsAreTheUnitsOfImages) {
  data::Dataset images;
  images.inputs = Array<float>::from_shape({2, 1, 3, 3});
  images.inputs.fill(1);
  images.labels = {0, 1};
  images.classes = 2;
  nn::Sequential model(nn::Conv2d(1, 4, 3), nn::ReLU(), nn::Flatten(), nn::Linear(4, 2));
  model.parameters()[1].set_value({-100, 100, -100, -100});
  optim::SGD sgd(model.parameters(), 0.01);
  Recorder recorder;
  Options watched = options(1, 2);
  watched.observers = {&recorder};
  train::fit(model, sgd, images, watched);
  EXPECT_EQ(recorder.history().epochs[0].layers[0].units, 4);
  EXPECT_EQ(recorder.history().epochs[0].layers[0].dead_share, 0.75);
}

/// A layer whose activation is called twice, beside a parameter that is never used and one whose
/// gradient is 0.
class Odd : public nn::Module {
 public:
  Odd()
      : linear_(register_module("linear", nn::Linear(2, 3))),
        tanh_(register_module("tanh", nn::Tanh())),
        unused_(register_parameter("unused", Parameter::zeros({3}))),
        silent_(register_parameter("silent", Parameter::zeros({3}))) {}
  Var forward(const Var& x) override { return (*tanh_)((*tanh_)((*linear_)(x))) + 0.0 * silent_; }

 private:
  std::shared_ptr<nn::Linear> linear_;
  std::shared_ptr<nn::Tanh> tanh_;
  Parameter unused_, silent_;
};

TEST(Recorder, TellsUnusedParametersFromSilentOnes) {
  const data::Dataset spiral = data::spiral(10);
  Odd model;
  optim::SGD sgd(model.parameters(), 0.1);
  Recorder recorder;
  Options watched = options(1);
  watched.observers = {&recorder};
  train::fit(model, sgd, spiral, watched);
  const train::EpochRecord& epoch = recorder.history().epochs[0];
  ASSERT_EQ(epoch.parameters.size(), 4U);
  const auto& unused = epoch.parameters[0];
  EXPECT_EQ(unused.name, "unused");
  EXPECT_FALSE(unused.reached || unused.received_gradient);
  EXPECT_EQ(epoch.parameters[1].name, "silent");
  EXPECT_TRUE(epoch.parameters[1].reached);
  EXPECT_FALSE(epoch.parameters[1].received_gradient);
  EXPECT_TRUE(epoch.parameters[2].received_gradient);
  ASSERT_EQ(epoch.layers.size(), 2U);
  EXPECT_EQ(epoch.layers[0].name, "tanh");
  EXPECT_EQ(epoch.layers[1].name, "tanh (call 2)");
}

TEST(Recorder, KeepsWhatItSawBeforeAnError) {
  const data::Dataset spiral = data::spiral(10);
  nn::manual_seed(1);
  nn::Sequential model = nn::mlp({2, 4, 3});
  optim::SGD sgd(model.parameters(), 0.1);
  Recorder recorder;
  Options watched = options(3);
  watched.observers = {&recorder};
  int steps = 0;
  watched.after_step = [&] {
    if (++steps == 5) sgd.set_learning_rate(1e300);  // The weights become too large in step 5.
  };
  EXPECT_THROW(train::fit(model, sgd, spiral, watched), NonFiniteError);
  const History& history = recorder.history();
  EXPECT_NE(history.error.find("first gate"), std::string::npos) << history.error;
  ASSERT_EQ(history.epochs.size(), 3U);
  EXPECT_TRUE(history.epochs[1].complete);
  EXPECT_FALSE(history.epochs[2].complete);
  EXPECT_EQ(history.epochs[2].epoch, 2);
  EXPECT_GT(history.epochs[1].parameters[0].update_ratio, 1e100);
  EXPECT_FALSE(std::isfinite(history.steps.back().loss));

  // No hook is left behind.
  Tape tape;
  model(tape.data(spiral.inputs));
}

TEST(Recorder, TellsHowMuchOfAResumedRunItMissed) {
  const TempFolder folder;
  const data::Dataset spiral = data::spiral(10);  // Three steps an epoch.
  const auto history_of = [&](int epochs) {
    nn::manual_seed(1);
    nn::Sequential model = nn::mlp({2, 4, 3});
    optim::SGD sgd(model.parameters(), 0.1);
    Recorder recorder;
    Options watched = options(epochs);
    watched.observers = {&recorder};
    watched.checkpoints.folder = folder.path("run");
    train::fit(model, sgd, spiral, watched);
    return recorder.history();
  };
  EXPECT_EQ(history_of(2).steps_before, 0);
  const History rest = history_of(3);
  EXPECT_EQ(rest.steps_before, 6);
  ASSERT_EQ(rest.steps.size(), 3U);
  EXPECT_EQ(rest.steps[0].step, 6);
  ASSERT_EQ(rest.epochs.size(), 1U);
  EXPECT_EQ(rest.epochs[0].epoch, 2);
}

TEST(Recorder, RefusesOptionsOutOfRange) {
  train::RecorderOptions bad;
  bad.observed_steps = 0;
  expect_error<ValueError>([&] { Recorder{bad}; }, {"[recorder]", "observed step", "got 0"});
  bad = {};
  bad.bins = 0;
  expect_error<ValueError>([&] { Recorder{bad}; }, {"interval", "got 0"});
  bad = {};
  bad.image_shape = {28, 28};
  expect_error<ShapeError>([&] { Recorder{bad}; }, {"(C, H, W)", "(28, 28)"});
}

}  // namespace
}  // namespace tapegrad::testing
