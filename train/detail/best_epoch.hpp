#pragma once

#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/nn/module.hpp>
#include <tapegrad/train/fit.hpp>

namespace tapegrad::detail {

/// The epoch that was best on the validation set, and its weights if they will be wanted.
class BestEpoch {
 public:
  /// Both must live as long.
  BestEpoch(const train::EarlyStopping& options, const nn::Module& model)
      : options_(options), model_(model) {}

  /// Takes notice of an epoch; true if training ends with it.
  bool is_enough(const train::Evaluation& validation, int epoch);

  /// Its number; −1 if there is none.
  int epoch() const { return epoch_; }

  /// Puts its weights back, if they were kept.
  void restore() const;

  /// What it remembers: `quality`, `epoch` and `waited`, and the weights it keeps as
  /// `weights.NAME`.
  NamedParameters state_dict() const;
  /// Restores such a set. Throws ValueError and changes nothing, unless all is there.
  void load_state_dict(const NamedParameters& state);

 private:
  const train::EarlyStopping& options_;
  const nn::Module& model_;
  double quality_ = 0;
  int epoch_ = -1;
  int waited_ = 0;
  NamedParameters kept_;
};

}  // namespace tapegrad::detail
