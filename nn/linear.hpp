#pragma once

#include <optional>

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// y = x·Wᵀ + b for x (N, in), W (out, in), b (out), as in PyTorch. W starts with He's
/// initialisation, b at zero. Parameters `weight` and, unless it was declined, `bias`.
class Linear : public Module {
 public:
  /// Throws ValueError if a size is below 1.
  Linear(std::int64_t in, std::int64_t out, bool bias = true);

  /// (N, in) to (N, out). Throws ShapeError for another shape.
  Var forward(const Var& x) override;

  /// W, shape (out, in).
  const Parameter& weight() const { return weight_; }
  /// b, shape (out). Throws ValueError if the layer has none.
  const Parameter& bias() const;
  /// False if the bias was declined.
  bool has_bias() const { return bias_.has_value(); }

 private:
  Parameter weight_;
  std::optional<Parameter> bias_;
};

}  // namespace tapegrad::nn
