#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// The same elements in row-major order under another shape; one size may be −1 and is inferred.
/// Shares its operand's memory and changes with it.
struct Reshape : Whole<1> {
  Shape to;  ///< The shape of the output, one size of it perhaps −1.

  Reshape() = default;
  Reshape(const Shape& target) : to(target) {}
  Reshape(std::initializer_list<Shape::Entry> target) : to(target) {}

  Shape shape(Shapes x) const {
    Shape result = to;
    int inferred = -1;
    for (int axis = 0; axis < to.rank(); ++axis) {
      if (to[axis] == -1 && inferred < 0) {
        inferred = axis;
        result[axis] = 1;
      } else if (to[axis] < 0) {
        throw ShapeError("[reshape] needs sizes of 0 or more and at most one -1, got " +
                         to_string(to));
      }
    }
    const std::int64_t known = checked_size(result, "reshape");
    if (inferred >= 0) result[inferred] = known == 0 ? 0 : x[0].size() / known;
    if (result.size() != x[0].size() || (inferred >= 0 && known == 0)) {
      throw ShapeError("[reshape] needs as many elements as before, got " + to_string(x[0]) + " (" +
                       std::to_string(x[0].size()) + " elements) to " + to_string(to));
    }
    return result;
  }

  std::int64_t view_offset(const Shape&) const { return 0; }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    kernels::strided_copy({y.shape.size()}, x[0].data, {1}, y.data, {1}, y.accumulate);
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Reshape{e.operand(0).shape()}, e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Reshape{6}, {{2, 3}});
    s.add(Reshape{{3, -1}}, {{2, 3}});
    s.add(Reshape{Shape{}}, {{1, 1}});
    s.add(Reshape{{0, 4}}, {{2, 0}});
    s.add(Reshape{{1, 2, 1, 3, 1}}, {{6}});
  }
};

}  // namespace tapegrad::ops
