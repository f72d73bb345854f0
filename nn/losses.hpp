#pragma once

#include <vector>

#include <tapegrad/autograd/operand.hpp>

// Losses, composed of gates: no derivative is written here. All throw ShapeError where shapes do
// not fit or the mean is one of nothing.
//
//   loss                              of each          mean over
//   cross_entropy                     sample           samples
//   multiclass_hinge_loss             sample           samples
//   hinge_loss                        sample           samples
//   binary_cross_entropy_with_logits  element          elements
//   mse_loss, l1_loss                 element          elements
//   squared_error, absolute_error     sample           samples

namespace tapegrad::nn {

/// What becomes of the losses of a batch.
enum class Reduction {
  mean,  ///< One number: their mean.
  sum,   ///< One number: their sum.
  none,  ///< All of them.
};

/// The mean over N samples of −log softmax(scores)[label], for scores (N, K) and N labels, whole
/// numbers from 0 to K − 1. Starts near ln K for small random scores. Throws ShapeError if the
/// sizes differ or N is 0, ValueError on a label that is no class.
Var cross_entropy(Operand scores, Operand labels);

/// What cross_entropy may do besides; the defaults are the plain loss.
struct CrossEntropyOptions {
  /// ε, from 0 to 1: the label is believed with 1 − ε, and ε is spread over all K classes.
  double label_smoothing = 0;
  /// One per class, finite and at least 0; empty for none.
  std::vector<double> class_weights = {};
  Reduction reduction = Reduction::mean;  ///< Over samples.
};

/// The same with options that mean what PyTorch's mean: a sample with label y costs
/// −(1 − ε)·w[y]·log p[y] − ε/K·Σ w[j]·log p[j] with p = softmax(scores), and the mean is weighted,
/// divided by Σ w[y] over the samples. Throws ValueError besides for options out of range, and for
/// a weighted mean of samples whose weights are all 0.
Var cross_entropy(Operand scores, Operand labels, const CrossEntropyOptions& options);

/// How hinge losses count.
struct HingeOptions {
  double margin = 1;     ///< Δ ≥ 0, the distance that costs nothing.
  bool squared = false;  ///< max(0, ·)² in place of max(0, ·): the L2-SVM.
  /// One per class (attribute), finite and at least 0; empty for none.
  std::vector<double> class_weights = {};
  Reduction reduction = Reduction::mean;  ///< Over samples.
};

/// The multi-class SVM of Weston and Watkins: Σ max(0, s[j] − s[y] + Δ) over the classes j ≠ y, for
/// scores (N, K) and N labels y, whole numbers from 0 to K − 1; class_weights multiply a sample's
/// loss by w[y]. The gradient of a score j ≠ y is 1 where its margin is violated, that of the true
/// one minus the number of violated margins. Starts near (K − 1)·Δ for small random scores. It is K
/// times PyTorch's multi_margin_loss, which divides each sample's sum by K. Throws ValueError on a
/// label that is no class and on options out of range.
Var multiclass_hinge_loss(Operand scores, Operand labels, const HingeOptions& options = {});

/// Binary SVMs side by side, one per attribute: Σ max(0, Δ − y[j]·f[j]) over a sample's outputs f,
/// for outputs (N) or (N, K) and targets y of the same shape, each 1 or −1; class_weights, one for
/// each of the K attributes, multiply its terms. Throws ValueError for other targets and for
/// options out of range.
Var hinge_loss(Operand outputs, Operand targets, const HingeOptions& options = {});

/// How binary_cross_entropy_with_logits counts.
struct BinaryCrossEntropyOptions {
  /// PyTorch's pos_weight: multiplies y·log σ(f), one per attribute (last axis), finite and at
  /// least 0; empty for none. Above 1 it makes up for positives that are rare.
  std::vector<double> positive_weights = {};
  Reduction reduction = Reduction::mean;  ///< Over elements.
};

/// Independent logistic losses, −y·log σ(f) − (1 − y)·log(1 − σ(f)) for each element of logits f of
/// any shape and targets y of the same shape, probabilities from 0 to 1; by default the mean over
/// all elements, as PyTorch's. The gradient is σ(f) − y. Computed from logits, so that it is exact
/// for those of any size. Throws ValueError for targets or weights out of range.
Var binary_cross_entropy_with_logits(Operand logits, Operand targets,
                                     const BinaryCrossEntropyOptions& options = {});

/// PyTorch's mse_loss: (f − y)² of each element, by default the mean over all elements: of K
/// outputs per sample, squared_error / K. Outputs f and targets y have one shape.
Var mse_loss(Operand outputs, Operand targets, Reduction reduction = Reduction::mean);

/// PyTorch's l1_loss: |f − y| of each element, by default the mean over all elements: of K outputs
/// per sample, absolute_error / K. Outputs f and targets y have one shape.
Var l1_loss(Operand outputs, Operand targets, Reduction reduction = Reduction::mean);

/// The L2 loss ‖f − y‖² of each sample, *summed* over its outputs, by default averaged over the
/// samples, which the first axis counts: the gradient of a sample's outputs is 2(f − y), however
/// many there are. mse_loss averages over the outputs too.
Var squared_error(Operand outputs, Operand targets, Reduction reduction = Reduction::mean);

/// The L1 loss Σ|f − y| of each sample, *summed* over its outputs, by default averaged over the
/// samples, which the first axis counts: the gradient of an output is the sign of f − y, 0 where
/// they are equal. l1_loss averages over the outputs too.
Var absolute_error(Operand outputs, Operand targets, Reduction reduction = Reduction::mean);

}  // namespace tapegrad::nn
