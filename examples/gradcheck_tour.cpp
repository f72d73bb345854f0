// What gradcheck says of right and of wrong gradients, one circuit after the other.

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include <tapegrad/tapegrad.hpp>

using namespace tapegrad;

namespace {

/// tanh, with a gradient that forgets the square: 1 − y instead of 1 − y².
struct WrongTanh : ops::Pointwise<1> {
  static constexpr const char* name = "wrong_tanh";
  template <class T>
  T forward(T x) const {
    using ops::tanh;
    return tanh(x);
  }
  template <class T>
  T gradient(ops::At<0>, T g, T, T y) const {
    return g * (1 - y);
  }
};

void show(const char* title, const Var& output) {
  fmt::print("--- {}\n{}\n", title, to_string(gradcheck(output)));
}

void right() {
  Tape tape(f32);  // It may train in float: the check is in double.
  const Var x = tape.variable({0.5, -1, 2}).name("x");
  const Var w = tape.variable({1.5, -0.3, 0.8}).name("w");
  show("A circuit whose gradients are right", sum(tanh(w * x)));
}

void wrong() {
  Tape tape;
  const Var x = tape.variable({0.5, -1}).name("x");
  const Var unaffected = tape.variable(0.1).name("unaffected");
  const Var y = gate(WrongTanh{}, 2 * x);
  show("A gate with a wrong rule: it is blamed, and only what lies behind it is wrong",
       sum(y * y) + exp(unaffected));
}

void kink() {
  Tape tape;
  const Var x = tape.variable({1e-20, 1e-5, -3}).name("x");
  show("Kinks: one nearer than any step, one that smaller steps keep away from, one far off",
       sum(relu(x)));
}

void tie() {
  Tape tape;
  const Var x = tape.variable({0, 2}).name("x");
  show("A tie: at 0 the slope of |x| is −1 on one side and 1 on the other, its gradient 0",
       sum(abs(x)));
}

void drowned_data_loss() {
  Tape tape;
  const Var w = tape.variable({2, -1}).name("w");
  const Var data_loss = (mean(gate(WrongTanh{}, w)) * 1e-8).name("data loss");
  const Var penalty = (1e3 * sum(w * w)).name("penalty");
  show("A penalty so strong that a wrong data loss would not show", data_loss + penalty);
}

void dropout() {
  Tape tape;
  const Var x = tape.variable({0.5, -1, 2, 1}).name("x");
  const Var mask = dropout_mask(ops::DropoutMask{{4}, 0.5, 1});
  show("Dropout that is active", sum(tanh(x) * mask));
}

void live_randomness() {
  int draws = 0;
  const auto f = [&](const std::vector<Var>& x) { return sum(x[0] * ++draws); };
  const Array<double> x = {0.5, -1};
  fmt::print("--- A function that draws anew each time\n{}\n", to_string(gradcheck(f, {x})));
}

void control_flow() {
  const auto f = [](const std::vector<Var>& x) {
    return x[0].item() > 1 ? x[0] * x[0] : 2 * x[0] - 1;
  };
  const Array<double> x = 1.0;
  fmt::print("--- Control flow that depends on a value, where it changes\n{}",
             to_string(gradcheck(f, {x})));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What gradcheck says of right and of wrong gradients");
  CLI11_PARSE(app, argc, argv);
  right();
  wrong();
  kink();
  tie();
  drowned_data_loss();
  dropout();
  live_randomness();
  control_flow();
}
