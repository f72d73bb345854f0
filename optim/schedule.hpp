#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace tapegrad::optim {

/// A number for each step t = 0, 1, …: the factor of a learning rate, or a momentum. What a step
/// is, a mini-batch or an epoch, is for the program to say. Any function will do, as in PyTorch's
/// LambdaLR.
using Schedule = std::function<double(std::int64_t t)>;

/// Schedules, under PyTorch's names without LR where it has them.
namespace schedule {

/// γ^⌊t/step_size⌋: half the rate every 5 epochs is step(5, 0.5). Throws ValueError for a step_size
/// below 1 or a negative γ.
Schedule step(std::int64_t step_size, double gamma);

/// γ to the number of milestones that t has reached. Throws ValueError for milestones that do not
/// rise or a negative γ.
Schedule multi_step(std::vector<std::int64_t> milestones, double gamma);

/// e^(−k·t): PyTorch's ExponentialLR with γ = e^(−k). Throws ValueError for a negative k.
Schedule exponential_decay(double k);

/// 1/(1 + k·t). Throws ValueError for a negative k.
Schedule inverse_time_decay(double k);

/// Half a cosine from 1 at t = 0 down to `lowest` at t_max, where it stays (PyTorch's rises again):
/// lowest + (1 − lowest)·(1 + cos(π·t/t_max))/2. `lowest` is a factor, not a rate as PyTorch's
/// eta_min. Throws ValueError for a t_max below 1 or a negative `lowest`.
/// Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
Schedule cosine_annealing(std::int64_t t_max, double lowest = 0.0);

/// A straight line from `start` at t = 0 to `end` at `steps`, where it stays: a momentum from 0.5
/// to 0.99, or a rate that sinks to 0. Throws ValueError for steps below 1 or negative numbers.
Schedule linear(double start, double end, std::int64_t steps);

/// One schedule after another: the next begins, with its own t = 0, at each milestone. Throws
/// ValueError unless there is one milestone fewer than schedules and milestones rise.
Schedule sequential(std::vector<Schedule> schedules, std::vector<std::int64_t> milestones);

/// (t + 1)/steps for the first `steps` steps, then another schedule, with its own t = 0; 1 for
/// ever if there is none. Throws ValueError for steps below 1.
Schedule warm_up(std::int64_t steps, Schedule then = {});

}  // namespace schedule

}  // namespace tapegrad::optim
