#pragma once

#include <cstdint>
#include <vector>

#include <tapegrad/autograd/named_parameters.hpp>
#include <tapegrad/optim/optimizer.hpp>
#include <tapegrad/optim/schedule.hpp>
#include <tapegrad/optim/sgd.hpp>

namespace tapegrad::optim {

/// Sets a number of an optimizer to what a Schedule says, step by step.
class Scheduler {
 public:
  virtual ~Scheduler() = default;

  /// Goes on by one: after each optimizer step, or after each epoch, whatever the schedule counts.
  /// Throws what setting the number throws, and stays where it is.
  void step();
  /// How many steps were made.
  std::int64_t t() const { return t_; }

  /// What it depends on: `t`, and of an LRScheduler `initial_rates.k` for each group.
  NamedParameters state_dict() const;
  /// Restores such a set and sets the optimizer's number accordingly. Throws ValueError that lists
  /// everything that does not fit, and changes nothing.
  void load_state_dict(const NamedParameters& state);

 protected:
  /// `name` is how errors call it; a literal.
  Scheduler(const char* name, Schedule schedule);
  /// Takes over the schedule and t.
  Scheduler(Scheduler&&) = default;
  /// Takes over the schedule and t.
  Scheduler& operator=(Scheduler&&) = default;

  /// Sets the number at a step.
  virtual void apply(double scheduled) = 0;
  /// Numbers besides t that are saved.
  virtual std::vector<detail::Number> numbers() const { return {}; }
  /// Takes them back.
  virtual void set_numbers(const std::vector<double>&) {}

  /// What the schedule says now.
  double scheduled() const { return schedule_(t_); }

 private:
  std::vector<detail::Number> all_numbers() const;

  const char* name_;
  Schedule schedule_;
  std::int64_t t_ = 0;
};

/// Multiplies the learning rates that an optimizer's groups have when this is made:
///
///     optim::LRScheduler schedule(sgd, optim::schedule::warm_up(
///                                          500, optim::schedule::cosine_annealing(9500)));
///     …  sgd.step(); schedule.step();
///
/// The optimizer must stay where it is as long as this lives. What else sets learning rates, such
/// as ReduceLROnPlateau, is overwritten at the next step.
class LRScheduler : public Scheduler {
 public:
  /// Sets the rates of t = 0. Throws ValueError, here as in step(), if a rate becomes negative or
  /// infinite, or without a schedule.
  LRScheduler(Optimizer& optimizer, Schedule factor);

 private:
  void apply(double factor) override;
  std::vector<detail::Number> numbers() const override;
  void set_numbers(const std::vector<double>& rates) override { initial_rates_ = rates; }

  Optimizer* optimizer_;
  std::vector<double> initial_rates_;
};

/// Sets the momentum of all groups to what a schedule says: linear(0.5, 0.99, steps) is usual. The
/// optimizer must stay where it is as long as this lives.
class MomentumScheduler : public Scheduler {
 public:
  /// Sets the momentum of t = 0. Throws as SGD::set_momentum, here as in step(), and ValueError
  /// without a schedule.
  MomentumScheduler(SGD& sgd, Schedule momentum);

 private:
  void apply(double momentum) override { sgd_->set_momentum(momentum); }

  SGD* sgd_;
};

}  // namespace tapegrad::optim
