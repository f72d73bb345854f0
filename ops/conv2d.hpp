#pragma once

#include <tapegrad/ops/convolution.hpp>

namespace tapegrad::ops {

/// Filters w (K, C/groups, FH, FW) slide over images x (N, C, H, W) that stand between zeros:
/// y[n, k, i, j] = Σ x[n, c, i·S + a·D − P, j·S + b·D − P] · w[k, c, a, b] over c, a and b, with
/// stride S, padding P and dilation D, 1 being dense. Channels and filters are split into `groups`,
/// each of which sees its own channels alone. A size that does not fit is an error, or is rounded
/// down with Fit::floor. Filters with a bias are conv2d_bias.
struct Conv2d : Whole<2>, Convolution {
  Conv2d() = default;
  Conv2d(HeightWidth every, HeightWidth zeros = 0, HeightWidth apart = 1,
         std::int64_t in_groups = 1, Fit rest = Fit::exact)
      : Convolution({every, zeros, apart, rest}, in_groups) {}
  explicit Conv2d(const Convolution& form) : Convolution(form) {}

  Shape shape(Shapes x) const { return output_shape(sizes(x[0], x[1], "conv2d")); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::conv2d<T>(sizes(x[0].shape, x[1].shape, "conv2d"), x[0].data, x[1].data, nullptr,
                       y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    add_gradients(e);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Conv2d{}, {{2, 3, 5, 4}, {4, 3, 3, 2}});
    s.add(Conv2d{1, 1}, {{2, 2, 4, 4}, {3, 2, 3, 3}});
    s.add(Conv2d{2, 1}, {{1, 2, 5, 5}, {2, 2, 3, 3}});
    s.add(Conv2d{{2, 1}, {0, 2}, {1, 2}}, {{2, 1, 5, 5}, {2, 1, 3, 3}});
    s.add(Conv2d{1, 1, 1, 2}, {{2, 4, 3, 3}, {6, 2, 3, 3}});
    s.add(Conv2d{1, 0, 1, 3}, {{1, 3, 4, 3}, {3, 1, 2, 2}});
    s.add(Conv2d{2, 0, 1, 1, Fit::floor}, {{1, 1, 6, 5}, {2, 1, 3, 3}});
    s.add(Conv2d{}, {{3, 4, 3, 3}, {2, 4, 1, 1}});
    s.add(Conv2d{}, {{0, 2, 3, 3}, {2, 2, 2, 2}});
    s.add(Conv2d{}, {{2, 0, 3, 3}, {2, 0, 2, 2}});
  }
};

}  // namespace tapegrad::ops
