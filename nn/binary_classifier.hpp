#pragma once

#include <vector>

#include <tapegrad/nn/losses.hpp>
#include <tapegrad/nn/weights.hpp>

/// \file
/// Classifiers of two classes from one neuron f = w·x + b, `Linear(D, 1)`. The logistic one is
/// trained by `binary_cross_entropy_with_logits(f, y)` with y of 0 or 1 and believes in class 1
/// with σ(f); the SVM by binary_svm_loss, or `hinge_loss(f, y)` with a penalty, with y = −1 or 1.
/// Each is its multi-class form with K = 2 classes and f = s₁ − s₀.

namespace tapegrad::nn {

/// The binary SVM as it is often written: the mean over the samples of C·max(0, Δ − y·f), plus
/// R(W) = ½·Σ w² over `weights`. It is C times `hinge_loss(f, y)` with `l2_penalty(weights, 1/C)`
/// added: C is what 1/λ is there. Throws ValueError unless C is finite and above 0, and what
/// hinge_loss and l2_penalty throw.
Var binary_svm_loss(Operand outputs, Operand targets, double c, const NamedParameters& weights,
                    const HingeOptions& options = {});

/// Class 1 where its probability σ(f) is above `threshold`, class 0 elsewhere, for outputs f of any
/// shape: at 0.5, where f > 0, for the SVM as well. A higher threshold asks for more certainty.
/// Throws ValueError unless the threshold is from 0 to 1.
std::vector<int> binary_decisions(const Var& outputs, double threshold = 0.5);

}  // namespace tapegrad::nn
