#include <tapegrad/nn/dropconnect.hpp>

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/nn/detail/random_mask.hpp>

namespace tapegrad::nn {

DropConnect::DropConnect(std::int64_t in, std::int64_t out, double p, bool bias,
                         DropConnectMask mask)
    : Linear(in, out, bias), p_(p), mask_(mask) {
  detail::check_drop_probability(p, "DropConnect");
}

Var DropConnect::forward(const Var& x) {
  if (!is_training()) return Linear::forward(x);
  Shape shape = weight().shape();
  if (x.shape().rank() != 2 || x.shape()[1] != shape[1]) {
    throw ShapeError("[DropConnect] needs samples (N, " + std::to_string(shape[1]) + "), got " +
                     to_string(x.shape()));
  }
  const bool per_sample = mask_ == DropConnectMask::sample;
  if (per_sample) shape = {x.shape()[0], shape[0], shape[1]};
  const Var kept = weight() * detail::random_mask(x, shape, p_, "DropConnect");
  if (!per_sample && has_bias()) return linear(x, kept, bias());
  const Var product = per_sample ? squeeze(matmul(unsqueeze(x, 1), kept, {false, true}), 1)
                                 : matmul(x, kept, {false, true});
  return has_bias() ? product + bias() : product;
}

}  // namespace tapegrad::nn
