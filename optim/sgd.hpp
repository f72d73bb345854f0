#pragma once

#include <vector>

#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::optim {

/// Stochastic gradient descent with momentum: v ← μ·v − lr·g; x ← x + v. Without momentum,
/// x ← x − lr·g. For a constant learning rate this equals PyTorch's SGD, which keeps v/(−lr).
class SGD : public Optimizer {
 public:
  /// Throws ValueError for a learning rate or momentum below 0 or not finite, no parameters, or one
  /// that comes twice.
  SGD(std::vector<Parameter> parameters, double learning_rate, double momentum = 0.0);

  /// One step of the rule above. A parameter without gradient stays, as does its velocity.
  void step() override;
  void zero_grad() override;
  double learning_rate() const override { return learning_rate_; }
  /// Throws as the constructor.
  void set_learning_rate(double rate) override;

 private:
  std::vector<Parameter> parameters_;
  /// v per parameter; empty without momentum.
  std::vector<Parameter> velocities_;
  double learning_rate_;
  double momentum_;
};

}  // namespace tapegrad::optim
