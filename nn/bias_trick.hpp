#pragma once

#include <tapegrad/nn/linear.hpp>

namespace tapegrad::nn {

/// [x 1]: x with a 1 behind the last entry of its last axis, (N, D) to (N, D + 1). Weights with one
/// more column then hold the bias: W·x + b = [W b]·[x 1]. Throws ShapeError for a scalar.
Var append_one(Operand x);

/// The layer [W b] without bias that does to append_one(x) what `layer` does to x; one without
/// bias gets b = 0. Its weights are a copy, of the default precision.
Linear bias_trick(const Linear& layer);

}  // namespace tapegrad::nn
