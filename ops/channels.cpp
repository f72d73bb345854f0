#include <tapegrad/ops/channels.hpp>

#include <string>

namespace tapegrad::ops {

Channels channels_of(const Shape& x, const char* gate) {
  if (x.rank() < 2) {
    throw ShapeError(std::string("[") + gate + "] needs samples of channels (N, C, …), got " +
                     to_string(x));
  }
  Channels result{x[0], x[1], 1};
  for (int axis = 2; axis < x.rank(); ++axis) result.size *= x[axis];
  return result;
}

void check_one_per_channel(const Shape& numbers, const Channels& channels, const char* what,
                           const char* gate) {
  if (numbers == Shape{channels.channels}) return;
  throw ShapeError(std::string("[") + gate + "] needs a " + what + " per channel, shape " +
                   to_string(Shape{channels.channels}) + ", got " + to_string(numbers));
}

Shape beside_channels(const Shape& x) {
  Shape result = x;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (axis != 1) result[axis] = 1;
  }
  return result;
}

}  // namespace tapegrad::ops
