#pragma once

#include <tapegrad/nn/linear.hpp>

namespace tapegrad::nn {

/// y = max(w₁ᵀx + b₁, w₂ᵀx + b₂, …), the largest of some linear units for each output: ReLU is the
/// one whose second unit is 0. Parameters `pieces.weight` (out·pieces, in), where the pieces of an
/// output follow one another, and `pieces.bias`. Source: Goodfellow et al., "Maxout Networks",
/// 2013.
class Maxout : public Module {
 public:
  /// Throws ValueError if a size is below 1.
  Maxout(std::int64_t in, std::int64_t out, std::int64_t pieces = 2);

  /// (N, in) to (N, out). Throws ShapeError for another shape.
  Var forward(const Var& x) override;

 private:
  std::int64_t out_, count_;
  std::shared_ptr<Linear> pieces_;
};

}  // namespace tapegrad::nn
