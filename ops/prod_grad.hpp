#pragma once

#include <array>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// For x and any number of directions u, v, …, all of one shape: the gradient in x of the mixed
/// derivative of prod(x) along the directions. prod_grad(x)_k = Π_{j≠k} x_j is the gradient of
/// prod; prod_grad(x, u)_k = Σ_{i≠k} u_i Π_{j≠i,k} x_j that of Σ u · prod_grad(x); and so on: a
/// product's derivatives of every order (up to the ninth) are this one gate.
struct ProdGrad : Whole<variadic> {
  Axes axes;  ///< Those of the product; none means all.

  /// How many directions there may be.
  static constexpr int most_directions = 8;
  ProdGrad() = default;
  ProdGrad(const Axes& over) : axes(over) {}

  Shape shape(Shapes x) const {
    if (x.count < 1 || x.count > 1 + most_directions) {
      throw ShapeError("[prod_grad] needs x and at most " + std::to_string(most_directions) +
                       " directions, got " + std::to_string(x.count) + " operands");
    }
    chosen_axes(axes, x[0].rank(), "prod_grad");
    for (int k = 1; k < x.count; ++k) {
      if (x[k] != x[0]) {
        throw ShapeError("[prod_grad] needs operands of one shape, got " + to_string(x[0]) +
                         " and, as operand " + std::to_string(k) + ", " + to_string(x[k]));
      }
    }
    return x[0];
  }

  template <class T>
  void forward(Out<T> y, Operands<T> x) const {
    std::array<const T*, 1 + most_directions> data;
    for (int k = 0; k < x.count; ++k) data[static_cast<std::size_t>(k)] = x[k].data;
    kernels::prod_grad(y.shape, axes, data.data(), x.count - 1, y.data, y.accumulate);
  }

  /// The mixed derivative is linear in each direction and alike in all: in place of the operand
  /// whose gradient is asked for, the upstream gradient is a direction.
  template <class Executor>
  void backward(Executor& e) const {
    const int count = e.operand_count();
    for (int k = 0; k < count; ++k) {
      std::array<decltype(e.upstream()), 2 + most_directions> values;
      int used = 0;
      values[static_cast<std::size_t>(used++)] = e.operand(0);
      for (int other = 1; other < count; ++other) {
        if (other != k) values[static_cast<std::size_t>(used++)] = e.operand(other);
      }
      values[static_cast<std::size_t>(used++)] = e.upstream();
      e.add_list(k, *this, values.data(), used);
    }
  }

  template <class Sampler>
  static void samples(Sampler& s) {
    s.add(ProdGrad{}, {{2, 3}});
    s.add(ProdGrad{}, {Shape{}});
    s.add(ProdGrad{}, {Shape{}, Shape{}});
    s.add(ProdGrad{{0}}, {{4, 3}, {4, 3}});
    s.add(ProdGrad{{-1}}, {{2, 4}, {2, 4}, {2, 4}});
    s.add(ProdGrad{{0, 2}}, {{2, 3, 2}, {2, 3, 2}}, {{0, 1, true}, {}});
    s.add(ProdGrad{{0}}, {{0, 3}});
  }
};

}  // namespace tapegrad::ops
