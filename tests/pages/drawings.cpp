// Writes the pages that the browser's tests open: `drawings FOLDER`.

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/core.h>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

void save(const Tape& tape, const std::string& folder, const std::string& name) {
  DrawOptions options;
  options.title = name;
  draw(tape, options).save(folder + "/" + name + ".html");
}

/// The sigmoid circuit with its worked numbers; x is used twice, so its ledger has two entries.
void neuron(const std::string& folder) {
  Tape tape;
  const Var w = tape.variable(2).name("w");
  const Var x = tape.variable(-1).name("x");
  const Var bias = tape.variable(-3).name("b");
  const Var product = w * x;
  const Var sum = product + bias;
  const Var f = sigmoid(sum) * x;
  f.name("</script><b>f</b>").backward();
  save(tape, folder, "neuron");
}

/// No gates.
void empty(const std::string& folder) {
  save(Tape(), folder, "empty");
}

/// A network of modules.
void network(const std::string& folder) {
  nn::manual_seed(1);
  nn::Sequential model = nn::mlp({2, 5, 3});
  const data::Dataset spiral = data::spiral(4, 3, 0);
  Tape tape;
  nn::cross_entropy(model(tape.data(spiral.inputs).name("points")), spiral.labels).backward();
  save(tape, folder, "network");
}

Var chain(Var x, int gates) {
  for (int i = 0; i < gates; ++i) x = tanh(x);
  return x;
}

/// 10,000 gates in scopes.
void scopes(const std::string& folder) {
  Tape tape;
  Var x = tape.variable(0.5).name("start");
  for (int layer = 0; layer < 10; ++layer) {
    const Scope outer(tape, fmt::format("layer {}", layer));
    for (int neuron = 0; neuron < 10; ++neuron) {
      const Scope inner(tape, fmt::format("neuron {}", neuron));
      x = chain(x, 100);
      if (layer == 7 && neuron == 3) x.name("needle");
    }
  }
  x.backward();
  save(tape, folder, "scopes");
}

/// 10,000 gates without any.
void flat(const std::string& folder) {
  Tape tape;
  Var x = tape.variable(0.5).name("start");
  x = chain(x, 5000).name("middle");
  chain(x, 5000).backward();
  save(tape, folder, "flat");
}

/// A hinge with its bend at 1, which is 0 beyond it.
void hinge(const std::string& folder) {
  const Parameter w(Array<double>{0.25});
  const auto loss = [&] { return std::max(0.0, 1 - w.value()(0)); };
  train::Landscape landscape =
      train::loss_landscape(loss, {train::Direction::weight(w, {0}), -1, 3, 41});
  landscape.title = "hinge";
  landscape.paths = {{"way", {{-0.5, 0, 1.5}, {0.5, 0, 0.5}, {0.75, 0, 0.25}}}};
  landscape.save(folder + "/hinge.html");
}

/// A bowl, x² + y², with paths, one of them out of the picture and beyond all numbers.
void bowl(const std::string& folder) {
  const Parameter p(Array<double>{1.0, 1.0});
  const auto loss = [&] { return std::pow(p.value()(0), 2) + std::pow(p.value()(1), 2); };
  train::Landscape landscape =
      train::loss_landscape(loss, {train::Direction::weight(p, {0}, "width"), -2, 2, 41},
                            {train::Direction::weight(p, {1}, "depth"), -1, 1, 21});
  landscape.title = "bowl";
  landscape.logarithmic = true;
  landscape.paths = {
      {"down </script><b>the</b> hill", {{-1.5, 0.5, 2.5}, {-0.5, 0.25, 0.3125}, {0, 0, 0}}},
      {"away", {{-1.5, 0.5, 2.5}, {3, -7, 58}, {1e300, 1e300, INFINITY}, {NAN, NAN, NAN}}},
      {"minimum", {{0, 0, 0}}}};
  landscape.save(folder + "/bowl.html");
}

/// x·y, below 0 in two corners and not finite in another.
void holes(const std::string& folder) {
  const Parameter p(Array<double>{1.0, 1.0});
  const auto loss = [&] {
    const double x = p.value()(0), y = p.value()(1);
    return x > 0.5 && y > 0.5 ? INFINITY : x * y;
  };
  train::Landscape landscape =
      train::loss_landscape(loss, {train::Direction::weight(p, {0}), -1, 1, 21},
                            {train::Direction::weight(p, {1}), -1, 1, 21});
  landscape.title = "holes";
  landscape.logarithmic = true;
  landscape.save(folder + "/holes.html");
}

/// A grid of 160,000 points.
void fine(const std::string& folder) {
  const Parameter p(Array<double>{1.0, 1.0});
  const auto loss = [&] { return std::hypot(p.value()(0), p.value()(1)); };
  train::loss_landscape(loss, {train::Direction::weight(p, {0}), -1, 1, 400},
                        {train::Direction::weight(p, {1}), -1, 1, 400})
      .save(folder + "/fine.html");
}

/// A line in whose losses only the sixth digit changes.
void shallow(const std::string& folder) {
  const Parameter w(Array<double>{0.25});
  const auto loss = [&] { return 2.3026 + 1e-5 * w.value()(0); };
  train::loss_landscape(loss, {train::Direction::weight(w, {0}), -1, 1, 3})
      .save(folder + "/shallow.html");
}

/// The same loss everywhere, and none that is a number anywhere.
void flat_and_lost(const std::string& folder) {
  const Parameter p(Array<double>{1.0, 1.0});
  const train::GridAxis x{train::Direction::weight(p, {0}), -1, 1, 5};
  const train::GridAxis y{train::Direction::weight(p, {1}), -1, 1, 5};
  train::loss_landscape([] { return 2.5; }, x, y).save(folder + "/plain.html");
  train::loss_landscape([] { return NAN; }, x, y).save(folder + "/lost.html");
  train::loss_landscape([] { return NAN; }, x).save(folder + "/lost_line.html");
}

/// Two metrics with three folds, and one metric with a single validation set.
void k_choice(const std::string& folder) {
  train::KChoice choice;
  choice.title = "k </script><b>of</b> two metrics";
  for (const std::int64_t k : {1, 2, 5, 8, 10, 12, 50, 100}) {
    const double x = 0.3 + 0.001 * static_cast<double>(k);
    choice.scores.push_back({train::Metric::l1, k, {{x, x + 0.01, x + 0.02}}});
  }
  for (const std::int64_t k : {1, 5, 10}) {
    choice.scores.push_back({train::Metric::l2, k, {{0.2, 0.25, 0.3}}});
  }
  choice.save(folder + "/k_choice.html");
  choice.title = "one";
  choice.scores = {{train::Metric::dot, 7, {{0.5}}}};
  choice.save(folder + "/k_choice_one.html");
}

/// Three half planes, with names, and one region alone without a boundary.
void regions(const std::string& folder) {
  data::Dataset points;
  points.inputs = Array<float>{{0, 0}, {2, 0}, {0, 1}, {2, 1}};
  points.labels = {0, 1, 0, 2};
  points.classes = 3;
  points.class_names = {"left", "right <b>one</b>", "other"};
  const auto by_x = [](const Array<float>& x) {
    std::vector<int> labels;
    labels.reserve(x.shape()[0]);
    for (std::size_t i = 0; i < x.shape()[0]; ++i) labels.push_back(x(i, 0) > 1 ? 1 : 0);
    return labels;
  };
  train::DecisionRegions halves = train::decision_regions(by_x, points, {100});
  halves.title = "halves <i>and</i>";
  train::DecisionRegions whole = halves;
  whole.title = "whole";
  std::fill(whole.labels.begin(), whole.labels.end(), 2);
  train::save_regions(folder + "/regions.html", "planes", {halves, whole, halves});
}

/// A histogram of a bell around `mean`.
train::Histogram bell(double mean, double deviation) {
  train::Histogram histogram{mean - 4 * deviation, mean + 4 * deviation, {}, mean, deviation};
  for (int i = 0; i < 40; ++i) {
    const double z = (i + 0.5) / 5 - 4;
    histogram.counts.push_back(std::llround(1000 * std::exp(-z * z / 2)));
  }
  return histogram;
}

/// A run of worked numbers: the loss starts at ln 10 and falls by a factor per epoch, which has 100
/// steps; `layers` weights with a bias each, and activations of three kinds in turn.
train::History made_history(const std::string& name, int epochs, int layers, double factor) {
  train::History history;
  history.name = name;
  history.settings = {{"optimizer", "SGD"}, {"learning rate", fmt::format("{}", factor / 10)}};
  history.classes = 3;
  history.class_names = {"cat", "dog </script><b>bone</b>", "frog"};
  history.samples = 3200;
  history.validation_samples = 60;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    train::EpochRecord record;
    record.epoch = epoch;
    for (int step = 0; step < 100; ++step) {
      const double loss = std::log(10) * std::pow(factor, epoch + step / 100.0);
      history.steps.push_back({epoch, 100 * epoch + step, loss, 0, factor / 10});
      record.loss += loss / 100;
    }
    record.accuracy = 1 - 0.5 * std::pow(factor, epoch);
    record.learning_rate = factor / 10;
    record.seconds = 12.5;
    record.steps = 100;
    record.observed = 10;
    record.validation_loss = record.loss * (1 + 0.05 * epoch);
    record.validation_accuracy = record.accuracy - 0.02 * epoch;
    for (int layer = 0; layer < layers; ++layer) {
      const double ratio = 1e-3 * std::pow(1.1, layer) / (epoch + 1);
      record.parameters.push_back(
          {fmt::format("{}.weight", layer), {20, 30}, ratio, 1, 5, true, true, 1});
      record.parameters.push_back(
          {fmt::format("{}.bias", layer), {20}, ratio * 5, 1, 5, true, true, {}});
      const char* const kind = layer % 3 == 0 ? "ReLU" : layer % 3 == 1 ? "Tanh" : "LeakyReLU";
      record.layers.push_back({fmt::format("{}", layer), kind, 20, bell(0.5, 1 + 0.1 * epoch),
                               bell(0, 1e-5 * (epoch + 1)), layer % 3 == 0 ? 0.25 : 0,
                               layer % 3 == 1 ? 0.5 : 0});
    }
    history.epochs.push_back(record);
  }
  history.confusion = {18, 2, 0, 5, 14, 1, 0, 0, 20};
  history.best_epoch = std::min(epochs - 1, 2);
  return history;
}

void save_report(const std::vector<train::History>& runs, const std::string& folder,
                 const std::string& name) {
  train::Report{name, runs}.save(folder + "/" + name + ".html");
}

/// Two runs, the second with another rate, without validation, ended by an error; and a network
/// that learns the spiral.
void report_runs(const std::string& folder) {
  train::History steady = made_history("steady", 10, 3, 0.8);
  steady.filters = Array<float>::from_shape({2, 3, 2, 2});
  std::fill(steady.filters.begin(), steady.filters.end(), 0.5F);
  steady.filters(0, 0, 0, 0) = -1;  // Of the first filter, red: none in one corner, most elsewhere.
  train::History lost = made_history("lost </script>", 4, 3, 0.5);
  lost.validation_samples = 0;
  lost.confusion.clear();
  lost.best_epoch = -1;
  for (train::EpochRecord& epoch : lost.epochs) {
    epoch.validation_loss = epoch.validation_accuracy = std::nullopt;
  }
  for (std::size_t step = 350; step < 400; ++step) lost.steps[step].loss = NAN;
  lost.epochs.back().complete = false;
  lost.epochs.back().loss = NAN;
  lost.error = "[cross_entropy] needs finite scores";
  save_report({steady, lost}, folder, "report_runs");

  const data::Dataset spiral = data::spiral();
  nn::manual_seed(1);
  nn::Sequential model(nn::Linear(2, 30), nn::ReLU(), nn::Linear(30, 3));
  optim::SGD sgd(model.parameters(), 0.1, 0.9);
  train::Recorder recorder({"spiral"});
  train::Options options;
  options.validation = &spiral;
  options.observers = {&recorder};
  train::fit(model, sgd, spiral, options);
  save_report({recorder.history()}, folder, "report_spiral");
}

/// Runs in which most is missing or there is too much.
void report_corners(const std::string& folder) {
  save_report({}, folder, "report_none");
  save_report({train::History{}}, folder, "report_empty");
  save_report({made_history("short", 1, 2, 0.5)}, folder, "report_one_epoch");
  train::History nowhere = made_history("nowhere", 2, 1, 0.5);
  for (train::StepRecord& step : nowhere.steps) step.loss = NAN;
  for (train::EpochRecord& epoch : nowhere.epochs) {
    epoch.loss = NAN;
    epoch.validation_loss = INFINITY;
    epoch.parameters[0].update_ratio = NAN;
    epoch.layers[0].activations = epoch.layers[0].gradients = {};
  }
  save_report({nowhere}, folder, "report_nowhere");
  train::History large = made_history("large", 300, 100, 0.99);
  large.filters = Array<float>::from_shape({500, 3, 64, 64});
  Generator generator(1);
  for (float& weight : large.filters) weight = static_cast<float>(generator.uniform());
  large.classes = 100;
  large.class_names.clear();
  large.confusion.assign(10'000, 7);
  save_report({large, large, large, large}, folder, "report_large");
}

/// A search of two stages, with a trial that has diverged and a best one at an edge; and one of a
/// single parameter and trial.
void searches(const std::string& folder) {
  train::SearchResults results;
  results.title = "found </script><b>it</b>";
  results.ranges = {train::Range::log_uniform("lr", 1e-6, 10),
                    train::Range::log_uniform("lambda", 1e-6, 10),
                    train::Range::uniform("dropout", 0, 0.5)};
  const auto add = [&](int trial, int stage, double lr, double dropout, double score) {
    results.records.push_back({trial,
                               stage,
                               stage == 0 ? 1 : 5,
                               {{"lr", lr}, {"lambda", 1e-3}, {"dropout", dropout}},
                               score});
  };
  add(0, 0, 1e-5, 0.1, 0.25);
  add(1, 0, 1e-3, 0.2, 0.5);
  add(2, 0, 0.1, 0.3, 0.75);
  add(3, 0, 8, 0.4, 0.875);
  add(4, 0, 5, 0.25, NAN);
  add(2, 1, 0.1, 0.3, 0.8);
  add(3, 1, 8, 0.4, 0.9);
  results.save(folder + "/found.html");

  train::SearchResults single;
  single.ranges = {train::Range::uniform("dropout", 0, 0.5)};
  single.records = {{0, 0, 1, {{"dropout", 0.25}}, 0.5}};
  single.save(folder + "/single.html");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "drawings: needs the folder to write into\n");
    return 2;
  }
  for (const auto write :
       {neuron, empty, network, scopes, flat, hinge, bowl, holes, fine, shallow, flat_and_lost,
        k_choice, regions, report_runs, report_corners, searches}) {
    write(argv[1]);
  }
}
