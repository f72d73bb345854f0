// Prints three small circuits gate by gate: values beside gradients.

#include <fmt/core.h>
#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

/// A neuron of small gates: f = 1/(1 + e^−(w0·x0 + w1·x1 + w2)).
void neuron() {
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
}

/// The sigmoid as one gate.
void fused_sigmoid() {
  Tape tape;
  const Var x = tape.variable(1.0).name("x");
  const Var y = sigmoid(x);
  y.name("y").backward();

  fmt::print("The sigmoid as one gate\n\n{}\n", to_table(tape));
  fmt::print("sigmoid(1) = {:.2f}   local gradient (1 - y)*y = {:.2f}\n\n\n", y.item(),
             local_gradient(y, 0)());
}

/// Add copies the gradient, max routes it, mul swaps the operands.
void add_mul_max() {
  Tape tape;
  const Var x = tape.variable(3).name("x");
  const Var y = tape.variable(-4).name("y");
  const Var z = tape.variable(2).name("z");
  const Var w = tape.variable(-1).name("w");

  const Var f = 2 * (x * y + max(z, w));
  f.name("f").backward();

  fmt::print("Add copies, max routes, mul swaps: f = 2*(x*y + max(z, w))\n\n{}\n", to_table(tape));
  fmt::print("f = {:g}   df/d(x, y, z, w) = ({:g}, {:g}, {:g}, {:g})\n", f.item(), x.grad_item(),
             y.grad_item(), z.grad_item(), w.grad_item());
}

}  // namespace

int main() {
  neuron();
  fused_sigmoid();
  add_mul_max();
}
