#pragma once

namespace tapegrad::optim {

/// What a rule that changes parameters by their gradients has in common.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// Changes every parameter that has a gradient. Throws TapeError if none has one.
  virtual void step() = 0;
  /// Forgets the gradients of all parameters.
  virtual void zero_grad() = 0;
  /// How far a step goes along the gradient.
  virtual double learning_rate() const = 0;
  /// Throws ValueError below 0 or if not finite.
  virtual void set_learning_rate(double rate) = 0;
};

}  // namespace tapegrad::optim
