#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tapegrad/train/history.hpp>

namespace tapegrad::train {

/// What can be wrong with training.
enum class Problem : std::uint8_t {
  not_a_number,               ///< The loss was NaN or infinite, and not because it grew.
  regularization_too_strong,  ///< The penalty, not the data, decides where the weights go.
  learning_rate_too_high,     ///< Steps are so long that the loss does not fall.
  symmetry,                   ///< The units of a layer are equal and stay so.
  dead_units,                 ///< ReLUs that no sample reaches.
  saturation,                 ///< Sigmoids or tanhs where they are flat.
  no_gradient,                ///< Parameters that never received a gradient.
  learning_rate_too_low,      ///< Steps are so short that hardly anything changes.
  uninformative_labels,       ///< What was learned tells nothing about samples not trained on.
  overfitting,                ///< Samples not trained on are classified much worse.
  too_little_capacity,        ///< The training set itself is not fitted, and no longer better.
};

/// `learning rate too high` and the like.
std::string to_string(Problem problem);

/// A problem with the figures behind it.
struct Finding {
  Problem problem;      ///< What it is.
  std::string subject;  ///< The layer or parameters it concerns; empty for all.
  std::string text;     ///< Figures, what they mean, and what to do.
};

// NOTE [Thresholds of the diagnosis]
// Each stands between what healthy runs show and what broken ones do, far from both; a run close to
// one of them is not clearly ill. Seen in runs on spirals, Fashion-MNIST and CIFAR-10.

/// Where a figure becomes a finding.
struct DiagnosisThresholds {
  /// Of the first loss: a mean loss of the last epoch's steps above it has risen. Steps that help
  /// do not end above the beginning; the half more allows for small batches.
  double loss_rise = 1.5;
  /// ‖update‖/‖weights‖, the median over the weights. About 1e−3 is usual; a tenth of the weights
  /// at every step leaves nothing of what was learned ten steps ago. While small first weights grow
  /// it may be more, so it counts where it lasts, where the loss rises, and where ReLUs die.
  double high_update_ratio = 0.1;
  /// The update ratios of all steps together: a run that could not move its weights by a tenth of
  /// their size, had all steps pointed the same way, has not gone anywhere.
  double shortest_way = 0.1;
  /// Training accuracy from which a run counts as having learned, whatever else is odd.
  double learned = 0.9;
  /// ‖W − mean row‖/‖W‖: random rows are near 1, and equal ones differ by rounding alone.
  double equal_units = 1e-3;
  /// Share of a layer's ReLUs. A quarter is no rarity; more than half means that the layer has lost
  /// most of its width. Half of the rest is granted to a run that has learned.
  double dead_share = 0.5;
  /// Share of a layer's outputs in the first epoch. Usual initialisation leaves a few percent.
  double saturated_share = 0.5;
  /// ‖weights‖ at the end over that at the start, the largest of all weights: learning makes
  /// weights grow, only a penalty takes most of them away.
  double shrunken_weights = 0.3;
  /// Penalty over data loss at the first step.
  double penalty_share = 3;
  /// Learning rate times the optimizer's weight decay: the share of a weight that it takes at each
  /// step. At 0.01 half of it is gone after 69 steps.
  double decay_per_step = 0.01;
  /// Training accuracy minus validation accuracy, beyond what chance explains.
  double accuracy_gap = 0.1;
  /// How many standard deviations of a share of so many samples count as chance: more happens once
  /// in 44 runs.
  double deviations = 2;
  /// By which share of itself the training loss fell in the last third of the epochs: below, it
  /// stands still.
  double still_falling = 0.03;
};

/// Reads a history: what is wrong, causes before their consequences; nothing if nothing is. Figures
/// that were not recorded are not missed: without a validation set nothing is said of overfitting.
/// A run that an error ended is read up to there; one that went on from a checkpoint is not
/// compared with its beginning, which was not recorded.
std::vector<Finding> diagnose(const History& history, const DiagnosisThresholds& thresholds = {});

/// The findings as lines of text, or one line that says that there are none.
std::string to_text(const std::vector<Finding>& findings);

}  // namespace tapegrad::train
