#pragma once

#include <tapegrad/autograd/gradcheck.hpp>

namespace tapegrad {

/// Checks second derivatives: the gradients of a scalar output, recorded as gates, are summed up
/// with random weights, and the gradient of that sum is checked as gradcheck does. The user's tape,
/// parameters and gradients are not touched. Throws as gradcheck.
GradcheckReport gradgradcheck(const Var& output, const GradcheckOptions& options = {},
                              Place place = Place::here());
/// The same for a function, recorded anew at every point.
GradcheckReport gradgradcheck(const ScalarFunction& function,
                              const std::vector<Array<double>>& inputs,
                              const GradcheckOptions& options = {}, Place place = Place::here());

}  // namespace tapegrad
