#pragma once

#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>

namespace tapegrad::optim {

/// An average of parameters over the steps of training in which older values count less and less:
/// a ← decay·a + (1 − decay)·x. It often classifies better than the last values do.
///
///     optim::ExponentialMovingAverage average(model.parameters(), 0.999);
///     …  sgd.step(); average.update();
///     average.apply();   // The model has the averages, to be tested or saved,
///     average.restore(); // and its own values again, to be trained further.
///
/// Buffers, such as the running statistics of batch normalisation, are averaged only if they are
/// among the parameters given. It can be moved but not copied: a copy would share its averages
/// unseen.
class ExponentialMovingAverage {
 public:
  /// Begins with the values of now. Throws ValueError unless 0 ≤ decay < 1, for no parameters, or
  /// for one that comes twice.
  explicit ExponentialMovingAverage(std::vector<Parameter> parameters, double decay = 0.999);
  /// Takes over the averages.
  ExponentialMovingAverage(ExponentialMovingAverage&&) = default;
  /// Takes over the averages, giving up its own.
  ExponentialMovingAverage& operator=(ExponentialMovingAverage&&) = default;
  ExponentialMovingAverage(const ExponentialMovingAverage&) = delete;
  ExponentialMovingAverage& operator=(const ExponentialMovingAverage&) = delete;

  /// Takes the values of now into the averages, after an optimizer's step. Throws TapeError between
  /// apply() and restore().
  void update();
  /// Gives the parameters their averages and keeps their values. Throws TapeError if that was done.
  void apply();
  /// Gives the parameters back the values they had. Throws TapeError unless apply() came before.
  void restore();
  /// Whether the parameters have their averages now.
  bool applied() const { return applied_; }

  /// The averages, `0`, `1` and so on in the order of the parameters: handles, not copies. Throws
  /// TapeError between apply() and restore().
  NamedParameters state_dict() const;
  /// Restores such a set. Throws TapeError as state_dict(); ValueError that lists everything that
  /// does not fit, and changes nothing, unless all averages are there once with their shapes, and
  /// nothing else.
  void load_state_dict(const NamedParameters& state);

 private:
  void swap();
  void check_applied(bool needed, const char* what) const;

  std::vector<Parameter> parameters_;
  /// The averages; between apply() and restore() the parameters' own values.
  std::vector<Parameter> averages_;
  double decay_;
  bool applied_ = false;
};

}  // namespace tapegrad::optim
