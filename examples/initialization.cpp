// How the first weights decide whether a signal gets through a deep network.

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

struct Initialiser {
  std::string name;
  std::function<void(Parameter&)> fill;
};

const std::vector<Initialiser> initialisers = {
    {"zeros", [](Parameter& w) { nn::init::zeros(w); }},
    {"normal 0.01", [](Parameter& w) { nn::init::normal(w, 0, 0.01); }},
    {"normal 1", [](Parameter& w) { nn::init::normal(w); }},
    {"sparse 15",
     [](Parameter& w) { nn::init::sparse(w, std::min<std::int64_t>(15, w.shape()[1]), 1); }},
    {"lecun", [](Parameter& w) { nn::init::lecun_normal(w); }},
    {"xavier", [](Parameter& w) { nn::init::xavier_normal(w); }},
    {"xavier 5/3", [](Parameter& w) { nn::init::xavier_normal(w, 5.0 / 3); }},
    {"he", [](Parameter& w) { nn::init::he_normal(w); }},
};

using Activation = Var (*)(Operand);

/// The root mean square of the activations behind each layer.
std::vector<double> activations(const Initialiser& initialiser, Activation activation,
                                const Array<double>& inputs, int layers) {
  const auto units = static_cast<std::int64_t>(inputs.shape()[1]);
  const NoGrad no_grad;
  Tape tape;
  Var x = tape.data(inputs);
  std::vector<double> result;
  for (int layer = 0; layer < layers; ++layer) {
    nn::Linear linear(units, units);
    for (auto& [name, weight] : nn::weights(linear)) initialiser.fill(weight);
    x = activation(linear(x));
    result.push_back(std::sqrt(mean(square(x)).item()));
  }
  return result;
}

/// A column per initialiser, a line per layer.
void print_table(const std::string& title, Activation activation, const Array<double>& inputs,
                 int layers) {
  fmt::print("{:>10}", title);
  std::vector<std::vector<double>> columns;
  for (const Initialiser& initialiser : initialisers) {
    columns.push_back(activations(initialiser, activation, inputs, layers));
    fmt::print("{:>13}", initialiser.name);
  }
  fmt::print("\n");
  for (int layer = 0; layer < layers; ++layer) {
    fmt::print("{:>10}", layer + 1);
    for (const auto& column : columns) {
      fmt::print("{:>13.3g}", column[static_cast<std::size_t>(layer)]);
    }
    fmt::print("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What initialisers do to the activations of deep networks");
  int layers = 20, units = 200, samples = 100;
  std::uint64_t seed = 1;
  app.add_option("--layers", layers, "how deep")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--units", units, "in each layer")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--samples", samples, "of inputs")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", seed, "of inputs and weights")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  nn::manual_seed(seed);
  Generator generator(seed);
  Array<double> inputs(
      std::vector<std::size_t>{static_cast<std::size_t>(samples), static_cast<std::size_t>(units)});
  for (double& x : inputs) x = generator.normal();

  fmt::print("Root mean square of the activations behind each layer; that of the inputs is 1.\n\n");
  print_table(
      "relu layer", [](Operand x) { return relu(x); }, inputs, layers);
  fmt::print("\n");
  print_table(
      "tanh layer", [](Operand x) { return tanh(x); }, inputs, layers);
  fmt::print(
      "\nA signal that dies takes the gradient with it; one that explodes ends in infinity, or in\n"
      "tanh's saturation near 1, where no gradient passes. he suits relu, xavier with gain 5/3 "
      "tanh.\n");
}
