#pragma once

#include <tapegrad/ops/shape.hpp>

namespace tapegrad::ops {

/// Values (N, C, …) as samples of channels, each channel of a sample being `size` numbers that lie
/// together.
struct Channels {
  std::int64_t samples;   ///< N.
  std::int64_t channels;  ///< C.
  std::int64_t size;      ///< The numbers of all further axes; 1 if there are none.
};

/// Axis 1 of x are the channels. Throws ShapeError unless x has one.
Channels channels_of(const Shape& x, const char* gate);

/// Throws ShapeError unless `numbers` are one per channel, shape (C); `what` they are is said in
/// the error.
void check_one_per_channel(const Shape& numbers, const Channels& channels, const char* what,
                           const char* gate);

/// The shape (1, C, 1, …) in which one number per channel broadcasts with x.
Shape beside_channels(const Shape& x);

}  // namespace tapegrad::ops
