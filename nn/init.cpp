#include <tapegrad/nn/init.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

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

void fill_normal(Parameter& parameter, double mean, double deviation, Generator& generator) {
  fill(parameter, [&] { return mean + deviation * generator.normal(); });
}

void fill_uniform(Parameter& parameter, double bound, Generator& generator) {
  fill(parameter, [&] { return generator.uniform(-bound, bound); });
}

/// How many inputs a unit has, and to how many units an input goes.
struct Fans {
  double in, out;
};

Fans fans(const Parameter& weight, const char* who) {
  const Shape& shape = weight.shape();
  if (shape.rank() < 2 || weight.size() == 0) {
    throw ShapeError(std::string("[") + who +
                     "] needs a weight (out, in, ...) with elements, got " + to_string(shape));
  }
  const std::int64_t in = weight.size() / shape[0], out = weight.size() / shape[1];
  return {static_cast<double>(in), static_cast<double>(out)};
}

/// Throws ValueError unless a spread of random numbers is finite and not negative.
double checked(double number, const char* what, const char* who) {
  if (number >= 0 && std::isfinite(number)) return number;
  throw ValueError(std::string("[") + who + "] needs a finite " + what + " of 0 or more, got " +
                   ops::number_text(number));
}

}  // namespace

void constant(Parameter& parameter, double number) {
  fill(parameter, [&] { return number; });
}

void zeros(Parameter& parameter) {
  constant(parameter, 0);
}

void normal(Parameter& parameter, double mean, double standard_deviation, Generator& generator) {
  checked(standard_deviation, "standard deviation", "normal");
  if (!std::isfinite(mean)) {
    throw ValueError("[normal] needs a finite mean, got " + ops::number_text(mean));
  }
  fill_normal(parameter, mean, standard_deviation, generator);
}

void uniform(Parameter& parameter, double low, double high, Generator& generator) {
  if (!(low <= high) || !std::isfinite(low) || !std::isfinite(high)) {
    throw ValueError("[uniform] needs finite bounds low <= high, got " + ops::number_text(low) +
                     " and " + ops::number_text(high));
  }
  fill(parameter, [&] { return generator.uniform(low, high); });
}

void lecun_normal(Parameter& weight, Generator& generator) {
  fill_normal(weight, 0, std::sqrt(1 / fans(weight, "lecun_normal").in), generator);
}

void he_normal(Parameter& weight, Generator& generator) {
  fill_normal(weight, 0, std::sqrt(2 / fans(weight, "he_normal").in), generator);
}

void he_uniform(Parameter& weight, Generator& generator) {
  fill_uniform(weight, std::sqrt(6 / fans(weight, "he_uniform").in), generator);
}

void xavier_normal(Parameter& weight, double gain, Generator& generator) {
  const Fans fan = fans(weight, "xavier_normal");
  checked(gain, "gain", "xavier_normal");
  fill_normal(weight, 0, gain * std::sqrt(2 / (fan.in + fan.out)), generator);
}

void xavier_uniform(Parameter& weight, double gain, Generator& generator) {
  const Fans fan = fans(weight, "xavier_uniform");
  checked(gain, "gain", "xavier_uniform");
  fill_uniform(weight, gain * std::sqrt(6 / (fan.in + fan.out)), generator);
}

void sparse(Parameter& weight, std::int64_t connections, double standard_deviation,
            Generator& generator) {
  const auto inputs = static_cast<std::size_t>(fans(weight, "sparse").in);
  checked(standard_deviation, "standard deviation", "sparse");
  if (connections < 1 || static_cast<std::size_t>(connections) > inputs) {
    throw ValueError("[sparse] needs from 1 to " + std::to_string(inputs) +
                     " connections per unit, got " + std::to_string(connections));
  }
  std::vector<std::size_t> order(inputs);
  std::iota(order.begin(), order.end(), std::size_t{0});
  zeros(weight);
  with_precision(weight.precision(), [&](auto type) {
    using T = decltype(type);
    T* unit = weight.mutable_view<T>().data();
    for (std::int64_t row = 0; row < weight.shape()[0]; ++row) {
      // The beginning of a shuffle: each unit goes on from the order that the one before has left.
      for (std::size_t k = 0; k < static_cast<std::size_t>(connections); ++k) {
        std::swap(order[k], order[k + generator.below(inputs - k)]);
        unit[order[k]] = static_cast<T>(standard_deviation * generator.normal());
      }
      unit += inputs;
    }
  });
}

}  // namespace init
}  // namespace tapegrad::nn
