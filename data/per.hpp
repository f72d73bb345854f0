#pragma once

namespace tapegrad::data {

/// What shares a statistic of the training samples, such as a mean.
enum class Per {
  feature,  ///< Each feature, or pixel of each channel, has its own: a mean image.
  channel,  ///< All pixels of a colour channel have one: a mean colour.
  all,      ///< All numbers have one: a mean brightness.
};

}  // namespace tapegrad::data
