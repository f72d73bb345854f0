#include <tapegrad/optim/reduce_lr_on_plateau.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <tapegrad/ops/error.hpp>

namespace tapegrad::optim {

namespace {

constexpr const char* name = "ReduceLROnPlateau";

detail::Number count(const char* what, std::int64_t value) {
  return {what, static_cast<double>(value), 0, 0x1p53, true};
}

}  // namespace

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, const PlateauOptions& options)
    : optimizer_(&optimizer), options_(options) {
  detail::check_number(name, {"factor", options.factor, 0, 1});
  detail::check_number(name, count("patience", options.patience));
  detail::check_number(name, {"threshold", options.threshold});
  detail::check_number(name, count("cooldown", options.cooldown));
  detail::check_number(name, {"min_lr", options.min_lr});
}

bool ReduceLROnPlateau::is_better(double metric) const {
  if (epochs_ == 0) return true;
  const double margin = options_.threshold * std::abs(best_);
  return options_.maximize ? metric > best_ + margin : metric < best_ - margin;
}

bool ReduceLROnPlateau::step(double metric) {
  if (!std::isfinite(metric)) {
    throw ValueError("[ReduceLROnPlateau] needs a finite metric, got " + ops::number_text(metric));
  }
  if (is_better(metric)) {
    best_ = metric;
    bad_epochs_ = 0;
  } else {
    ++bad_epochs_;
  }
  ++epochs_;
  if (cooldown_left_ > 0) {
    --cooldown_left_;
    bad_epochs_ = 0;
  }
  if (bad_epochs_ <= options_.patience) return false;
  bad_epochs_ = 0;
  cooldown_left_ = options_.cooldown;
  bool reduced = false;
  for (std::size_t group = 0; group < optimizer_->group_count(); ++group) {
    const double rate = optimizer_->learning_rate(group);
    const double next = std::max(rate * options_.factor, options_.min_lr);
    if (next >= rate) continue;
    optimizer_->set_learning_rate(next, group);
    reduced = true;
  }
  return reduced;
}

std::vector<detail::Number> ReduceLROnPlateau::numbers() const {
  return {{"best", best_, std::numeric_limits<double>::lowest()},
          count("epochs", epochs_),
          count("bad_epochs", bad_epochs_),
          count("cooldown_left", cooldown_left_)};
}

NamedParameters ReduceLROnPlateau::state_dict() const {
  return detail::saved_state({}, numbers());
}

void ReduceLROnPlateau::load_state_dict(const NamedParameters& state) {
  const std::vector<double> loaded = detail::load_saved_state(name, {}, numbers(), state);
  best_ = loaded[0];
  epochs_ = static_cast<std::int64_t>(loaded[1]);
  bad_epochs_ = static_cast<std::int64_t>(loaded[2]);
  cooldown_left_ = static_cast<std::int64_t>(loaded[3]);
}

}  // namespace tapegrad::optim
