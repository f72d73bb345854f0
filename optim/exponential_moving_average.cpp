#include <tapegrad/optim/exponential_moving_average.hpp>

#include <algorithm>
#include <string>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/optim/detail/checks.hpp>
#include <tapegrad/optim/detail/saved_state.hpp>

namespace tapegrad::optim {

namespace {

template <class T>
void average(T* __restrict average, const T* __restrict x, std::int64_t n, T decay, T rest) {
  for (std::int64_t i = 0; i < n; ++i) average[i] = decay * average[i] + rest * x[i];
}

}  // namespace

ExponentialMovingAverage::ExponentialMovingAverage(std::vector<Parameter> parameters, double decay)
    : parameters_(std::move(parameters)), decay_(decay) {
  detail::check_number("ExponentialMovingAverage", {"decay", decay, 0, 1});
  detail::check_not_empty("ExponentialMovingAverage", parameters_.empty());
  detail::check_distinct("ExponentialMovingAverage", parameters_);
  for (const Parameter& parameter : parameters_) averages_.push_back(parameter.clone());
}

void ExponentialMovingAverage::check_applied(bool needed, const char* what) const {
  if (applied_ == needed) return;
  throw TapeError(std::string("[ExponentialMovingAverage] needs ") +
                  (needed ? "apply() before " : "the parameters' own values for ") + what +
                  (needed ? ", which gives back what it replaced"
                          : ", got parameters that have their averages; call restore() first"));
}

void ExponentialMovingAverage::update() {
  check_applied(false, "update()");
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    with_precision(parameters_[i].precision(), [&](auto type) {
      using T = decltype(type);
      average(static_cast<T*>(averages_[i].state()->value),
              static_cast<const T*>(parameters_[i].state()->value), parameters_[i].size(),
              static_cast<T>(decay_), static_cast<T>(1 - decay_));
    });
  }
}

void ExponentialMovingAverage::swap() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    ++parameters_[i].state()->version;
    with_precision(parameters_[i].precision(), [&](auto type) {
      using T = decltype(type);
      T* const x = static_cast<T*>(parameters_[i].state()->value);
      std::swap_ranges(x, x + parameters_[i].size(), static_cast<T*>(averages_[i].state()->value));
    });
  }
  applied_ = !applied_;
}

void ExponentialMovingAverage::apply() {
  check_applied(false, "apply()");
  swap();
}

void ExponentialMovingAverage::restore() {
  check_applied(true, "restore()");
  swap();
}

NamedParameters ExponentialMovingAverage::state_dict() const {
  check_applied(false, "state_dict()");
  NamedParameters result;
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    result.emplace_back(std::to_string(i), averages_[i]);
  }
  return result;
}

void ExponentialMovingAverage::load_state_dict(const NamedParameters& state) {
  detail::load_saved_state("ExponentialMovingAverage", state_dict(), {}, state);
}

}  // namespace tapegrad::optim
