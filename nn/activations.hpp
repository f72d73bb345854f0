#pragma once

#include <tapegrad/nn/module.hpp>

// Activations without parameters: one gate, element by element, any shape to the same.

namespace tapegrad::nn {

/// y = max(x, 0).
class ReLU : public Module {
 public:
  /// Any shape to the same.
  Var forward(const Var& x) override { return relu(x); }
};

/// y = x for x > 0, else slope·x.
class LeakyReLU : public Module {
 public:
  /// The slope below 0.
  explicit LeakyReLU(double negative_slope = 0.01) : slope_(negative_slope) {}
  /// Any shape to the same.
  Var forward(const Var& x) override { return leaky_relu(x, slope_); }

 private:
  double slope_;
};

/// y = 1/(1 + e^−x).
class Sigmoid : public Module {
 public:
  /// Any shape to the same.
  Var forward(const Var& x) override { return sigmoid(x); }
};

/// y = tanh x = 2σ(2x) − 1.
class Tanh : public Module {
 public:
  /// Any shape to the same.
  Var forward(const Var& x) override { return tanh(x); }
};

}  // namespace tapegrad::nn
