#pragma once

#include <cstdint>

#include <tapegrad/optim/optimizer.hpp>

namespace tapegrad::optim {

/// When ReduceLROnPlateau acts; PyTorch's defaults but for the factor.
struct PlateauOptions {
  double factor = 0.5;  ///< What rates are multiplied with, below 1; PyTorch's default is 0.1.
  std::int64_t patience = 10;  ///< How many epochs in a row without progress are borne.
  double threshold = 1e-4;     ///< Progress is to be better than the best by this share of it.
  std::int64_t cooldown = 0;   ///< Epochs after a reduction that are not judged.
  double min_lr = 0;           ///< No rate is reduced below this.
  bool maximize = false;  ///< Whether the metric should rise (accuracy) rather than sink (loss).
};

/// Reduces the learning rates of all groups when a metric of the validation set has stopped to
/// improve. The optimizer must stay where it is as long as this lives.
class ReduceLROnPlateau {
 public:
  /// Throws ValueError for an option out of its range.
  explicit ReduceLROnPlateau(Optimizer& optimizer, const PlateauOptions& options = {});

  /// Judges the metric of an epoch; true if rates were reduced. Throws ValueError, and changes
  /// nothing, for a metric that is NaN or infinite.
  bool step(double metric);

  /// How it stands: `best`, `epochs`, `bad_epochs` and `cooldown_left`. Rates are the optimizer's.
  NamedParameters state_dict() const;
  /// Restores such a set. Throws ValueError that lists everything that does not fit, and changes
  /// nothing.
  void load_state_dict(const NamedParameters& state);

 private:
  bool is_better(double metric) const;
  std::vector<detail::Number> numbers() const;

  Optimizer* optimizer_;
  PlateauOptions options_;
  double best_ = 0;  ///< Of no meaning before the first epoch.
  std::int64_t epochs_ = 0;
  std::int64_t bad_epochs_ = 0;
  std::int64_t cooldown_left_ = 0;
};

}  // namespace tapegrad::optim
