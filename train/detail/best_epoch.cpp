#include <tapegrad/train/detail/best_epoch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <tapegrad/nn/state_dict.hpp>
#include <tapegrad/optim/detail/saved_state.hpp>

namespace tapegrad::detail {

namespace {

/// What the module has learned, copied, each part under `weights.NAME`.
NamedParameters weights_of(const nn::Module& model) {
  NamedParameters weights;
  for (const auto& [name, value] : nn::state_dict(model)) {
    weights.emplace_back("weights." + name, value.clone());
  }
  return weights;
}

}  // namespace

bool BestEpoch::is_enough(const train::Evaluation& validation, int epoch) {
  const double quality =
      options_.watch == train::Watch::accuracy ? validation.accuracy() : -validation.loss;
  // The first epoch need not be better than anything; NaN never is.
  if (epoch_ < 0 ? !std::isnan(quality) : quality > quality_ + options_.min_delta) {
    quality_ = quality;
    epoch_ = epoch;
    waited_ = 0;
    if (options_.restore_best) kept_ = weights_of(model_);
  } else {
    ++waited_;
  }
  return options_.patience > 0 && waited_ >= options_.patience;
}

void BestEpoch::restore() const {
  if (kept_.empty()) return;
  NamedParameters now = nn::state_dict(model_);
  for (std::size_t i = 0; i < now.size(); ++i) now[i].second.set_value(kept_[i].second.value());
}

NamedParameters BestEpoch::state_dict() const {
  NamedParameters state = kept_;
  // An array, since an array may hold what a number of a state may not: an infinite loss.
  state.emplace_back("quality", Parameter(Array<double>{quality_}, f64));
  return optim::detail::saved_state(std::move(state),
                                    {{"epoch", static_cast<double>(epoch_), -1, 0x1p31, true},
                                     {"waited", static_cast<double>(waited_), 0, 0x1p31, true}});
}

void BestEpoch::load_state_dict(const NamedParameters& state) {
  const bool has_weights = std::any_of(state.begin(), state.end(), [](const auto& part) {
    return part.first.compare(0, 8, "weights.") == 0;
  });
  NamedParameters kept = has_weights ? weights_of(model_) : NamedParameters{};
  NamedParameters arrays = kept;
  const Parameter quality(Array<double>{0}, f64);
  arrays.emplace_back("quality", quality);
  const std::vector<double> numbers = optim::detail::load_saved_state(
      "BestEpoch", arrays, {{"epoch", 0, -1, 0x1p31, true}, {"waited", 0, 0, 0x1p31, true}}, state);
  kept_ = std::move(kept);
  quality_ = quality.value()(0);
  epoch_ = static_cast<int>(numbers[0]);
  waited_ = static_cast<int>(numbers[1]);
}

}  // namespace tapegrad::detail
