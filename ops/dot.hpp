#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

struct Mul;

/// The scalar product of two vectors, y = Σ aᵢ·bᵢ, gathered in double. ∂y/∂a = b, ∂y/∂b = a.
struct Dot : Whole<2> {
  Shape shape(Shapes x) const {
    if (x[0].rank() != 1 || x[0] != x[1]) {
      throw ShapeError("[dot] needs two vectors of one length, got " + to_string(x[0]) + " and " +
                       to_string(x[1]) + "; matmul multiplies matrices");
    }
    return {};
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    y.put(0, kernels::dot(x[0].data, x[1].data, x[0].shape[0]));
  }

  template <class Executor>
  void backward(Executor& e) const {
    e.add(0, Listed<Mul, Executor>{}, e.operand(1), e.upstream());
    e.add(1, Listed<Mul, Executor>{}, e.operand(0), e.upstream());
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(Dot{}, {{3}, {3}});
    s.add(Dot{}, {{1}, {1}});
    s.add(Dot{}, {{43}, {43}});
    s.add(Dot{}, {{0}, {0}});
  }
};

}  // namespace tapegrad::ops
