#pragma once

#include <tapegrad/ops/convolution.hpp>

namespace tapegrad::ops {

struct Conv2d;
struct Conv2dInputGrad;

/// The gradient of a conv2d in its filters, of their shape, for images x (N, C, H, W) and g
/// (N, K, OH, OW): what all positions and samples send to the one filter that they share.
struct Conv2dWeightGrad : Whole<2>, Convolution {
  Shape filters{1, 1, 1, 1};  ///< (K, C/groups, FH, FW).

  Conv2dWeightGrad() = default;
  Conv2dWeightGrad(const Convolution& form, const Shape& filters_)
      : Convolution(form), filters(filters_) {}

  Shape shape(Shapes x) const {
    sizes(x[0], filters, x[1], "conv2d_weight_grad");
    return filters;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::conv2d_weight_grad(sizes(x[0].shape, filters, "conv2d_weight_grad"), x[0].data,
                                x[1].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    if (e.needs(0)) {
      e.add(0, Listed<Conv2dInputGrad, Executor>{*this, e.operand(0).shape()}, e.operand(1),
            e.upstream());
    }
    if (e.needs(1)) e.add(1, Listed<Conv2d, Executor>{*this}, e.operand(0), e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Conv2dWeightGrad{{}, {2, 1, 2, 2}}, {{1, 1, 3, 3}, {1, 2, 2, 2}});
    s.add(Conv2dWeightGrad{{}, {4, 3, 3, 2}}, {{2, 3, 5, 4}, {2, 4, 3, 3}});
    s.add(Conv2dWeightGrad{{{2, 1, 1}, 1}, {2, 2, 3, 3}}, {{1, 2, 5, 5}, {1, 2, 3, 3}});
    s.add(Conv2dWeightGrad{{{1, 1, 2}, 2}, {2, 2, 3, 3}}, {{2, 4, 4, 4}, {2, 2, 2, 2}});
    s.add(Conv2dWeightGrad{{}, {2, 4, 1, 1}}, {{3, 4, 3, 3}, {3, 2, 3, 3}});
  }
};

}  // namespace tapegrad::ops
