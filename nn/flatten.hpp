#pragma once

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// All axes after the first as one: (N, C, H, W) to (N, C·H·W), between convolutions and Linear.
class Flatten : public Module {
 public:
  /// Throws ShapeError for a scalar.
  Var forward(const Var& x) override;
};

}  // namespace tapegrad::nn
