#include <tapegrad/nn/linear.hpp>

#include <tapegrad/nn/init.hpp>

namespace tapegrad::nn {

namespace {

Parameter new_weight(std::int64_t in, std::int64_t out) {
  if (in < 1 || out < 1) {
    throw ValueError("[Linear] needs at least one input and one output, got in " +
                     std::to_string(in) + " and out " + std::to_string(out));
  }
  Parameter weight = Parameter::zeros({out, in});
  init::he_normal(weight);
  return weight;
}

}  // namespace

Linear::Linear(std::int64_t in, std::int64_t out, bool bias)
    : weight_(register_parameter("weight", new_weight(in, out))) {
  if (bias) bias_ = register_parameter("bias", Parameter::zeros({out}));
}

Var Linear::forward(const Var& x) {
  const Shape& shape = x.shape();
  const std::int64_t in = weight_.shape()[1];
  if (shape.rank() < 2) {
    throw ShapeError("[Linear] needs samples (N, " + std::to_string(in) + "), got " +
                     to_string(shape) + "; give one sample that axis with unsqueeze(x, 0)");
  }
  if (shape.back() != in) {
    throw ShapeError("[Linear] needs inputs with " + std::to_string(in) + " features, got " +
                     to_string(shape) +
                     (shape.rank() > 2 ? "; put a Flatten before it, or give it other features"
                                       : "; make it for " + std::to_string(shape.back())));
  }
  return bias_.has_value() ? linear(x, weight_, *bias_) : matmul(x, weight_, {false, true});
}

const Parameter& Linear::bias() const {
  if (!bias_.has_value()) {
    throw ValueError("[Linear] needs a layer made with bias to return one, got one without");
  }
  return *bias_;
}

}  // namespace tapegrad::nn
