#include <tapegrad/nn/prelu.hpp>

#include <string>

#include <tapegrad/nn/detail/beside.hpp>
#include <tapegrad/nn/init.hpp>

namespace tapegrad::nn {

namespace {

Parameter new_slopes(std::int64_t slopes, double initial) {
  if (slopes < 1) {
    throw ValueError("[PReLU] needs at least one slope, got " + std::to_string(slopes));
  }
  Parameter weight = Parameter::zeros({slopes});
  init::constant(weight, initial);
  return weight;
}

}  // namespace

PReLU::PReLU(std::int64_t slopes, double initial)
    : weight_(register_parameter("weight", new_slopes(slopes, initial))) {}

Var PReLU::forward(const Var& x) {
  const Shape shape = x.shape();
  const std::int64_t slopes = weight_.size();
  if (slopes == 1) return where(x > 0, x, weight_ * x);
  if (shape.rank() < 2 || shape[1] != slopes) {
    throw ShapeError("[PReLU] needs " + std::to_string(slopes) +
                     " units or channels along axis 1, one per slope, got " + to_string(shape));
  }
  Shape along_axis_1{slopes};
  for (int axis = 2; axis < shape.rank(); ++axis) along_axis_1.push_back(1);
  return where(x > 0, x, reshape(detail::parameter_beside(x, weight_), along_axis_1) * x);
}

}  // namespace tapegrad::nn
