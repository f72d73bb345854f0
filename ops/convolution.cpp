#include <tapegrad/ops/convolution.hpp>

#include <string>

namespace tapegrad::ops {

namespace {

[[noreturn]] void fail(const char* gate, const std::string& what) {
  throw ShapeError(std::string("[") + gate + "] needs " + what);
}

}  // namespace

ConvolutionSizes Convolution::sizes(const Shape& x, const Shape& w, const char* gate) const {
  const HeightWidth image = image_size(x, gate);
  if (w.rank() != 4) {
    fail(gate, "filters (K, C, FH, FW): number, channels, height and width, got " + to_string(w));
  }
  if (groups < 1 || x[1] % groups != 0 || w[0] % groups != 0) {
    fail(gate, "channels and filters in groups of equal size, got " + std::to_string(x[1]) +
                   " channels and " + std::to_string(w[0]) + " filters in " +
                   std::to_string(groups) + " groups");
  }
  if (x[1] / groups != w[1]) {
    fail(gate, "filters for the " + std::to_string(x[1] / groups) + " channels of " +
                   (groups == 1 ? "the images" : "a group") + ", got images " + to_string(x) +
                   " and filters " + to_string(w) + " for " + std::to_string(w[1]));
  }
  const HeightWidth window{w[2], w[3]};
  return {x[0],   groups,  w[1],    w[0] / groups, image, window, positions(image, window, gate),
          stride, padding, dilation};
}

ConvolutionSizes Convolution::sizes(const Shape& x, const Shape& w, const Shape& g,
                                    const char* gate) const {
  const ConvolutionSizes all = sizes(x, w, gate);
  const Shape output = output_shape(all);
  if (g != output) {
    fail(gate, "the shape of the output, " + to_string(output) + ", got " + to_string(g));
  }
  return all;
}

Shape output_shape(const ConvolutionSizes& sizes) {
  return {sizes.batch, sizes.groups * sizes.out_channels, sizes.output.height, sizes.output.width};
}

}  // namespace tapegrad::ops
