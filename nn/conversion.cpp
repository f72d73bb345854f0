#include <tapegrad/nn/conversion.hpp>

#include <string>
#include <vector>

namespace tapegrad::nn {

namespace {

/// Numbers of one shape as the value of a parameter of another.
void set_numbers(Parameter target, const Array<double>& numbers) {
  target.set_value(ArrayRef(numbers.data(), target.shape()));
}

}  // namespace

Conv2d to_conv2d(const Linear& dense, const Shape& image) {
  const Shape& weight = dense.weight().shape();
  if (image.rank() != 3 || checked_size(image, "to_conv2d") != weight[1]) {
    throw ShapeError(
        "[to_conv2d] needs an image (C, H, W) of as many numbers as the layer has "
        "inputs, " +
        std::to_string(weight[1]) + ", got " + to_string(image));
  }
  Conv2dOptions options;
  options.bias = dense.has_bias();
  Conv2d conv(image[0], weight[0], {image[1], image[2]}, options);
  set_numbers(conv.weight(), dense.weight().value());
  if (dense.has_bias()) set_numbers(conv.bias(), dense.bias().value());
  return conv;
}

Linear to_linear(const Conv2d& conv, HeightWidth image) {
  const Conv2dOptions& options = conv.options();
  const Shape& filters = conv.weight().shape();
  const std::int64_t channels = filters[1] * options.groups;
  const ops::Convolution form({options.stride, options.padding, options.dilation, options.fit},
                              options.groups);
  const ops::ConvolutionSizes sizes =
      form.sizes({1, channels, image.height, image.width}, filters, "to_linear");
  const HeightWidth output = sizes.output;
  const Shape outputs{filters[0], output.height, output.width};
  const Shape inputs{channels, image.height, image.width};
  Linear dense(checked_size(inputs, "to_linear"), checked_size(outputs, "to_linear"), options.bias);

  const Array<double> taps = conv.weight().value();
  const Array<double> biases = options.bias ? conv.bias().value() : Array<double>();
  std::vector<double> rows(static_cast<std::size_t>(dense.weight().size()));
  std::vector<double> bias;
  std::size_t row = 0;  // Of the output (k, i, j), where it begins.
  for (std::int64_t k = 0; k < filters[0]; ++k) {
    const std::int64_t first_channel = k / sizes.out_channels * sizes.in_channels;
    for (std::int64_t position = 0; position < output.height * output.width; ++position) {
      const std::int64_t top =
          position / output.width * options.stride.height - options.padding.height;
      const std::int64_t left =
          position % output.width * options.stride.width - options.padding.width;
      const double* tap = taps.data() + k * (taps.size() / filters[0]);
      for (std::int64_t c = 0; c < filters[1]; ++c) {
        for (std::int64_t p = 0; p < filters[2]; ++p) {
          for (std::int64_t q = 0; q < filters[3]; ++q, ++tap) {
            const std::int64_t y = top + p * options.dilation.height;
            const std::int64_t x = left + q * options.dilation.width;
            if (y < 0 || x < 0 || y >= image.height || x >= image.width) continue;
            const std::int64_t pixel = ((first_channel + c) * image.height + y) * image.width + x;
            rows[row + static_cast<std::size_t>(pixel)] = *tap;
          }
        }
      }
      row += static_cast<std::size_t>(inputs.size());
      if (options.bias) bias.push_back(biases.data()[k]);
    }
  }
  Parameter(dense.weight()).set_value(ArrayRef(rows.data(), dense.weight().shape()));
  if (options.bias) Parameter(dense.bias()).set_value(bias);
  return dense;
}

}  // namespace tapegrad::nn
