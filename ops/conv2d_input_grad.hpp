#pragma once

#include <tapegrad/ops/convolution.hpp>

namespace tapegrad::ops {

struct Conv2d;
struct Conv2dWeightGrad;

/// The gradient of a conv2d in its images, of their shape, for g (N, K, OH, OW) and filters w
/// (K, C/groups, FH, FW): each element of g spreads its filter over the window that it came from.
/// That is a convolution with transposed filters, "transposed convolution" elsewhere.
struct Conv2dInputGrad : Whole<2>, Convolution {
  Shape images{1, 1, 1, 1};  ///< (N, C, H, W).

  Conv2dInputGrad() = default;
  Conv2dInputGrad(const Convolution& form, const Shape& images_)
      : Convolution(form), images(images_) {}

  Shape shape(Shapes x) const {
    sizes(images, x[1], x[0], "conv2d_input_grad");
    return images;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::conv2d_input_grad(sizes(images, x[1].shape, "conv2d_input_grad"), x[0].data, x[1].data,
                               y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    if (e.needs(0)) e.add(0, Listed<Conv2d, Executor>{*this}, e.upstream(), e.operand(1));
    if (e.needs(1)) {
      e.add(1, Listed<Conv2dWeightGrad, Executor>{*this, e.operand(1).shape()}, e.upstream(),
            e.operand(0));
    }
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Conv2dInputGrad{{}, {2, 3, 5, 4}}, {{2, 4, 3, 3}, {4, 3, 3, 2}});
    s.add(Conv2dInputGrad{{{2, 1, 1}, 1}, {1, 2, 5, 5}}, {{1, 2, 3, 3}, {2, 2, 3, 3}});
    s.add(Conv2dInputGrad{{{1, 1, 2}, 2}, {2, 4, 4, 4}}, {{2, 2, 2, 2}, {2, 2, 3, 3}});
    s.add(Conv2dInputGrad{{}, {3, 4, 3, 3}}, {{3, 2, 3, 3}, {2, 4, 1, 1}});
  }
};

}  // namespace tapegrad::ops
