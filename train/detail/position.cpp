#include <tapegrad/train/detail/position.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <tapegrad/optim/detail/saved_state.hpp>

namespace tapegrad::detail {

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

std::vector<optim::detail::Number> counts_of(const Position& position) {
  const auto count = [](const char* name, std::int64_t value, double below = 0x1p53) {
    return optim::detail::Number{name, static_cast<double>(value), 0, below, true};
  };
  return {count("epoch", position.epoch, 0x1p31),
          count("step", position.step),
          count("seen", position.seen),
          count("correct", position.correct),
          count("step_bytes", position.step_bytes),
          count("stopped", position.stopped ? 1 : 0, 2)};
}

/// An array, since an array may hold what a number of a state may not: NaN where there is none.
NamedParameters sums_of(const Position& position) {
  const Array<double> sums = {position.loss_sum, position.penalty_sum,
                              position.validation_loss.value_or(none),
                              position.validation_accuracy.value_or(none)};
  return {{"sums", Parameter(sums, f64)}};
}

std::optional<double> if_any(double number) {
  return std::isnan(number) ? std::nullopt : std::optional(number);
}

}  // namespace

Position Position::next_epoch() const {
  Position next;
  next.epoch = epoch + 1;
  next.step_bytes = step_bytes;
  next.stopped = stopped;
  return next;
}

NamedParameters Position::state_dict() const {
  return optim::detail::saved_state(sums_of(*this), counts_of(*this));
}

void Position::load_state_dict(const NamedParameters& state) {
  const NamedParameters sums = sums_of(*this);
  const std::vector<double> counts =
      optim::detail::load_saved_state("fit", sums, counts_of(*this), state);
  const auto whole = [&](std::size_t i) { return static_cast<std::int64_t>(counts[i]); };
  const Array<double> numbers = sums.front().second.value();
  *this = {static_cast<int>(whole(0)),
           whole(1),
           whole(2),
           whole(3),
           whole(4),
           whole(5) == 1,
           numbers(0),
           numbers(1),
           if_any(numbers(2)),
           if_any(numbers(3))};
}

}  // namespace tapegrad::detail
