#include <tapegrad/ops/channels.hpp>

#include <algorithm>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/kernels/sum_row.hpp>

// A channel of a sample lies together, so loops run along it; where it is a single number, as
// behind a fully connected layer, they run along the channels of a sample.

namespace tapegrad::ops::kernels {

namespace {

struct Gathered;

/// Two zeros per channel, the second ones after all of the first.
double* two_per_channel(std::int64_t channels) {
  double* const numbers = scratch<double, Gathered>(2 * channels);
  std::fill_n(numbers, 2 * channels, 0.0);
  return numbers;
}

/// The nanoseconds of a pass over all numbers.
template <class T>
double time_of_a_pass(const Channels& form) {
  return streaming_time<T>(form.samples * form.channels * form.size);
}

/// Calls f(begin, end) for ranges of channels. Where a channel of a sample is a single number, a
/// range is some registers wide: every part reads all samples.
template <class T, class F>
void for_all_channels(const Channels& form, F f) {
  const std::int64_t step = form.size == 1 ? 64 : 1;
  share_out((form.channels + step - 1) / step, time_of_a_pass<T>(form),
            [&](std::int64_t begin, std::int64_t end) {
              f(begin * step, std::min(end * step, form.channels));
            });
}

/// Mean and sum of squared deviations of what has been met so far; more of the same number comes
/// sample by sample. Source: Chan, Golub, LeVeque, Updating Formulae and a Pairwise Algorithm for
/// Computing Sample Variances, 1979.
struct Merge {
  Merge(std::int64_t samples_before, std::int64_t size)
      : share(1 / static_cast<double>(samples_before + 1)),
        weight(static_cast<double>(size) * static_cast<double>(samples_before) * share) {}

  void operator()(double mean_here, double squares_here, double& mean, double& squares) const {
    const double apart = mean_here - mean;
    mean += apart * share;
    // The square of what is apart may overflow where nothing has been met before.
    squares += squares_here + (weight == 0 ? 0.0 : apart * apart * weight);
  }

  double share, weight;
};

template <class T>
void put(const double* numbers, std::int64_t count, double factor, T* y, bool accumulate) {
  for (std::int64_t i = 0; i < count; ++i) {
    const T number = static_cast<T>(numbers[i] * factor);
    y[i] = accumulate ? y[i] + number : number;
  }
}

}  // namespace

template <class T>
void channel_moments(const Channels& form, const T* x, T* y, bool accumulate) {
  double* const mean = two_per_channel(form.channels);
  double* const squares = mean + form.channels;
  const auto size = static_cast<double>(form.size);
  for_all_channels<T>(form, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t sample = 0; sample < form.samples; ++sample) {
      const Merge merge(sample, form.size);
      const T* numbers = x + (sample * form.channels + begin) * form.size;
      if (form.size == 1) {
        for (std::int64_t c = begin; c < end; ++c) {
          merge(static_cast<double>(*numbers++), 0.0, mean[c], squares[c]);
        }
        continue;
      }
      // Again over numbers that the cache holds, as squares lose digits to a mean far from 0. What
      // the first sum has rounded away, the second one finds: numbers that are equal have no
      // variance.
      for (std::int64_t c = begin; c < end; ++c, numbers += form.size) {
        const T near = static_cast<T>(sum_row(numbers, form.size) / size);
        const auto apart = [numbers, near](auto like, std::int64_t i) {
          return load_as<decltype(like)>(numbers + i) - decltype(like)(near);
        };
        const double rest = sum_terms<T>(form.size, apart);
        const double squares_near = sum_terms<T>(form.size, [apart](auto like, std::int64_t i) {
          const auto distance = apart(like, i);
          return distance * distance;
        });
        const double squares_here = squares_near - rest * rest / size;
        merge(static_cast<double>(near) + rest / size, squares_here < 0 ? 0.0 : squares_here,
              mean[c], squares[c]);
      }
    }
  });
  put(mean, form.channels, 1.0, y, accumulate);
  put(squares, form.channels, 1 / (size * static_cast<double>(form.samples)), y + form.channels,
      accumulate);
}

template <class T>
void channel_affine(const Channels& form, const T* x, const T* centre, const T* scale,
                    const T* shift, T* y, bool accumulate) {
  const auto numbers_of_a_sample = [&](std::int64_t sample) {
    const T* const from = x + sample * form.channels;
    T* const to = y + sample * form.channels;
    for (std::int64_t c = 0; c < form.channels; ++c) {
      const T number = (from[c] - centre[c]) * scale[c] + shift[c];
      to[c] = accumulate ? to[c] + number : number;
    }
  };
  const auto channels_of_a_sample = [&](std::int64_t sample) {
    for (std::int64_t c = 0; c < form.channels; ++c) {
      const T* const from = x + (sample * form.channels + c) * form.size;
      T* const to = y + (sample * form.channels + c) * form.size;
      const T middle = centre[c], factor = scale[c], offset = shift[c];
      for (std::int64_t i = 0; i < form.size; ++i) {
        const T number = (from[i] - middle) * factor + offset;
        to[i] = accumulate ? to[i] + number : number;
      }
    }
  };
  share_out(form.samples, time_of_a_pass<T>(form), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t sample = begin; sample < end; ++sample) {
      form.size == 1 ? numbers_of_a_sample(sample) : channels_of_a_sample(sample);
    }
  });
}

template <class T>
void channel_sums(const Channels& form, const T* g, const T* x, const T* centre, T* y,
                  bool accumulate) {
  double* const sums = two_per_channel(form.channels);
  double* const products = sums + form.channels;
  for_all_channels<T>(form, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t sample = 0; sample < form.samples; ++sample) {
      const std::int64_t first = (sample * form.channels + begin) * form.size;
      const T* weights = g + first;
      const T* numbers = x + first;
      if (form.size == 1) {
        for (std::int64_t c = begin; c < end; ++c) {
          const auto weight = static_cast<double>(*weights++);
          sums[c] += weight;
          products[c] += weight * static_cast<double>(*numbers++ - centre[c]);
        }
        continue;
      }
      for (std::int64_t c = begin; c < end; ++c, weights += form.size, numbers += form.size) {
        const T middle = centre[c];
        sums[c] += sum_row(weights, form.size);
        products[c] += sum_terms<T>(form.size, [=](auto like, std::int64_t i) {
          using L = decltype(like);
          return load_as<L>(weights + i) * (load_as<L>(numbers + i) - L(middle));
        });
      }
    }
  });
  put(sums, 2 * form.channels, 1.0, y, accumulate);
}

#define TAPEGRAD_CHANNELS(T)                                                                       \
  template void channel_moments(const Channels&, const T*, T*, bool);                              \
  template void channel_affine(const Channels&, const T*, const T*, const T*, const T*, T*, bool); \
  template void channel_sums(const Channels&, const T*, const T*, const T*, T*, bool);
TAPEGRAD_CHANNELS(float)
TAPEGRAD_CHANNELS(double)
#undef TAPEGRAD_CHANNELS

}  // namespace tapegrad::ops::kernels
