#include <tapegrad/nn/batch_norm.hpp>

#include <cmath>
#include <string>

#include <tapegrad/nn/detail/beside.hpp>
#include <tapegrad/nn/init.hpp>

namespace tapegrad::nn {

namespace {

/// Number c of each channel is f(c).
template <class F>
Array<double> per_channel(std::int64_t channels, F f) {
  auto result = Array<double>::from_shape({static_cast<std::size_t>(channels)});
  for (std::int64_t c = 0; c < channels; ++c) result.data()[c] = f(c);
  return result;
}

Parameter ones(std::int64_t channels) {
  Parameter result = Parameter::zeros({channels});
  init::constant(result, 1);
  return result;
}

/// average ← (1 − share)·average + share·factor·fresh.
void move_towards(Parameter& average, const double* fresh, double factor, double share) {
  with_precision(average.precision(), [&](auto type) {
    using T = decltype(type);
    T* const numbers = average.mutable_view<T>().data();
    for (std::int64_t i = 0; i < average.size(); ++i) {
      const double old = static_cast<double>(numbers[i]);
      numbers[i] = static_cast<T>((1 - share) * old + share * (fresh[i] * factor));
    }
  });
}

}  // namespace

BatchNorm::BatchNorm(const char* who, std::int64_t channels, const BatchNormOptions& options)
    : who_(who), channels_(channels), options_(options) {
  const std::string needs = std::string("[") + who + "] needs ";
  if (channels < 1) {
    throw ValueError(needs + "at least one channel, got " + std::to_string(channels));
  }
  if (!(options.eps >= 0 && std::isfinite(options.eps))) {
    throw ValueError(needs + "an eps of 0 or more, got " + ops::number_text(options.eps));
  }
  if (options.momentum && !(*options.momentum >= 0 && *options.momentum <= 1)) {
    throw ValueError(needs + "a momentum from 0 to 1, got " + ops::number_text(*options.momentum));
  }
  if (options.affine) {
    affine_ = Affine{register_parameter("weight", ones(channels)),
                     register_parameter("bias", Parameter::zeros({channels}))};
  }
  if (options.track_running_stats) {
    running_ = Running{register_buffer("running_mean", Parameter::zeros({channels})),
                       register_buffer("running_var", ones(channels)),
                       register_buffer("num_batches_tracked", Parameter::zeros({}, f64))};
  }
}

Var BatchNorm::forward(const Var& x) {
  const bool uses_batch = is_training() || !running_;
  check(x, uses_batch);
  if (!uses_batch) {
    const Array<double> variance = running_->variance.value();
    return normalised(x, running_->mean.value(), per_channel(channels_, [&](std::int64_t c) {
                        return 1 / std::sqrt(variance.data()[c] + options_.eps);
                      }));
  }
  const Var moments = channel_moments(x);
  if (is_training() && running_) track(moments, x.size() / channels_);
  const Var mean = reshape(slice(moments, {0, 0, 1}), {channels_});
  const Var variance = reshape(slice(moments, {0, 1, 2}), {channels_});
  return normalised(x, mean, rsqrt(add_constant(variance, options_.eps)));
}

/// (x − mean)·scale, and what the layer has learned.
Var BatchNorm::normalised(const Var& x, Operand mean, Operand scale) const {
  if (affine_)
    return channel_affine(x, mean, mul(detail::parameter_beside(x, affine_->weight), scale),
                          affine_->bias);
  return channel_affine(x, mean, scale, per_channel(channels_, [](std::int64_t) { return 0.0; }));
}

/// Moves the running averages towards the moments of a batch with `count` numbers per channel.
void BatchNorm::track(const Var& moments, std::int64_t count) {
  const Array<double> numbers = moments.value();
  const double batches = running_->batches.value()() + 1;
  const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1);
  const double share = options_.momentum.value_or(1 / batches);
  running_->batches.set_value(batches);
  move_towards(running_->mean, numbers.data(), 1, share);
  move_towards(running_->variance, numbers.data() + channels_, unbiased, share);
}

void BatchNorm::check(const Var& x, bool uses_batch) const {
  const Shape shape = x.shape();
  if (shape[1] != channels_) {
    throw ShapeError(std::string("[") + who_ + "] needs " + std::to_string(channels_) +
                     " channels, got " + to_string(shape));
  }
  if (uses_batch && x.size() / channels_ < 2) {
    throw ShapeError(std::string("[") + who_ +
                     "] needs more than one number per channel to normalise a batch, got " +
                     to_string(shape) + "; give a larger batch or switch the model to eval()");
  }
}

void BatchNorm::refuse(const Shape& x, const char* needed) const {
  throw ShapeError(std::string("[") + who_ + "] needs x of shape " + needed + ", got " +
                   to_string(x));
}

Var BatchNorm1d::forward(const Var& x) {
  if (x.shape().rank() != 2 && x.shape().rank() != 3) refuse(x.shape(), "(N, C) or (N, C, L)");
  return BatchNorm::forward(x);
}

Var BatchNorm2d::forward(const Var& x) {
  if (x.shape().rank() != 4) refuse(x.shape(), "(N, C, H, W)");
  return BatchNorm::forward(x);
}

const BatchNorm::Affine& BatchNorm::learned() const {
  if (affine_) return *affine_;
  throw ValueError(std::string("[") + who_ +
                   "] needs a layer made with affine to return weight or bias, got one without");
}

}  // namespace tapegrad::nn
