#pragma once

#include <cstdint>
#include <optional>

#include <tapegrad/autograd/named_parameters.hpp>

namespace tapegrad::detail {

/// Where training stands: how far it is in the data, and the sums behind train::Progress.
struct Position {
  int epoch = 0;                                   ///< Counted from 0.
  std::int64_t step = 0;                           ///< Steps done in this epoch.
  std::int64_t seen = 0;                           ///< Samples seen in this epoch.
  std::int64_t correct = 0;                        ///< How many of them were classified right.
  std::int64_t step_bytes = 0;                     ///< Memory of the largest step so far.
  bool stopped = false;                            ///< Whether early stopping has ended training.
  double loss_sum = 0;                             ///< Over the samples seen in this epoch.
  double penalty_sum = 0;                          ///< The same.
  std::optional<double> validation_loss = {};      ///< After the last step of the epoch.
  std::optional<double> validation_accuracy = {};  ///< The same.

  /// The beginning of the next epoch.
  Position next_epoch() const;

  /// All members.
  NamedParameters state_dict() const;
  /// Restores such a set. Throws ValueError that lists everything that does not fit, and changes
  /// nothing.
  void load_state_dict(const NamedParameters& state);
};

}  // namespace tapegrad::detail
