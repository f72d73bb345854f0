#pragma once

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// In training adds normal numbers of mean 0 and the given standard deviation, in evaluation
/// nothing. The noise is drawn from default_generator() and enters the tape as data: a replay or
/// check of the tape keeps it.
class GaussianNoise : public Module {
 public:
  /// Throws ValueError unless the deviation is a finite number from 0 on.
  explicit GaussianNoise(double deviation);

  /// Any shape to the same.
  Var forward(const Var& x) override;
  /// It is.
  bool is_random() const override { return true; }

 private:
  double deviation_;
};

}  // namespace tapegrad::nn
