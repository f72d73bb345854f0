#pragma once

#include <limits>
#include <vector>

#include <tapegrad/ops/pooling.hpp>

namespace tapegrad::ops {

/// Where in each window of images x (N, C, H, W) the largest element stands: its position in its
/// own channel, row · W + column. At a tie the first; NaN wins over every number, padding never.
/// Has no gradient: max_pool2d_take and max_unpool2d go where it says. Throws ValueError where the
/// tape's precision cannot tell all positions apart.
struct MaxPool2dIndex : Whole<1, 0>, Pooling {
  using Pooling::Pooling;
  MaxPool2dIndex() = default;
  explicit MaxPool2dIndex(const Pooling& form) : Pooling(form) {}

  Shape shape(Shapes x) const { return pooled_shape(x[0], sizes(x[0], "max_pool2d")); }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const PoolingSizes all = sizes(x[0].shape, "max_pool2d");
    if (all.image.height * all.image.width > std::int64_t{1} << std::numeric_limits<T>::digits) {
      throw ValueError(
          "[max_pool2d] needs positions that the tape's precision can tell apart, got " +
          to_string(x[0].shape) + "; use a tape in double precision");
    }
    kernels::max_pool2d_index(all, x[0].data, y.data, y.accumulate);
  }

  template <class Executor>
  void backward(Executor&) const {}

  /// Calls report(position) per window.
  template <class Report>
  void branches(Operands<double> x, Report report) const {
    const PoolingSizes all = sizes(x[0].shape, "max_pool2d");
    std::vector<double> index(static_cast<std::size_t>(pooled_shape(x[0].shape, all).size()));
    kernels::max_pool2d_index(all, x[0].data, index.data(), false);
    for (const double position : index) report(static_cast<std::int64_t>(position));
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(MaxPool2dIndex{}, {{2, 3, 4, 6}});
    s.add(MaxPool2dIndex{3, 2}, {{1, 2, 5, 5}});
    s.add(MaxPool2dIndex{{3, 2}, {2, 1}, 1}, {{2, 1, 5, 4}});
    s.add(MaxPool2dIndex{2, 2, 0, Fit::floor}, {{1, 1, 5, 3}});
  }
};

}  // namespace tapegrad::ops
