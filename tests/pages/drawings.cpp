// Writes the pages that the browser's tests open: `drawings FOLDER`.

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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "drawings: needs the folder to write into\n");
    return 2;
  }
  for (const auto write : {neuron, empty, network, scopes, flat}) write(argv[1]);
}
