#pragma once

#include <vector>

#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/var.hpp>

namespace tapegrad {

/// The gradients of y with respect to each of `xs`, recorded as gates on the same tape, so that
/// they can be differentiated again. y has one element. An x that y does not depend on gets zeros.
/// Leaves and parameters get no gradient from this call. Throws as Var::backward does.
std::vector<Var> grad(const Var& y, const std::vector<Var>& xs, Place place = Place::here());
/// The same for a y of any shape, with the gradient that arrives at it, which has y's shape.
std::vector<Var> grad(const Var& y, const std::vector<Var>& xs, const Var& upstream,
                      Place place = Place::here());

}  // namespace tapegrad
