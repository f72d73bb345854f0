#include <tapegrad/nn/dropout.hpp>

#include <tapegrad/nn/detail/random_mask.hpp>

namespace tapegrad::nn {

Dropout::Dropout(double p, DropoutScaling scaling) : p_(p), scaling_(scaling) {
  detail::check_drop_probability(p, "Dropout");
}

Var Dropout::forward(const Var& x) {
  const bool is_inverted = scaling_ == DropoutScaling::training;
  if (!is_training()) return is_inverted ? x : x * (1 - p_);
  const Var mask = detail::random_mask(x, x.shape(), p_, "Dropout");
  // The gate's masks are those of inverted dropout.
  return is_inverted ? x * mask : where(mask, x, 0);
}

}  // namespace tapegrad::nn
