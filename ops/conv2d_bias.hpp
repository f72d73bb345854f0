#pragma once

#include <tapegrad/ops/channels.hpp>
#include <tapegrad/ops/convolution.hpp>

namespace tapegrad::ops {

struct Sum;

/// A conv2d of images x (N, C, H, W) and filters w (K, C/groups, FH, FW), plus b[k] of shape (K) in
/// the whole of each filter's output: the value of `conv2d(x, w) + reshape(b, {K, 1, 1})`, whose
/// sum takes no memory of its own.
struct Conv2dBias : Whole<3>, Convolution {
  Conv2dBias() = default;
  Conv2dBias(HeightWidth every, HeightWidth zeros = 0, HeightWidth apart = 1,
             std::int64_t in_groups = 1, Fit rest = Fit::exact)
      : Convolution({every, zeros, apart, rest}, in_groups) {}
  explicit Conv2dBias(const Convolution& form) : Convolution(form) {}

  Shape shape(Shapes x) const {
    const Shape result = output_shape(sizes(x[0], x[1], "conv2d_bias"));
    check_one_per_channel(x[2], channels_of(result, "conv2d_bias"), "bias", "conv2d_bias");
    return result;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::conv2d(sizes(x[0].shape, x[1].shape, "conv2d_bias"), x[0].data, x[1].data, x[2].data,
                    y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    add_gradients(e);
    if (e.needs(2)) e.add(2, Listed<Sum, Executor>{{0, 2, 3}}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Conv2dBias{}, {{2, 3, 5, 4}, {4, 3, 3, 2}, {4}});
    s.add(Conv2dBias{2, 1}, {{1, 2, 5, 5}, {2, 2, 3, 3}, {2}});
    s.add(Conv2dBias{}, {{2, 1, 3, 3}, {2, 1, 2, 2}, {2}});
    s.add(Conv2dBias{1, 1, 1, 2}, {{2, 4, 3, 3}, {6, 2, 3, 3}, {6}});
    s.add(Conv2dBias{}, {{0, 2, 3, 3}, {2, 2, 2, 2}, {2}});
    s.add(Conv2dBias{}, {{2, 0, 3, 3}, {2, 0, 2, 2}, {2}});
  }
};

}  // namespace tapegrad::ops
