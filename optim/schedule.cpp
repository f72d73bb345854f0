#include <tapegrad/optim/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/optim/detail/saved_state.hpp>

namespace tapegrad::optim::schedule {

namespace {

void check_steps(const char* who, std::int64_t steps) {
  if (steps >= 1) return;
  throw ValueError(std::string("[") + who + "] needs at least one step, got " +
                   std::to_string(steps));
}

void check_milestones(const char* who, const std::vector<std::int64_t>& milestones) {
  std::int64_t before = 0;
  for (const std::int64_t milestone : milestones) {
    if (milestone <= before) {
      throw ValueError(std::string("[") + who + "] needs milestones above 0 that rise, got " +
                       std::to_string(milestone) + " after " + std::to_string(before));
    }
    before = milestone;
  }
}

/// How many milestones t has reached.
auto reached(const std::vector<std::int64_t>& milestones, std::int64_t t) {
  return std::upper_bound(milestones.begin(), milestones.end(), t) - milestones.begin();
}

}  // namespace

Schedule step(std::int64_t step_size, double gamma) {
  check_steps("schedule::step", step_size);
  detail::check_number("schedule::step", {"gamma", gamma});
  return [=](std::int64_t t) {
    const std::int64_t reductions = t / step_size;
    return std::pow(gamma, static_cast<double>(reductions));
  };
}

Schedule multi_step(std::vector<std::int64_t> milestones, double gamma) {
  check_milestones("schedule::multi_step", milestones);
  detail::check_number("schedule::multi_step", {"gamma", gamma});
  return
      [=](std::int64_t t) { return std::pow(gamma, static_cast<double>(reached(milestones, t))); };
}

Schedule exponential_decay(double k) {
  detail::check_number("schedule::exponential_decay", {"k", k});
  return [=](std::int64_t t) { return std::exp(-k * static_cast<double>(t)); };
}

Schedule inverse_time_decay(double k) {
  detail::check_number("schedule::inverse_time_decay", {"k", k});
  return [=](std::int64_t t) { return 1 / (1 + k * static_cast<double>(t)); };
}

Schedule cosine_annealing(std::int64_t t_max, double lowest) {
  check_steps("schedule::cosine_annealing", t_max);
  detail::check_number("schedule::cosine_annealing", {"lowest", lowest});
  return [=](std::int64_t t) {
    if (t >= t_max) return lowest;
    const double share = static_cast<double>(t) / static_cast<double>(t_max);
    return lowest + (1 - lowest) * (1 + std::cos(std::acos(-1.0) * share)) / 2;
  };
}

Schedule linear(double start, double end, std::int64_t steps) {
  check_steps("schedule::linear", steps);
  detail::check_number("schedule::linear", {"start", start});
  detail::check_number("schedule::linear", {"end", end});
  return [=](std::int64_t t) {
    if (t >= steps) return end;
    return start + (end - start) * static_cast<double>(t) / static_cast<double>(steps);
  };
}

Schedule sequential(std::vector<Schedule> schedules, std::vector<std::int64_t> milestones) {
  check_milestones("schedule::sequential", milestones);
  if (schedules.size() != milestones.size() + 1) {
    throw ValueError("[schedule::sequential] needs a milestone between each two schedules, got " +
                     std::to_string(milestones.size()) + " for " +
                     std::to_string(schedules.size()) + " schedules");
  }
  return [=](std::int64_t t) {
    const auto which = reached(milestones, t);
    const std::int64_t began = which == 0 ? 0 : milestones[static_cast<std::size_t>(which - 1)];
    return schedules[static_cast<std::size_t>(which)](t - began);
  };
}

Schedule warm_up(std::int64_t steps, Schedule then) {
  check_steps("schedule::warm_up", steps);
  return [steps, then = std::move(then)](std::int64_t t) {
    if (t < steps) return static_cast<double>(t + 1) / static_cast<double>(steps);
    return then ? then(t - steps) : 1.0;
  };
}

}  // namespace tapegrad::optim::schedule
