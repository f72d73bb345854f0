#include <tapegrad/train/diagnosis.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include <fmt/format.h>

namespace tapegrad::train {

namespace {

/// The middle one of some numbers, the mean of two; nothing of none.
std::optional<double> median(std::vector<double> numbers) {
  if (numbers.empty()) return std::nullopt;
  std::sort(numbers.begin(), numbers.end());
  const std::size_t half = numbers.size() / 2;
  return numbers.size() % 2 == 1 ? numbers[half] : (numbers[half - 1] + numbers[half]) / 2;
}

bool is_weight(const ParameterRecord& parameter) {
  return parameter.shape.rank() >= 2;
}

/// `0.weight, 2.weight`, at most four of them.
std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t most = 4;
  const std::size_t shown = std::min(names.size(), most);
  std::string text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<long>(shown), ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

/// Looks for one problem after the other.
class Diagnosis {
 public:
  Diagnosis(const History& history, const DiagnosisThresholds& thresholds)
      : history_(history), limits_(thresholds) {
    for (const EpochRecord& epoch : history.epochs) {
      if (epoch.complete) last_ = &epoch;
      if (epoch.observed > 0) observed_.push_back(&epoch);
    }
  }

  std::vector<Finding> run() {
    if (history_.steps.empty()) return {};
    // Causes first: what one of them explains is not told again as a problem of its own.
    look_for_strong_regularization();
    if (!findings_.empty()) return findings_;
    look_for_symmetry();
    if (findings_.empty()) look_for_high_rate();
    if (found(Problem::learning_rate_too_high)) return findings_;
    look_for_a_loss_that_is_no_number();
    if (!found(Problem::symmetry)) {
      look_for_dead_units();
      look_for_saturation();
    }
    look_for_parameters_without_gradient();
    if (findings_.empty()) look_for_low_rate();
    if (findings_.empty()) look_for_uninformative_labels();
    const bool is_crippled = found(Problem::symmetry) || found(Problem::saturation) ||
                             found(Problem::uninformative_labels);
    if (findings_.empty() || (has_learned() && !is_crippled)) look_for_overfitting();
    if (findings_.empty()) look_for_little_capacity();
    return findings_;
  }

 private:
  void add(Problem problem, std::string subject, std::string text) {
    findings_.push_back({problem, std::move(subject), std::move(text)});
  }
  bool found(Problem problem) const {
    return std::any_of(findings_.begin(), findings_.end(),
                       [&](const Finding& finding) { return finding.problem == problem; });
  }

  // --- Figures that several problems are read from -------------------------------------------

  /// Whether what was recorded begins with training itself.
  bool saw_start() const { return history_.steps_before == 0; }
  const StepRecord& first_step() const { return history_.steps.front(); }

  /// On the training set in the last whole epoch; 0 before its end.
  double accuracy() const { return last_ == nullptr ? 0 : last_->accuracy; }
  /// The same in the best epoch: what the network can do, wherever noise took it at last.
  double best_accuracy() const {
    double best = 0;
    for (const EpochRecord& epoch : history_.epochs) {
      if (epoch.complete) best = std::max(best, epoch.accuracy);
    }
    return best;
  }
  bool has_learned() const { return best_accuracy() >= limits_.learned; }

  /// The accuracy of always taking the most frequent class.
  double chance() const {
    const auto& sizes = history_.class_sizes;
    if (sizes.empty() || history_.samples == 0) return 1.0 / std::max(1, history_.classes);
    return static_cast<double>(*std::max_element(sizes.begin(), sizes.end())) /
           static_cast<double>(history_.samples);
  }
  /// −Σ p ln p over the shares p of the classes, in nats: ln K for K classes of equal size.
  double entropy() const {
    double sum = 0;
    for (const std::int64_t size : history_.class_sizes) {
      const double share = static_cast<double>(size) / static_cast<double>(history_.samples);
      if (size > 0) sum -= share * std::log(share);
    }
    return sum;
  }
  /// By how much a share of so many samples varies, as many standard deviations as count.
  double noise(double share, std::int64_t samples) const {
    return limits_.deviations *
           std::sqrt(share * (1 - share) / static_cast<double>(std::max<std::int64_t>(samples, 1)));
  }

  /// The median update ratio of the weights in an epoch.
  static std::optional<double> update_ratio(const EpochRecord& epoch) {
    std::vector<double> ratios;
    for (const ParameterRecord& parameter : epoch.parameters) {
      if (is_weight(parameter)) ratios.push_back(parameter.update_ratio);
    }
    return median(ratios);
  }
  /// The largest of all epochs; nothing if none was observed.
  std::optional<double> largest_update_ratio() const {
    std::optional<double> largest;
    for (const EpochRecord* epoch : observed_) {
      const auto ratio = update_ratio(*epoch);
      // A ratio that is no number stays: it is larger than any.
      if (ratio && !(largest && *ratio <= *largest)) largest = ratio;
    }
    return largest;
  }

  /// The mean loss of the last steps, as many as an epoch has, penalty included.
  double loss_at_end() const {
    const auto steps = static_cast<std::size_t>(
        last_ == nullptr ? static_cast<std::int64_t>(history_.steps.size()) : last_->steps);
    const std::size_t count = std::max<std::size_t>(1, std::min(steps, history_.steps.size()));
    double sum = 0;
    for (std::size_t i = history_.steps.size() - count; i < history_.steps.size(); ++i) {
      sum += history_.steps[i].loss;
    }
    return sum / static_cast<double>(count);
  }

  /// The share of dead units from which a layer is told of. What has learned can spare more.
  double dead_limit() const {
    return has_learned() ? (1 + limits_.dead_share) / 2 : limits_.dead_share;
  }
  /// Whether a layer lost its units after the first epoch.
  bool units_died() const {
    if (observed_.empty()) return false;
    const auto &first = observed_.front()->layers, &last = observed_.back()->layers;
    for (std::size_t i = 0; i < std::min(first.size(), last.size()); ++i) {
      const bool was_alive = first[i].dead_share <= limits_.dead_share;
      if (last[i].dead_share > dead_limit() && (was_alive || observed_.size() == 1)) return true;
    }
    return false;
  }

  // --- Problems --------------------------------------------------------------------------------

  void look_for_strong_regularization() {
    if (has_learned()) return;
    const StepRecord& first = first_step();
    const double data_loss = first.loss - first.penalty;
    if (saw_start() && first.penalty > limits_.penalty_share * data_loss) {
      add(Problem::regularization_too_strong, "",
          fmt::format(
              "the first loss of {:.4g} is a penalty of {:.4g} and {:.4g} for the data, and "
              "the training accuracy ends at {:.4f}; divide λ by 10 or more",
              first.loss, first.penalty, data_loss, accuracy()));
      return;
    }
    const double decay = first.learning_rate * history_.weight_decay;
    if (decay >= limits_.decay_per_step) {
      add(Problem::regularization_too_strong, "",
          fmt::format("weight decay {:.3g} at learning rate {:.3g} takes {:.3g} of every weight at "
                      "each step, and the training accuracy ends at {:.4f}; divide the decay by 10 "
                      "or more",
                      history_.weight_decay, first.learning_rate, decay, accuracy()));
      return;
    }
    if (last_ == nullptr || !saw_start()) return;
    double kept = 0;
    for (std::size_t i = 0; i < history_.start.size(); ++i) {
      const double start = history_.start[i].weight_norm;
      if (!is_weight(history_.start[i]) || start == 0 || i >= last_->parameters.size()) continue;
      // max() would lose a number that is none.
      const double now = last_->parameters[i].weight_norm / start;
      if (!(now <= kept)) kept = now;
    }
    const bool has_weights =
        std::any_of(history_.start.begin(), history_.start.end(),
                    [](const ParameterRecord& p) { return is_weight(p) && p.weight_norm > 0; });
    if (has_weights && kept < limits_.shrunken_weights) {
      add(Problem::regularization_too_strong, "",
          fmt::format("no weights keep more than {:.2g} of the norm that they began with, and the "
                      "training accuracy ends at {:.4f}; divide λ or the weight decay by 10",
                      kept, accuracy()));
    }
  }

  void look_for_high_rate() {
    const double first = first_step().loss;
    if (!std::isfinite(first)) return;
    double highest = first;
    for (const EpochRecord& epoch : history_.epochs) highest = std::max(highest, epoch.loss);
    const double end = loss_at_end();
    const auto ratio = largest_update_ratio();
    const bool jumps = ratio && !(*ratio <= limits_.high_update_ratio);
    // Short steps do not make a loss rise: it is noise, or saturated units throw it about.
    const bool moves = !ratio || !(*ratio <= limits_.high_update_ratio / 10);
    const bool rose = saw_start() && end > limits_.loss_rise * first && moves;
    const bool exploded = !std::isfinite(end) && (jumps || highest > limits_.loss_rise * first);
    const auto final_ratio = observed_.empty() ? std::nullopt : update_ratio(*observed_.back());
    const bool still_jumps =
        final_ratio && !(*final_ratio <= limits_.high_update_ratio) && !has_learned();
    const bool killed = jumps && !has_learned() && units_died();
    if (!rose && !exploded && !still_jumps && !killed) return;
    std::string text = std::isfinite(end)
                           ? fmt::format("the loss went from {:.4g} to {:.4g}", first, end)
                           : fmt::format("the loss went from {:.4g} to no number within {} steps",
                                         first, history_.steps.size());
    if (ratio) {
      text += fmt::format(
          ", and a step changed the weights by {:.2g} of their size, where 1e-3 is "
          "usual",
          *ratio);
    }
    add(Problem::learning_rate_too_high, "",
        text + fmt::format("; divide the learning rate of {:.3g} by 10 or more",
                           first_step().learning_rate));
  }

  void look_for_a_loss_that_is_no_number() {
    if (std::isfinite(history_.steps.back().loss)) return;
    add(Problem::not_a_number, "",
        fmt::format("the loss of step {} is no number, without having grown before; look at the "
                    "data and at the gate that the error names: {}",
                    history_.steps.back().step, history_.error));
  }

  void look_for_symmetry() {
    if (observed_.empty() || !saw_start()) return;
    const EpochRecord& end = *observed_.back();
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(history_.start.size(), end.parameters.size()); ++i) {
      const auto start = history_.start[i].unit_spread, now = end.parameters[i].unit_spread;
      if (start && now && *start < limits_.equal_units && *now < limits_.equal_units) {
        names.push_back(end.parameters[i].name);
      }
    }
    if (names.empty()) return;
    add(Problem::symmetry, list_of(names),
        fmt::format("the units of {} began with equal weights and still have them after {} steps: "
                    "they compute the same and get the same gradients; draw first weights at "
                    "random",
                    list_of(names), history_.steps.size()));
  }

  void look_for_dead_units() {
    if (observed_.empty()) return;
    for (const LayerRecord& layer : observed_.back()->layers) {
      if (layer.dead_share <= dead_limit()) continue;
      add(Problem::dead_units, layer.name,
          fmt::format("{:.0f} of the {} units of {} {} answered to no sample of the last epoch's "
                      "{} observed batches, so that nothing reaches their weights; lower the "
                      "learning rate, look at the biases, or use a LeakyReLU",
                      layer.dead_share * static_cast<double>(layer.units), layer.units, layer.kind,
                      layer.name, observed_.back()->observed));
    }
  }

  void look_for_saturation() {
    if (observed_.empty()) return;
    const EpochRecord* const epochs[] = {observed_.front(), observed_.back()};
    for (std::size_t i = 0; i < observed_.front()->layers.size(); ++i) {
      for (const EpochRecord* epoch : epochs) {
        // Late saturation is how a classifier becomes sure; it harms one that has not learned.
        const bool is_late = epoch != epochs[0] || !saw_start();
        if (i >= epoch->layers.size() || (is_late && has_learned())) continue;
        const LayerRecord& layer = epoch->layers[i];
        if (layer.saturated_share <= limits_.saturated_share) continue;
        add(Problem::saturation, layer.name,
            fmt::format(
                "{:.0f} % of the outputs of {} {} in epoch {} lie where it is flat and lets "
                "less than 4 % of its best gradient through; begin with smaller weights, "
                "normalise the inputs, or use ReLUs",
                100 * layer.saturated_share, layer.kind, layer.name, epoch->epoch + 1));
        break;
      }
    }
  }

  void look_for_parameters_without_gradient() {
    if (observed_.empty()) return;
    std::vector<std::string> unused, silent;
    for (std::size_t i = 0; i < observed_.front()->parameters.size(); ++i) {
      bool reached = false, received = false;
      for (const EpochRecord* epoch : observed_) {
        reached = reached || epoch->parameters[i].reached;
        received = received || epoch->parameters[i].received_gradient;
      }
      if (!received) (reached ? silent : unused).push_back(observed_.front()->parameters[i].name);
    }
    if (!unused.empty()) {
      add(Problem::no_gradient, list_of(unused),
          fmt::format("no backward pass reached {}: the loss does not depend on them; use them in "
                      "forward, or take a detach or NoGrad out of the way",
                      list_of(unused)));
    }
    if (!silent.empty()) {
      add(Problem::no_gradient, list_of(silent),
          fmt::format("the gradient of {} was exactly 0 in every step observed: something between "
                      "them and the loss lets none through, such as dead units, weights that are "
                      "all 0, or a factor of 0",
                      list_of(silent)));
    }
  }

  void look_for_low_rate() {
    if (observed_.empty() || has_learned() || !saw_start()) return;
    double way = 0;
    for (const EpochRecord* epoch : observed_) {
      const auto ratio = update_ratio(*epoch);
      if (!ratio) return;
      way += *ratio * static_cast<double>(epoch->steps);
    }
    if (!(way < limits_.shortest_way)) return;
    add(Problem::learning_rate_too_low, "",
        fmt::format("{} steps of at most {:.2g} of the weights' size, where 1e-3 is usual, take "
                    "them {:.2g} of their size far even if all point the same way, and the loss "
                    "went from {:.4g} to {:.4g}; multiply the learning rate of {:.3g} by 10 or "
                    "more",
                    history_.steps.size(), *largest_update_ratio(), way, first_step().loss,
                    loss_at_end(), first_step().learning_rate));
  }

  void look_for_uninformative_labels() {
    if (last_ == nullptr) return;
    const double guess = chance();
    if (last_->validation_accuracy) {
      // The mean of the last third of the epochs: single ones go up and down.
      std::vector<double> accuracies;
      for (const EpochRecord& epoch : history_.epochs) {
        if (epoch.validation_accuracy) accuracies.push_back(*epoch.validation_accuracy);
      }
      const std::size_t count = (accuracies.size() + 2) / 3;
      const double mean = std::accumulate(accuracies.end() - static_cast<std::ptrdiff_t>(count),
                                          accuracies.end(), 0.0) /
                          static_cast<double>(count);
      if (mean > guess + noise(guess, history_.validation_samples)) return;
      add(Problem::uninformative_labels, "",
          fmt::format("the validation accuracy is {:.4f} in the last third of the epochs, where "
                      "always taking the most frequent class gives {:.4f}, and the training "
                      "accuracy is {:.4f}: what is learned tells nothing about other samples; look "
                      "whether labels belong to their samples",
                      mean, guess, last_->accuracy));
      return;
    }
    // Without a validation set a model that fits some of the noise is told by its loss: that of
    // scores which know the classes' shares and nothing else.
    const double beyond = last_->accuracy - guess, usual = noise(guess, history_.samples);
    const double loss = last_->loss - last_->penalty, ignorance = entropy();
    const bool knows_nothing = std::abs(loss - ignorance) < 0.05 * ignorance;
    if (beyond > 2 * usual || (beyond > usual && !knows_nothing)) return;
    add(Problem::uninformative_labels, "",
        fmt::format("the training accuracy ends at {:.4f}, where always taking the most frequent "
                    "class gives {:.4f}, although the weights move: look whether labels belong to "
                    "their samples, and whether the inputs tell them apart",
                    last_->accuracy, guess));
  }

  void look_for_overfitting() {
    if (last_ == nullptr || !last_->validation_accuracy) return;
    const double train = last_->accuracy, validation = *last_->validation_accuracy;
    const double gap = train - validation;
    if (gap <= limits_.accuracy_gap + noise(validation, history_.validation_samples)) return;
    std::string text = fmt::format(
        "the accuracy is {:.4f} on the training set and {:.4f} on the "
        "validation set",
        train, validation);
    const EpochRecord* best = nullptr;
    for (const EpochRecord& epoch : history_.epochs) {
      const bool better = epoch.validation_loss &&
                          (best == nullptr || *epoch.validation_loss < *best->validation_loss);
      if (better) best = &epoch;
    }
    if (best != nullptr && best != last_) {
      text +=
          fmt::format(", whose loss was lowest, {:.4g}, in epoch {} and is {:.4g} now",
                      *best->validation_loss, best->epoch + 1, last_->validation_loss.value_or(0));
    }
    add(Problem::overfitting, "",
        text + "; use more data or augmentation, a larger λ, dropout, or stop earlier");
  }

  void look_for_little_capacity() {
    if (last_ == nullptr || has_learned() || history_.epochs.size() < 3) return;
    std::vector<double> losses;
    for (const EpochRecord& epoch : history_.epochs) {
      if (epoch.complete) losses.push_back(epoch.loss);
    }
    // The lowest of the last third of the epochs against that of all before: single epochs go up
    // and down.
    const auto last_third = losses.end() - static_cast<std::ptrdiff_t>(losses.size() / 3);
    if (last_third == losses.end()) return;
    const double before = *std::min_element(losses.begin(), last_third);
    const double end = *std::min_element(last_third, losses.end());
    if (!(end > (1 - limits_.still_falling) * before)) return;
    add(Problem::too_little_capacity, "",
        fmt::format("the training accuracy was {:.4f} at best{} and the training loss stands "
                    "still, at best {:.4g} in the last third of the epochs after {:.4g} before; "
                    "use more units or layers, or better features",
                    best_accuracy(),
                    last_->validation_accuracy
                        ? fmt::format(", that on the validation set ends at {:.4f},",
                                      *last_->validation_accuracy)
                        : "",
                    end, before));
  }

  const History& history_;
  const DiagnosisThresholds& limits_;
  const EpochRecord* last_ = nullptr;         ///< The last whole epoch, or null.
  std::vector<const EpochRecord*> observed_;  ///< Epochs of which steps were looked at closely.
  std::vector<Finding> findings_;
};

}  // namespace

std::string to_string(Problem problem) {
  switch (problem) {
    case Problem::not_a_number:
      return "loss is no number";
    case Problem::regularization_too_strong:
      return "regularisation too strong";
    case Problem::learning_rate_too_high:
      return "learning rate too high";
    case Problem::symmetry:
      return "symmetry";
    case Problem::dead_units:
      return "dead units";
    case Problem::saturation:
      return "saturation";
    case Problem::no_gradient:
      return "no gradient";
    case Problem::learning_rate_too_low:
      return "learning rate too low";
    case Problem::uninformative_labels:
      return "uninformative labels";
    case Problem::overfitting:
      return "overfitting";
    case Problem::too_little_capacity:
      return "too little capacity";
  }
  return "unknown";
}

std::vector<Finding> diagnose(const History& history, const DiagnosisThresholds& thresholds) {
  return Diagnosis(history, thresholds).run();
}

std::string to_text(const std::vector<Finding>& findings) {
  if (findings.empty()) return "diagnosis: nothing stands out\n";
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("diagnosis: {}: {}\n", to_string(finding.problem), finding.text);
  }
  return text;
}

}  // namespace tapegrad::train
