#pragma once

#include <cstdint>
#include <functional>

#include <tapegrad/nn/losses.hpp>

namespace tapegrad::nn {

/// A structure that competes with the true one of a sample.
struct Rival {
  /// How often it has each part: an array of the shape of one sample's scores.
  Array<double> parts;
  /// Δ, how much worse than the truth it is, finite and at least 0.
  double cost;
};

/// Finds the best wrong structure ŷ of a sample, the one with the largest Δ(y, ŷ) + Σ ŷ·s, from the
/// number of the sample in its batch and its scores s. It may return the truth itself where there
/// is no other.
using LossAugmentedSearch = std::function<Rival(std::int64_t sample, const Array<double>& scores)>;

/// The structured SVM: max(0, max over ŷ (Δ(y, ŷ) + F(ŷ)) − F(y)) of each sample, by default the
/// mean over N samples.
///
/// A structure is made of parts, each with a score, and F(y) = Σ y·s is the sum of the scores of
/// its parts. `scores` (N, …) come from a network, one for each part that a structure may have;
/// `truths` of the same shape count how often the true structures y have them. In a chain of T
/// labels out of K, for instance, there are T·K parts "label k at position t", and K·K parts "k
/// behind j" that a structure has several times. The true and the best wrong structure are two
/// points y and ŷ; the gradient of the scores is ŷ − y where the margin is violated, else 0. A
/// class is the simplest structure, a 1 among zeros, and the loss max(0, max over j ≠ y (s[j] + Δ)
/// − s[y]), the multi-class SVM of Crammer and Singer:
///
///     nn::structured_hinge_loss(scores, one_hot, [&](std::int64_t n, const Array<double>& s) {
///       nn::Rival rival{Array<double>(s.shape(), 0.0), 1};
///       rival.parts(best_but(s, labels[n])) = 1;
///       return rival;
///     });
///
/// A replay keeps the structures that were found. Throws ShapeError if shapes differ or scores have
/// fewer than two axes, ValueError for a rival of another shape or with a cost out of range; what
/// the search throws goes through. In each case nothing has been recorded. Source: Tsochantaridis
/// et al., "Large Margin Methods for Structured and Interdependent Output Variables", 2005.
Var structured_hinge_loss(const Var& scores, Operand truths, const LossAugmentedSearch& search,
                          Reduction reduction = Reduction::mean, Place place = Place::here());

}  // namespace tapegrad::nn
