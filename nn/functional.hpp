#pragma once

#include <tapegrad/autograd/functions.hpp>

namespace tapegrad::nn {

/// The mean of all elements. Throws ShapeError if there are none.
Var mean(Operand x);

/// The mean over N samples of −log softmax(scores)[label], for scores (N, K) and N labels, whole
/// numbers from 0 to K − 1. Starts near ln K for small random scores. Throws ShapeError if the
/// sizes differ or N is 0, ValueError on a label that is no class.
Var cross_entropy(Operand scores, Operand labels);

}  // namespace tapegrad::nn
