#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <tapegrad/autograd/var.hpp>
#include <tapegrad/optim/detail/flat_parameters.hpp>

namespace tapegrad::optim {

/// How Newton steps.
struct NewtonOptions {
  double damping = 0;            ///< The least τ that is added to the Hessian's diagonal.
  std::int64_t max_size = 4096;  ///< The most numbers to train: n of them take 16·n² bytes.
};

/// Newton's method for small problems: x ← x − t·(H + τI)⁻¹·g with the exact Hessian H of the loss,
/// by a backward pass through the gradient for each number to train. τ is 0 where H is positive
/// definite and large enough to make it so elsewhere, so that every direction descends, at saddles
/// too; t is 1, halved until the loss sinks. At a point whose gradient is exactly 0 it stays, even
/// if that is a saddle.
///
/// It does not scale: the Hessian of a million parameters takes 3,725 GiB in float32, and a
/// thousand billion operations for each element of a solution. LBFGS, which never writes it out,
/// goes further.
/// Source: Nocedal and Wright, "Numerical Optimization", 2006, algorithms 3.2 and 3.3.
class Newton {
 public:
  /// Records the loss, a single element, with the parameters as they are.
  using Closure = std::function<Var()>;

  /// Throws ValueError for an option out of its range, no parameters, one that comes twice, or more
  /// than max_size numbers to train.
  explicit Newton(std::vector<Parameter> parameters, const NewtonOptions& options = {});

  /// One step. The closure records on a tape in double that is made for it and is called again for
  /// each trial of t:
  ///
  ///     newton.step([&] { return nn::cross_entropy(model(x), labels); });
  ///
  /// Returns the loss before the step. Parameters' gradients are neither read nor changed. If the
  /// loss does not sink however short the step, parameters stay. Throws TapeError if the loss was
  /// recorded on another tape or depends on none of the parameters, ShapeError if it is more than
  /// one element, NonFiniteError if it is not finite to begin with, and whatever the closure
  /// throws: then parameters are as they were.
  double step(const Closure& closure);

 private:
  detail::FlatParameters parameters_;
  NewtonOptions options_;
};

}  // namespace tapegrad::optim
