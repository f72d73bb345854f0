#pragma once

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// The mean output of so many sub-networks, each drawn at random as in training: dropout at test
/// time by sampling, where evaluation takes all units and scales. Modules that draw nothing, such
/// as batch norm, behave as in evaluation; each module is put back into its mode. Throws
/// ValueError for fewer than one. Source: Srivastava et al., "Dropout: A Simple Way to Prevent
/// Neural Networks from Overfitting", 2014, section 7.5.
///
///     const NoGrad no_grad;
///     Var scores = nn::mean_of_subnetworks(model, x, 50);
Var mean_of_subnetworks(Module& model, const Var& x, int samples);

}  // namespace tapegrad::nn
