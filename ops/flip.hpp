#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// The elements in reverse order along the given axes (all by default).
struct Flip : Whole<1> {
  Axes axes;  ///< Negative ones count from the end; none means all.

  Flip() = default;
  Flip(const Axes& along) : axes(along) {}
  Flip(std::initializer_list<Shape::Entry> along) : axes(along) {}

  Shape shape(Shapes x) const {
    chosen_axes(axes, x[0].rank(), "flip");
    return x[0];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    if (y.shape.size() == 0) return;
    const auto chosen = chosen_axes(axes, y.shape.rank(), "flip");
    const Strides own = contiguous_strides(y.shape);
    Strides backward = own;
    const T* from = x[0].data;
    for (int axis = 0; axis < y.shape.rank(); ++axis) {
      if (!chosen[static_cast<std::size_t>(axis)]) continue;
      from += (y.shape[axis] - 1) * own[axis];
      backward[axis] = -own[axis];
    }
    kernels::strided_copy(y.shape, from, backward, y.data, own, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Flip{axes}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Flip{}, {{5}});
    s.add(Flip{}, {Shape{}});
    s.add(Flip{0}, {{2, 3}});
    s.add(Flip{-1}, {{2, 3}});
    s.add(Flip{{0, 2}}, {{2, 3, 2}});
    s.add(Flip{}, {{2, 3, 1, 2, 2}});
    s.add(Flip{0}, {{0, 3}});
  }
};

}  // namespace tapegrad::ops
