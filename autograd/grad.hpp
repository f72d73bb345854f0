#pragma once

#include <vector>

#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/var.hpp>

namespace tapegrad {

/// The gradients of y with respect to each of `xs`, recorded as gates on the same tape, so that
/// they can be differentiated again. `upstream` is the gradient that arrives at y and must have its
/// shape; by default 1 for a y of one element. An x that y does not depend on gets zeros. Leaves
/// and parameters get no gradient from this call. Throws as Var::backward does.
std::vector<Var> grad(const Var& y, const std::vector<Var>& xs, Place place = Place::here());
std::vector<Var> grad(const Var& y, const std::vector<Var>& xs, const Var& upstream,
                      Place place = Place::here());

}  // namespace tapegrad
