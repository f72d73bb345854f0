#include <tapegrad/nn/init.hpp>

#include <algorithm>
#include <cmath>

namespace tapegrad::nn {

namespace {
constexpr std::uint64_t weights_stream = 0x77656967'00000000;  // "weig", see NOTE [Random numbers]
}

Generator& default_generator() {
  thread_local Generator generator(0, weights_stream);
  return generator;
}

void manual_seed(std::uint64_t seed) {
  default_generator() = Generator(seed, weights_stream);
}

namespace init {

namespace {

/// Overwrites every element with draw().
template <class Draw>
void fill(Parameter& parameter, Draw draw) {
  with_precision(parameter.precision(), [&](auto type) {
    using T = decltype(type);
    auto view = parameter.mutable_view<T>();
    std::generate_n(view.data(), parameter.size(), [&] { return static_cast<T>(draw()); });
  });
}

}  // namespace

void he_normal(Parameter& weight, Generator& generator) {
  const Shape& shape = weight.shape();
  if (shape.rank() < 2 || weight.size() == 0) {
    throw ShapeError("[he_normal] needs a weight (out, in, ...) with elements, got " +
                     to_string(shape));
  }
  const std::int64_t fan_in = weight.size() / shape[0];
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_in));
  fill(weight, [&] { return deviation * generator.normal(); });
}

void constant(Parameter& parameter, double number) {
  fill(parameter, [&] { return number; });
}

}  // namespace init
}  // namespace tapegrad::nn
