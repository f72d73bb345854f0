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
  for (const auto write : {neuron, empty, network, scopes, flat, hinge, bowl, holes, fine, shallow,
                           flat_and_lost, searches}) {
    write(argv[1]);
  }
}
