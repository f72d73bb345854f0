#pragma once

#include <functional>
#include <utility>

#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/var.hpp>

// Derivatives of functions, as numbers. Each call records the function once, on a tape in double of
// its own; parameters in it are constants and get no gradient. A function under NoGrad, or one that
// does not depend on its argument, has derivatives of zero.

namespace tapegrad {

/// A function of one array, as gates.
using VectorFunction = std::function<Var(const Var&)>;

/// A function's value, and a product with its derivative.
using ValueAndProduct = std::pair<Array<double>, Array<double>>;

/// ∂f_i/∂x_j, of f's shape followed by x's: a backward pass per element of f.
Array<double> jacobian(const VectorFunction& f, const Array<double>& x,
                       Place place = Place::here());

/// ∂²f/∂x_i∂x_j of a function with a single element, of x's shape twice: a backward pass through
/// the gradient per element of x.
Array<double> hessian(const VectorFunction& f, const Array<double>& x, Place place = Place::here());

/// f(x) and vᵀJ, of x's shape, for a v of f's shape: one backward pass.
ValueAndProduct vjp(const VectorFunction& f, const Array<double>& x, const Array<double>& v,
                    Place place = Place::here());

/// f(x) and J·v, of f's shape, for a v of x's shape. vᵀJ is linear in v, and its derivative in v is
/// J: two backward passes, whatever the sizes.
/// Source: Townsend, A New Trick for Calculating Jacobian Vector Products, 2017.
ValueAndProduct jvp(const VectorFunction& f, const Array<double>& x, const Array<double>& v,
                    Place place = Place::here());

/// f(x) and H·v, of x's shape, for a function with a single element: the gradient of ⟨∇f, v⟩, for
/// the price of some gradients and without the Hessian.
/// Source: Pearlmutter, Fast Exact Multiplication by the Hessian, 1994.
ValueAndProduct hvp(const VectorFunction& f, const Array<double>& x, const Array<double>& v,
                    Place place = Place::here());

}  // namespace tapegrad
