#pragma once

#include <limits>

#include <tapegrad/ops/rule.hpp>
#include <tapegrad/ops/winner.hpp>

namespace tapegrad::ops {

/// The position of the largest element along one axis, or of all of x in row-major order if no axis
/// is given; with `keepdims` the axis stays as size 1. At a tie the first; NaN wins over every
/// number. Has no gradient. Throws ValueError where the tape's precision cannot tell all positions
/// apart.
struct Argmax : Whole<1, 0> {
  Axes axes;              ///< One, or none for all of x.
  bool keepdims = false;  ///< Keeps the axis as size 1.

  Argmax() = default;
  Argmax(const Axes& axis, bool keep = false) : axes(axis), keepdims(keep) {}

  Shape shape(Shapes x) const {
    if (axes.rank() > 1) {
      throw ShapeError("[argmax] needs one axis, or none for all of them, got " + to_string(axes));
    }
    const Shape result = reduced_shape(x[0], axes, keepdims, "argmax");
    if (x[0].size() == 0) {
      throw ShapeError("[argmax] needs at least one element to choose from, got shape " +
                       to_string(x[0]));
    }
    return result;
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    const Shape& shape = x[0].shape;
    std::int64_t stride = 1;
    std::int64_t size = shape.size();
    if (!axes.empty()) {
      const int axis = normalize_axis(axes[0], shape.rank(), "argmax");
      stride = contiguous_strides(shape)[axis];
      size = shape[axis];
    }
    if (size > std::int64_t{1} << std::numeric_limits<T>::digits) {
      throw ValueError("[argmax] needs positions that the tape's precision can tell apart, got " +
                       std::to_string(size) + "; use a tape in double precision");
    }
    for_each_winner(x[0].data, shape, axes, [&](std::int64_t out, std::int64_t winner) {
      y.put(out, static_cast<T>(winner / stride % size));
    });
  }

  template <class Executor>
  void backward(Executor&) const {}

  template <class Report>
  void branches(Operands<double> x, Report report) const {
    report_winners(x[0].data, x[0].shape, axes, report);
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Argmax{}, {{2, 3}});
    s.add(Argmax{}, {Shape{}});
    s.add(Argmax{{0}}, {{4, 3}});
    s.add(Argmax{{-1}, true}, {{4, 3}});
    s.add(Argmax{{1}}, {{2, 3, 4}});
  }
};

}  // namespace tapegrad::ops
