#include <tapegrad/nn/conv2d.hpp>

#include <string>

#include <tapegrad/nn/init.hpp>

namespace tapegrad::nn {

namespace {

Parameter new_filters(std::int64_t in, std::int64_t out, HeightWidth size, std::int64_t groups) {
  if (in < 1 || out < 1 || size.height < 1 || size.width < 1) {
    throw ValueError(
        "[Conv2d] needs at least one channel, one filter and filters of at least 1, got " +
        std::to_string(in) + " channels and " + std::to_string(out) + " filters of " +
        std::to_string(size.height) + "×" + std::to_string(size.width));
  }
  if (groups < 1 || in % groups != 0 || out % groups != 0) {
    throw ValueError("[Conv2d] needs groups that divide channels and filters, got " +
                     std::to_string(groups) + " groups for " + std::to_string(in) +
                     " channels and " + std::to_string(out) + " filters");
  }
  Parameter filters = Parameter::zeros({out, in / groups, size.height, size.width});
  init::he_normal(filters);
  return filters;
}

}  // namespace

Conv2d::Conv2d(std::int64_t in_channels, std::int64_t out_channels, HeightWidth size,
               const Conv2dOptions& options)
    : options_(options),
      weight_(register_parameter("weight",
                                 new_filters(in_channels, out_channels, size, options.groups))) {
  if (options.bias) bias_ = register_parameter("bias", Parameter::zeros({out_channels}));
}

Var Conv2d::forward(const Var& x) {
  const ops::Convolution form({options_.stride, options_.padding, options_.dilation, options_.fit},
                              options_.groups);
  return bias_.has_value() ? conv2d_bias(x, weight_, *bias_, ops::Conv2dBias(form))
                           : conv2d(x, weight_, ops::Conv2d(form));
}

Window Conv2d::window() const {
  const Shape& filters = weight_.shape();
  return {{filters[2], filters[3]}, options_.stride, options_.dilation};
}

const Parameter& Conv2d::bias() const {
  if (!bias_.has_value()) {
    throw ValueError("[Conv2d] needs a layer made with bias to return one, got one without");
  }
  return *bias_;
}

}  // namespace tapegrad::nn
