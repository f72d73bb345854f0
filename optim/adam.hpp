#pragma once

#include <vector>

#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::optim {

/// How Adam steps; PyTorch's defaults. A number stands for options with that learning rate.
struct AdamOptions {
  /// Options with this learning rate.
  AdamOptions(double rate = 1e-3) : learning_rate(rate) {}

  double learning_rate;     ///< lr below.
  double beta1 = 0.9;       ///< β₁: the share of the average gradient that stays.
  double beta2 = 0.999;     ///< β₂: the share of the average square that stays.
  double eps = 1e-8;        ///< Keeps steps finite where gradients are tiny.
  double weight_decay = 0;  ///< λ; see Adam and AdamW for what it does.
  /// Whether averages are corrected for having begun at zero; without it the first steps are
  /// several times as long.
  bool bias_correction = true;
};

/// Adam: with g the gradient plus λ·x, in its t-th step
///
///     m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²
///     x ← x − lr·m̂/(√v̂ + eps),  m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)
///
/// or with m and v themselves in the simple form without bias correction. t counts the steps that a
/// parameter had a gradient in, as in PyTorch.
/// Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.
class Adam : public GroupedOptimizer<AdamOptions> {
 public:
  /// Throws ValueError for an option below 0 or not finite, a β of 1 or more, no parameters, or
  /// one that comes twice.
  explicit Adam(std::vector<Parameter> parameters, const AdamOptions& options = {});
  /// Several groups. Throws as above.
  explicit Adam(const std::vector<Group>& groups);

 private:
  Plan plan(AdamOptions& options) const override;
  void update(Slot& slot) override;
};

/// Those of Adam, with PyTorch's weight decay for AdamW.
struct AdamWOptions : AdamOptions {
  /// Options with this learning rate and a weight decay of 0.01.
  AdamWOptions(double rate = 1e-3) : AdamOptions(rate) { weight_decay = 0.01; }
};

/// Adam with decoupled weight decay: x ← (1 − lr·λ)·x, then Adam's step along the gradient of the
/// loss alone. Where Adam divides the decay by √v̂ too, all weights shrink alike here.
/// Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.
class AdamW : public GroupedOptimizer<AdamWOptions> {
 public:
  /// Throws as Adam's.
  explicit AdamW(std::vector<Parameter> parameters, const AdamWOptions& options = {});
  /// Several groups. Throws as above.
  explicit AdamW(const std::vector<Group>& groups);

 private:
  Plan plan(AdamWOptions& options) const override;
  void update(Slot& slot) override;
};

}  // namespace tapegrad::optim
