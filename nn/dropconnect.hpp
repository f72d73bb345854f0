#pragma once

#include <tapegrad/nn/linear.hpp>

namespace tapegrad::nn {

/// For whom DropConnect draws a mask.
enum class DropConnectMask {
  batch,   ///< One for all samples of a call: as fast as Linear.
  sample,  ///< One for each sample, as in the paper: N times the memory of the weights.
};

/// A Linear that in training sets each of its weights to 0 with probability p and divides the
/// others by 1 − p, so that evaluation, with all weights, is Linear's. Biases are kept. Masks are
/// drawn from default_generator(); a replay or check of the tape draws the same. Source: Wan et
/// al., "Regularization of Neural Networks using DropConnect", 2013.
class DropConnect : public Linear {
 public:
  /// Throws ValueError if a size is below 1, or unless p is from 0 to below 1.
  DropConnect(std::int64_t in, std::int64_t out, double p = 0.5, bool bias = true,
              DropConnectMask mask = DropConnectMask::batch);

  /// (N, in) to (N, out). Throws ShapeError for another shape.
  Var forward(const Var& x) override;
  /// It is.
  bool is_random() const override { return true; }

 private:
  double p_;
  DropConnectMask mask_;
};

}  // namespace tapegrad::nn
