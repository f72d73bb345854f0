#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tapegrad/train/evaluation.hpp>

namespace tapegrad::train {

/// What a sanity check found.
enum class Verdict : std::uint8_t {
  pass,     ///< As it should be.
  warning,  ///< Training can go on, but something is odd.
  fail,     ///< Something is wrong.
};

/// One check with the figures that decided it.
struct SanityCheck {
  std::string name;  ///< What was looked at.
  Verdict verdict;   ///< How it came out.
  std::string text;  ///< Figures, and what to do unless it passed.
};

/// What came out of all of them.
struct SanityReport {
  std::vector<SanityCheck> checks;  ///< In the order in which they were made.

  /// True unless one failed.
  bool passed() const;
  /// A line for each: `pass`, `WARN` or `FAIL`, name and figures.
  std::string to_text() const;
};

/// How sanity_checks looks.
struct SanityOptions {
  /// What will be minimised, without penalty; the mean softmax cross-entropy unless it says
  /// otherwise.
  Loss loss = {};
  /// λ·R(W) as training adds it; nn::l2_penalty of the model's weights unless it says otherwise.
  std::function<Var(double lambda)> penalty = {};
  double lambda = 1e-3;  ///< The penalty is looked at with this λ and ten times as much.
  int samples = 20;      ///< How many are to be learned by heart, at least 1.
  int steps = 1000;      ///< Steps that each learning rate gets for them, at least 1.
  /// Of Adam, tried in this order until one succeeds.
  std::vector<double> learning_rates = {0.01, 0.001};
  std::uint64_t seed = 0;  ///< Of the choice of samples.
  /// Of the tapes on which all is computed.
  Precision precision = default_precision();
};

/// Looks at a model before it is trained:
///
/// - *initial loss*: of at most 1,000 samples. Scores that prefer no class cost ln K under softmax
///   cross-entropy, 2.3026 for ten classes, and (K − 1)·Δ under the multi-class SVM, 9; what they
///   cost under the given loss is computed. A loss more than a tenth off is a warning.
/// - *regularisation*: a larger λ raises the loss. Left out for a model without weights.
/// - *overfitting*: without penalty, noise and dropout, a few samples are learned by heart: all are
///   right, and the loss is below 1 % of the first.
///
/// The model comes back exactly as it was, values, gradients, buffers and modes, and so do the
/// random numbers of nn::default_generator(), whatever is thrown; only versions of parameters grow.
/// State that a module keeps elsewhere is its own business. A loss that is no number fails a check;
/// throws ValueError for options out of range or an empty data set, and what the model, the loss or
/// the penalty throws.
///
///     fmt::print("{}", train::sanity_checks(model, dataset).to_text());
SanityReport sanity_checks(nn::Module& model, const data::Dataset& dataset,
                           const SanityOptions& options = {});

}  // namespace tapegrad::train
