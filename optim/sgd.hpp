#pragma once

#include <vector>

#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::optim {

/// How SGD steps. A number stands for options with that learning rate.
struct SGDOptions {
  /// Options with these numbers.
  SGDOptions(double rate, double mu = 0.0) : learning_rate(rate), momentum(mu) {}

  double learning_rate;  ///< lr below.
  double momentum;       ///< μ: the share of its speed that a parameter keeps; often 0.9.
  double weight_decay = 0;  ///< λ: the gradient of the penalty ½·λ·x² is added to that of the loss.
  bool nesterov = false;  ///< Nesterov's form of momentum, for a μ above 0.
};

/// Stochastic gradient descent: with g the gradient plus λ·x,
///
///     plain     x ← x − lr·g
///     momentum  v ← μ·v − lr·g;  x ← x + v
///     Nesterov  v ← μ·v_before − lr·g;  x ← x − μ·v_before + (1 + μ)·v
///
/// For a constant learning rate all three equal PyTorch's SGD, which keeps b = −v/lr, in
/// x ← x − lr·b or x ← x − lr·(g + μ·b). When the rate changes, PyTorch scales the speed at once;
/// here it fades from the old rate to the new. Without momentum nothing is remembered.
class SGD : public GroupedOptimizer<SGDOptions> {
 public:
  /// Throws ValueError for an option below 0 or not finite, Nesterov's form without momentum, no
  /// parameters, or one that comes twice.
  SGD(std::vector<Parameter> parameters, const SGDOptions& options);
  /// The same with the commonest options.
  SGD(std::vector<Parameter> parameters, double learning_rate, double momentum = 0.0)
      : SGD(std::move(parameters), SGDOptions(learning_rate, momentum)) {}
  /// Several groups. Throws as above.
  explicit SGD(const std::vector<Group>& groups);

  /// Sets μ of all groups. Throws ValueError, and changes nothing, below 0, if not finite, or if a
  /// group was made without momentum: it has no speed to keep.
  void set_momentum(double momentum);

 private:
  Plan plan(SGDOptions& options) const override;
  void update(Slot& slot) override;
};

}  // namespace tapegrad::optim
