#pragma once

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// Where dropout makes up for what it drops.
enum class DropoutScaling {
  training,  ///< Inverted dropout, the usual one: y = x·mask/(1 − p) in training, x afterwards.
  evaluation,  ///< Vanilla dropout: y = x·mask in training, x·(1 − p) afterwards.
};

/// In training sets each element to 0 with probability p; see DropoutScaling. p is the probability
/// to *drop*, as PyTorch has it, where papers often name the one to keep. Masks are drawn from
/// default_generator(); a replay or check of the tape draws the same. Source: Srivastava et al.,
/// "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
class Dropout : public Module {
 public:
  /// Throws ValueError unless p is from 0 to below 1.
  explicit Dropout(double p = 0.5, DropoutScaling scaling = DropoutScaling::training);

  /// Any shape to the same.
  Var forward(const Var& x) override;
  /// It is.
  bool is_random() const override { return true; }

 private:
  double p_;
  DropoutScaling scaling_;
};

}  // namespace tapegrad::nn
