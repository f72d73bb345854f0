#include <tapegrad/nn/flatten.hpp>

namespace tapegrad::nn {

Var Flatten::forward(const Var& x) {
  const Shape shape = x.shape();
  if (shape.empty()) throw ShapeError("[Flatten] needs samples along a first axis, got a scalar");
  return reshape(x, {shape[0], Shape(shape.begin() + 1, shape.end()).size()});
}

}  // namespace tapegrad::nn
