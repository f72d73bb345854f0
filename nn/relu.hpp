#pragma once

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// y = max(x, 0), element by element.
class ReLU : public Module {
 public:
  /// Any shape to the same.
  Var forward(const Var& x) override { return relu(x); }
};

}  // namespace tapegrad::nn
