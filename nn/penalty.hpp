#pragma once

#include <tapegrad/nn/weights.hpp>

// Penalties on large weights, to be added to the mean data loss; each part can be read by itself:
//
//     const NamedParameters decayed = nn::weights(model);  // Once, or any choice of parameters.
//     …
//     Var data_loss = nn::cross_entropy(model(x), labels);
//     Var penalty = nn::l2_penalty(decayed, 5e-4);
//     Var loss = data_loss + penalty;
//
// They are recorded on this thread's innermost tape. All throw ValueError if there is no parameter
// to penalise or a factor is negative or not finite. Given a module, each means its weights() and
// lists them at every call.

namespace tapegrad::nn {

/// ½·λ·Σ w², with gradient λ·w: what optimisers call weight decay λ.
Var l2_penalty(const NamedParameters& parameters, double lambda, Place place = Place::here());
/// The same for a module's weights.
Var l2_penalty(const Module& module, double lambda, Place place = Place::here());

/// λ·Σ |w|, with gradient λ·sign(w), 0 where w = 0: drives weights to exactly 0.
Var l1_penalty(const NamedParameters& parameters, double lambda, Place place = Place::here());
/// The same for a module's weights.
Var l1_penalty(const Module& module, double lambda, Place place = Place::here());

/// λ₁·Σ |w| + λ₂·Σ w², the elastic net, with gradient λ₁·sign(w) + 2·λ₂·w; unlike l2_penalty
/// without the factor ½. Source: Zou and Hastie, "Regularization and Variable Selection via the
/// Elastic Net", 2005.
Var elastic_penalty(const NamedParameters& parameters, double lambda1, double lambda2,
                    Place place = Place::here());
/// The same for a module's weights.
Var elastic_penalty(const Module& module, double lambda1, double lambda2,
                    Place place = Place::here());

}  // namespace tapegrad::nn
