#pragma once

#include <vector>

#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::optim {

/// How Adagrad steps. A number stands for options with that learning rate.
struct AdagradOptions {
  /// Options with this learning rate; PyTorch's default.
  AdagradOptions(double rate = 0.01) : learning_rate(rate) {}

  double learning_rate;  ///< lr below.
  double eps = 1e-8;     ///< Keeps the first steps finite; 1e-4 to 1e-8 (PyTorch: 1e-10).
  double weight_decay = 0;  ///< λ: the gradient of the penalty ½·λ·x² is added to that of the loss.
};

/// Adagrad: with g the gradient plus λ·x, s ← s + g²; x ← x − lr·g/(√s + eps). Steps only become
/// shorter, the more so in directions that have been steep.
/// Source: Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and
/// Stochastic Optimization", 2011.
class Adagrad : public GroupedOptimizer<AdagradOptions> {
 public:
  /// Throws ValueError for an option below 0 or not finite, no parameters, or one that comes twice.
  explicit Adagrad(std::vector<Parameter> parameters, const AdagradOptions& options = {});
  /// Several groups. Throws as above.
  explicit Adagrad(const std::vector<Group>& groups);

 private:
  Plan plan(AdagradOptions& options) const override;
  void update(Slot& slot) override;
};

}  // namespace tapegrad::optim
