#include <tapegrad/optim/scheduler.hpp>

#include <string>
#include <utility>

#include <tapegrad/ops/error.hpp>

namespace tapegrad::optim {

Scheduler::Scheduler(const char* name, Schedule schedule)
    : name_(name), schedule_(std::move(schedule)) {
  if (!schedule_) {
    throw ValueError(std::string("[") + name + "] needs a schedule, got an empty function");
  }
}

void Scheduler::step() {
  apply(schedule_(t_ + 1));
  ++t_;
}

std::vector<detail::Number> Scheduler::all_numbers() const {
  std::vector<detail::Number> result = numbers();
  result.push_back({"t", static_cast<double>(t_), 0, 0x1p53, true});
  return result;
}

NamedParameters Scheduler::state_dict() const {
  return detail::saved_state({}, all_numbers());
}

void Scheduler::load_state_dict(const NamedParameters& state) {
  std::vector<double> loaded = detail::load_saved_state(name_, {}, all_numbers(), state);
  t_ = static_cast<std::int64_t>(loaded.back());
  loaded.pop_back();
  set_numbers(loaded);
  apply(scheduled());
}

LRScheduler::LRScheduler(Optimizer& optimizer, Schedule factor)
    : Scheduler("LRScheduler", std::move(factor)), optimizer_(&optimizer) {
  for (std::size_t group = 0; group < optimizer.group_count(); ++group) {
    initial_rates_.push_back(optimizer.learning_rate(group));
  }
  apply(scheduled());
}

void LRScheduler::apply(double factor) {
  for (std::size_t group = 0; group < initial_rates_.size(); ++group) {
    optimizer_->set_learning_rate(initial_rates_[group] * factor, group);
  }
}

std::vector<detail::Number> LRScheduler::numbers() const {
  std::vector<detail::Number> result;
  for (std::size_t group = 0; group < initial_rates_.size(); ++group) {
    result.push_back({"initial_rates." + std::to_string(group), initial_rates_[group]});
  }
  return result;
}

MomentumScheduler::MomentumScheduler(SGD& sgd, Schedule momentum)
    : Scheduler("MomentumScheduler", std::move(momentum)), sgd_(&sgd) {
  apply(scheduled());
}

}  // namespace tapegrad::optim
