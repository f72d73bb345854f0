#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>
#include <tapegrad/ops/sliding.hpp>

namespace tapegrad::ops {

struct MaxPool2dTake;

/// Images (N, C, H, W) of zeros with the elements of x (N, C, OH, OW) at the positions `index`, of
/// x's shape, row · W + column of each one's own channel: the gradient of a max pool. What falls
/// on one place is added up (PyTorch's keeps one of them). Throws ValueError on an index that is no
/// such position.
struct MaxUnpool2d : Whole<2, 0b01> {
  HeightWidth image{1};  ///< H and W.

  MaxUnpool2d() = default;
  explicit MaxUnpool2d(HeightWidth size) : image(size) {}

  Shape shape(Shapes x) const {
    image_size(x[0], "max_unpool2d");
    if (x[0] != x[1]) {
      throw ShapeError("[max_unpool2d] needs a position for each element, got " + to_string(x[1]) +
                       " for " + to_string(x[0]));
    }
    return {x[0][0], x[0][1], image.height, image.width};
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const Shape& pooled = x[0].shape;
    const std::int64_t area = image.height * image.width;
    kernels::check_indices(x[1].data, pooled.size(), area, "max_unpool2d");
    kernels::add_in_planes(pooled[0] * pooled[1], pooled[2] * pooled[3], area, x[0].data, x[1].data,
                           y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<MaxPool2dTake, Executor>{}, e.upstream(), e.operand(1));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(MaxUnpool2d{{4, 6}}, {{2, 3, 2, 3}, {2, 3, 2, 3}}, {{}, {0, 23, true}});
    s.add(MaxUnpool2d{2}, {{1, 2, 3, 1}, {1, 2, 3, 1}}, {{}, {0, 3, true}});
  }
};

}  // namespace tapegrad::ops
