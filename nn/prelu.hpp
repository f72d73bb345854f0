#pragma once

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// y = x for x > 0, else a·x with slopes a that are learned: one for all, or one per unit or
/// channel (axis 1), as in PyTorch. Parameter `weight`. Source: He et al., "Delving Deep into
/// Rectifiers", 2015.
class PReLU : public Module {
 public:
  /// `slopes`: 1, or the number of units or channels. Throws ValueError below 1.
  explicit PReLU(std::int64_t slopes = 1, double initial = 0.25);

  /// (N, C, …) to the same. Throws ShapeError if there are several slopes and C is another number.
  Var forward(const Var& x) override;

  /// a, shape (slopes).
  const Parameter& weight() const { return weight_; }

 private:
  Parameter weight_;
};

}  // namespace tapegrad::nn
