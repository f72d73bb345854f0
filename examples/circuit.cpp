// Prints small circuits gate by gate, values beside gradients, and draws one of them:
// `circuit --html circuit.html`.

#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

/// A neuron of small gates: f = 1/(1 + e^−(w0·x0 + w1·x1 + w2)).
Tape neuron() {
  Tape tape;
  const Var w0 = tape.variable(2).name("w0");
  const Var x0 = tape.variable(-1).name("x0");
  const Var w1 = tape.variable(-3).name("w1");
  const Var x1 = tape.variable(-2).name("x1");
  const Var w2 = tape.variable(-3).name("w2");

  const Var f = 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)));
  f.name("f").backward();

  fmt::print("A neuron, f = 1/(1 + exp(-(w0*x0 + w1*x1 + w2)))\n\n{}\n", to_table(tape));
  fmt::print("f = {:.2f}   df/dw = ({:.2f}, {:.2f}, {:.2f})   df/dx = ({:.2f}, {:.2f})\n\n\n",
             f.item(), w0.grad_item(), w1.grad_item(), w2.grad_item(), x0.grad_item(),
             x1.grad_item());
  return tape;
}

/// The sigmoid as one gate.
Tape sigmoid_gate() {
  Tape tape;
  const Var x = tape.variable(1.0).name("x");
  const Var y = sigmoid(x);
  y.name("y").backward();

  fmt::print("The sigmoid as one gate\n\n{}\n", to_table(tape));
  fmt::print("sigmoid(1) = {:.2f}   local gradient (1 - y)*y = {:.2f}\n\n\n", y.item(),
             local_gradient(y, 0)());
  return tape;
}

/// Add copies the gradient, max routes it, mul swaps the operands.
Tape add_mul_max() {
  Tape tape;
  const Var x = tape.variable(3).name("x");
  const Var y = tape.variable(-4).name("y");
  const Var z = tape.variable(2).name("z");
  const Var w = tape.variable(-1).name("w");

  const Var f = 2 * (x * y + max(z, w));
  f.name("f").backward();

  fmt::print("Add copies, max routes, mul swaps: f = 2*(x*y + max(z, w))\n\n{}\n", to_table(tape));
  fmt::print("f = {:g}   df/d(x, y, z, w) = ({:g}, {:g}, {:g}, {:g})\n\n\n", f.item(),
             x.grad_item(), y.grad_item(), z.grad_item(), w.grad_item());
  return tape;
}

/// A network's loss on points of the spiral: in the drawing, modules and scopes are boxes.
Tape network() {
  nn::manual_seed(1);
  nn::Sequential model = nn::mlp({2, 5, 3});
  const data::Dataset spiral = data::spiral(4, 3, 0);

  Tape tape;
  const Var points = tape.data(spiral.inputs).name("points");
  const Var scores = model(points);
  const Var data_loss = nn::cross_entropy(scores, spiral.labels).name("data loss");
  Var penalty = constant(0);
  {
    const Scope scope(tape, "penalty");
    for (auto& [name, parameter] : model.named_parameters()) {
      const bool is_weight = name.find("weight") != std::string::npos;
      if (is_weight) penalty = penalty + 0.5 * sum(square(parameter));
    }
  }
  const Var loss = data_loss + 1e-3 * penalty;
  loss.name("loss").backward();

  fmt::print("A network with one hidden layer, its data loss and a penalty\n\n{}\n",
             to_table(tape));
  fmt::print("loss = {:.4f}, of it data loss {:.4f}\n", loss.item(), data_loss.item());
  return tape;
}

struct Circuit {
  const char* name;
  Tape (*record)();
};
constexpr Circuit circuits[] = {{"neuron", neuron},
                                {"sigmoid", sigmoid_gate},
                                {"add-mul-max", add_mul_max},
                                {"network", network}};

/// Prints all circuits, or one alone, and draws one into files.
void run(const std::string& only, const std::vector<std::string>& files) {
  const std::string drawn = only.empty() ? circuits[0].name : only;
  for (const Circuit& circuit : circuits) {
    if (!only.empty() && only != circuit.name) continue;
    const Tape tape = circuit.record();
    if (files.empty() || drawn != circuit.name) continue;
    DrawOptions options;
    options.title = drawn;
    const Drawing drawing = draw(tape, options);
    for (const std::string& file : files) drawing.save(file);
  }
}

/// What Drawing::save makes of a file is for its ending to say.
CLI::Validator ends_in(const std::string& ending) {
  const auto check = [ending](const std::string& file) {
    const bool fits = file.size() > ending.size() &&
                      file.compare(file.size() - ending.size(), ending.size(), ending) == 0;
    return fits ? "" : "needs a file name that ends in " + ending + ", got " + file;
  };
  return {check, "FILE" + ending};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Prints small circuits gate by gate, and draws one of them");
  std::string only, html, svg, dot;
  std::vector<std::string> names;
  for (const Circuit& circuit : circuits) names.emplace_back(circuit.name);
  app.add_option("circuit", only, "this one alone; without it all are printed, the neuron drawn")
      ->check(CLI::IsMember(names));
  app.add_option("--html", html, "write a page on which to explore it")->check(ends_in(".html"));
  app.add_option("--svg", svg, "write an image, laid out by Graphviz")->check(ends_in(".svg"));
  app.add_option("--dot", dot, "write a graph for Graphviz")->check(ends_in(".dot"));
  CLI11_PARSE(app, argc, argv);

  std::vector<std::string> files;
  for (const std::string& file : {html, svg, dot}) {
    if (!file.empty()) files.push_back(file);
  }
  try {
    run(only, files);
  } catch (const Error& error) {
    fmt::print(stderr, "circuit: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
