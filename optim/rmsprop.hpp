#pragma once

#include <vector>

#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::optim {

/// How RMSprop steps. A number stands for options with that learning rate.
struct RMSpropOptions {
  /// Options with this learning rate; PyTorch's default.
  RMSpropOptions(double rate = 0.01) : learning_rate(rate) {}

  double learning_rate;  ///< lr below.
  double alpha = 0.99;   ///< α: the share of the average that stays; 0.9, 0.99 or 0.999.
  double eps = 1e-8;     ///< Keeps steps finite where gradients are tiny.
  double weight_decay = 0;  ///< λ: the gradient of the penalty ½·λ·x² is added to that of the loss.
};

/// RMSprop: with g the gradient plus λ·x, s ← α·s + (1 − α)·g²; x ← x − lr·g/(√s + eps). Adagrad
/// that forgets.
/// Source: Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6.5, 2012.
class RMSprop : public GroupedOptimizer<RMSpropOptions> {
 public:
  /// Throws ValueError for an option below 0 or not finite, an α of 1 or more, no parameters, or
  /// one that comes twice.
  explicit RMSprop(std::vector<Parameter> parameters, const RMSpropOptions& options = {});
  /// Several groups. Throws as above.
  explicit RMSprop(const std::vector<Group>& groups);

 private:
  Plan plan(RMSpropOptions& options) const override;
  void update(Slot& slot) override;
};

}  // namespace tapegrad::optim
