#include <tapegrad/data/spiral.hpp>

#include <cmath>

#include <fmt/format.h>
#include <tapegrad/ops/philox.hpp>

namespace tapegrad::data {

namespace {
constexpr std::uint64_t spiral_stream = 0x73706972'00000000;  // "spir", see NOTE [Random numbers]
}

Dataset spiral(int points_per_arm, int arms, std::uint64_t seed) {
  if (points_per_arm < 1 || arms < 1) {
    throw ValueError(fmt::format(
        "[spiral] needs at least 1 point per arm and 1 arm; got {} points and {} arms; raise them",
        points_per_arm, arms));
  }
  const auto count = static_cast<std::size_t>(points_per_arm) * static_cast<std::size_t>(arms);
  Dataset dataset;
  dataset.inputs.resize({count, 2});
  dataset.labels.reserve(count);
  dataset.classes = arms;

  Generator generator(seed, spiral_stream);
  float* point = dataset.inputs.data();
  for (int arm = 0; arm < arms; ++arm) {
    for (int i = 0; i < points_per_arm; ++i) {
      const double radius = points_per_arm > 1 ? i / (points_per_arm - 1.0) : 0.0;
      const double angle = std::fma(0.2, generator.normal(), 4.0 * (arm + radius));
      *point++ = static_cast<float>(radius * std::sin(angle));
      *point++ = static_cast<float>(radius * std::cos(angle));
      dataset.labels.push_back(arm);
    }
  }
  return dataset;
}

}  // namespace tapegrad::data
