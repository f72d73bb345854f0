#pragma once

#include <tapegrad/nn/weights.hpp>

namespace tapegrad::nn {

/// Shortens each neuron's weight vector w to ‖w‖₂ ≤ c where it is longer: the rows of a Linear's
/// weight, the filters of a convolution's, in general what lies under one index of the first axis.
/// To be called after an optimiser's step; 3 and 4 are usual. Throws ValueError unless c is
/// positive and finite or for a parameter of fewer than two axes, NonFiniteError if a weight is NaN
/// or infinite, before any parameter has changed. One whose vectors are all short enough does not
/// count as changed. Source: Srivastava et al., "Dropout: A Simple
/// Way to Prevent Neural Networks from Overfitting", 2014, section 5.1.
void max_norm(const NamedParameters& parameters, double c);

/// The same for a module's weights().
void max_norm(const Module& module, double c);

}  // namespace tapegrad::nn
