#include <tapegrad/nn/locally_connected2d.hpp>

#include <string>

#include <tapegrad/autograd/composed.hpp>
#include <tapegrad/nn/detail/beside.hpp>
#include <tapegrad/nn/init.hpp>

namespace tapegrad::nn {

namespace {

/// Where windows fit, once all sizes are known to make sense.
HeightWidth checked_positions(std::int64_t in, std::int64_t out, HeightWidth image,
                              HeightWidth size, const LocallyConnected2dOptions& options) {
  if (in < 1 || out < 1) {
    throw ValueError(
        "[LocallyConnected2d] needs at least one channel and one output channel, got " +
        std::to_string(in) + " and " + std::to_string(out));
  }
  const ops::Sliding sliding{options.stride, options.padding, options.dilation, options.fit};
  const HeightWidth positions = sliding.positions(image, size, "LocallyConnected2d");
  const Shape padded{in, image.height + 2 * options.padding.height,
                     image.width + 2 * options.padding.width};
  // Positions in an image are operands of a gate, and a float holds no larger ones exactly.
  constexpr std::int64_t largest = 1 << 24;
  if (checked_size(padded, "LocallyConnected2d") > largest) {
    throw ValueError(
        "[LocallyConnected2d] needs images of at most 2^24 numbers, padding included, "
        "got " +
        to_string(padded));
  }
  return positions;
}

Parameter new_filters(std::int64_t in, std::int64_t out, HeightWidth positions, HeightWidth size) {
  Parameter filters =
      Parameter::zeros({positions.height * positions.width * out, in, size.height, size.width});
  init::he_normal(filters);
  return filters;
}

}  // namespace

LocallyConnected2d::LocallyConnected2d(std::int64_t in_channels, std::int64_t out_channels,
                                       HeightWidth image, HeightWidth size,
                                       const LocallyConnected2dOptions& options)
    : options_(options),
      out_channels_(out_channels),
      image_{in_channels, image.height, image.width},
      positions_(checked_positions(in_channels, out_channels, image, size, options)),
      weight_(
          register_parameter("weight", new_filters(in_channels, out_channels, positions_, size))) {
  if (options.bias) bias_ = register_parameter("bias", Parameter::zeros({weight_.shape()[0]}));

  const std::int64_t height = image.height + 2 * options.padding.height;
  const std::int64_t width = image.width + 2 * options.padding.width;
  const std::int64_t count = positions_.height * positions_.width;
  elements_.reserve(static_cast<std::size_t>(count * in_channels * size.height * size.width));
  for (std::int64_t position = 0; position < count; ++position) {
    const std::int64_t top = position / positions_.width * options.stride.height;
    const std::int64_t left = position % positions_.width * options.stride.width;
    for (std::int64_t channel = 0; channel < in_channels; ++channel) {
      for (std::int64_t i = 0; i < size.height; ++i) {
        const std::int64_t row = channel * height + top + i * options.dilation.height;
        for (std::int64_t j = 0; j < size.width; ++j) {
          elements_.push_back(
              static_cast<std::int32_t>(row * width + left + j * options.dilation.width));
        }
      }
    }
  }
}

Var LocallyConnected2d::forward(const Var& x) {
  const Shape shape = x.shape();
  if (shape.rank() != 4 || Shape(shape.begin() + 1, shape.end()) != image_) {
    throw ShapeError("[LocallyConnected2d] needs images (N, " + std::to_string(image_[0]) + ", " +
                     std::to_string(image_[1]) + ", " + std::to_string(image_[2]) +
                     "), whose positions have weights of their own, got " + to_string(shape));
  }
  const HeightWidth padding = options_.padding;
  const Var padded =
      padding == HeightWidth(0)
          ? x
          : pad(x,
                {{0, 0}, {0, 0}, {padding.height, padding.height}, {padding.width, padding.width}});
  // Samples last: what an index names is then a row of neighbours in memory.
  const std::int64_t samples = shape[0];
  const std::int64_t count = positions_.height * positions_.width;
  const std::int64_t inputs = weight_.size() / weight_.shape()[0];
  const std::int64_t numbers =
      image_[0] * (image_[1] + 2 * padding.height) * (image_[2] + 2 * padding.width);
  const Var pixels = transpose(reshape(padded, {samples, numbers}));
  const Var windows = reshape(index_select(pixels, elements_), {count, inputs, samples});
  const Var products = matmul(
      reshape(detail::parameter_beside(x, weight_), {count, out_channels_, inputs}), windows);
  Var y = products;
  if (bias_.has_value()) {
    y = products + reshape(detail::parameter_beside(x, *bias_), {count, out_channels_, 1});
  }
  return reshape(transpose(y), {samples, out_channels_, positions_.height, positions_.width});
}

Window LocallyConnected2d::window() const {
  const Shape& filters = weight_.shape();
  return {{filters[2], filters[3]}, options_.stride, options_.dilation};
}

const Parameter& LocallyConnected2d::bias() const {
  if (!bias_.has_value()) {
    throw ValueError(
        "[LocallyConnected2d] needs a layer made with bias to return one, got one without");
  }
  return *bias_;
}

}  // namespace tapegrad::nn
