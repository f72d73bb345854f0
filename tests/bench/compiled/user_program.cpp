// Compiled, never run: ten lines of a user.
#include <tapegrad/tapegrad.hpp>

int main() {
  tapegrad::Tape tape;
  tapegrad::Var x = tape.variable(2.0), y = tape.variable(3.0);
  tapegrad::Var f = x * y + exp(x) * tanh(y);
  f.backward();
  return x.grad_item() > 0 ? 0 : 1;
}
