#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>
#include <tapegrad/ops/sliding.hpp>

namespace tapegrad::ops {

struct MaxUnpool2d;

/// The elements of images x (N, C, H, W) at the positions `index` (N, C, OH, OW), row · W + column
/// of each one's own channel: max_pool2d(x) takes what max_pool2d_index(x) has found. Throws
/// ValueError on an index that is no such position.
struct MaxPool2dTake : Whole<2, 0b01> {
  Shape shape(Shapes x) const {
    image_size(x[0], "max_pool2d_take");
    image_size(x[1], "max_pool2d_take");
    if (x[0][0] != x[1][0] || x[0][1] != x[1][1]) {
      throw ShapeError(
          "[max_pool2d_take] needs an index with the images' samples and channels, got " +
          to_string(x[1]) + " for " + to_string(x[0]));
    }
    return x[1];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const Shape& images = x[0].shape;
    const std::int64_t area = images[2] * images[3];
    kernels::check_indices(x[1].data, y.shape.size(), area, "max_pool2d_take");
    kernels::take_in_planes(images[0] * images[1], area, y.shape[2] * y.shape[3], x[0].data,
                            x[1].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    const Shape images = e.operand(0).shape();
    e.add(0, Listed<MaxUnpool2d, Executor>{{images[2], images[3]}}, e.upstream(), e.operand(1));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(MaxPool2dTake{}, {{2, 3, 4, 6}, {2, 3, 2, 3}}, {{}, {0, 23, true}});
    s.add(MaxPool2dTake{}, {{1, 2, 2, 2}, {1, 2, 3, 1}}, {{}, {0, 3, true}});
  }
};

}  // namespace tapegrad::ops
