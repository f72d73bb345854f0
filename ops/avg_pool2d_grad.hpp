#pragma once

#include <tapegrad/ops/pooling.hpp>

namespace tapegrad::ops {

struct AvgPool2d;

/// The gradient of an avg_pool2d in its images, of their shape: each element of g (N, C, OH, OW)
/// spread evenly over its window.
struct AvgPool2dGrad : Whole<1>, Pooling {
  Shape images{1, 1, 2, 2};  ///< (N, C, H, W).

  AvgPool2dGrad() = default;
  AvgPool2dGrad(const Pooling& form, const Shape& images_) : Pooling(form), images(images_) {}

  Shape shape(Shapes x) const {
    const Shape pooled = pooled_shape(images, sizes(images, "avg_pool2d_grad"));
    if (x[0] != pooled) {
      throw ShapeError("[avg_pool2d_grad] needs the shape of the output, " + to_string(pooled) +
                       ", got " + to_string(x[0]));
    }
    return images;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::avg_pool2d_grad(sizes(images, "avg_pool2d_grad"), x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<AvgPool2d, Executor>{*this}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(AvgPool2dGrad{{}, {2, 3, 4, 6}}, {{2, 3, 2, 3}});
    s.add(AvgPool2dGrad{{3, 2}, {1, 2, 5, 5}}, {{1, 2, 2, 2}});
    s.add(AvgPool2dGrad{{{3, 2}, {2, 1}, 1}, {2, 1, 5, 4}}, {{2, 1, 3, 5}});
  }
};

}  // namespace tapegrad::ops
