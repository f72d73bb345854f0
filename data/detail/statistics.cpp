#include <tapegrad/data/detail/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <tapegrad/ops/kernels/parallel.hpp>

namespace tapegrad::data::detail {

namespace {

/// Calls f(x, group) for every number of samples `first` to `end`.
template <class X, class F>
void for_each_number(X* x, std::size_t first, std::size_t end, const Groups& groups, F f) {
  x += first * groups.count * groups.neighbours;
  for (std::size_t n = first; n < end; ++n) {
    for (std::size_t group = 0; group < groups.count; ++group) {
      for (std::size_t i = 0; i < groups.neighbours; ++i) f(*x++, group);
    }
  }
}

/// x ← f(x, number of its group), on all threads.
template <class F>
void change(Array<float>& inputs, const Groups& groups, const Array<float>& numbers, F f) {
  namespace kernels = ops::kernels;
  const auto samples = static_cast<std::int64_t>(inputs.shape()[0]);
  const auto size = static_cast<std::int64_t>(inputs.size());
  float* const x = inputs.data();
  const float* const of = numbers.data();
  kernels::share_out(
      samples, kernels::streaming_time<float>(2 * size), [&](std::int64_t first, std::int64_t end) {
        for_each_number(x, static_cast<std::size_t>(first), static_cast<std::size_t>(end), groups,
                        [&](float& number, std::size_t group) { number = f(number, of[group]); });
      });
}

}  // namespace

Groups groups_of(const Shape& sample, Per per, const char* kind) {
  const auto features = static_cast<std::size_t>(sample.size());
  if (per == Per::feature) return {sample, features, 1};
  if (per == Per::all) return {{1}, 1, features};
  if (sample.rank() != 3) {
    throw ShapeError(
        fmt::format("[{}] needs images (C, H, W) for the statistics of their channels, got samples "
                    "of shape {}; do not flatten them before",
                    kind, to_string(sample)));
  }
  const auto channels = static_cast<std::size_t>(sample[0]);
  return {{sample[0]}, channels, features / channels};
}

Statistics statistics(const Dataset& dataset, const Groups& groups) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Statistics result{std::vector<double>(groups.count, 0.0), std::vector<double>(groups.count, 0.0),
                    std::vector<double>(groups.count, infinity),
                    std::vector<double>(groups.count, -infinity)};
  const float* const x = dataset.inputs.data();
  for_each_number(x, 0, dataset.size(), groups, [&](double number, std::size_t group) {
    result.mean[group] += number;
    result.least[group] = std::min(result.least[group], number);
    result.largest[group] = std::max(result.largest[group], number);
  });
  const auto count = static_cast<double>(dataset.size() * groups.neighbours);
  for (double& mean : result.mean) mean /= count;
  for_each_number(x, 0, dataset.size(), groups, [&](double number, std::size_t group) {
    const double distance = number - result.mean[group];
    result.deviation[group] += distance * distance;
  });
  for (std::size_t group = 0; group < groups.count; ++group) {
    // The mean of equal numbers may be rounded, and their distances from it be tiny instead of 0.
    const bool constant = result.least[group] == result.largest[group];
    result.deviation[group] = constant ? 0 : std::sqrt(result.deviation[group] / count);
  }
  return result;
}

Array<float> to_array(const std::vector<double>& numbers, const Shape& shape) {
  Array<float> array =
      Array<float>::from_shape(std::vector<std::size_t>(shape.begin(), shape.end()));
  std::transform(numbers.begin(), numbers.end(), array.data(),
                 [](double number) { return static_cast<float>(number); });
  return array;
}

void subtract(Array<float>& inputs, const Groups& groups, const Array<float>& numbers) {
  change(inputs, groups, numbers, [](float x, float number) { return x - number; });
}

void add(Array<float>& inputs, const Groups& groups, const Array<float>& numbers) {
  change(inputs, groups, numbers, [](float x, float number) { return x + number; });
}

void divide(Array<float>& inputs, const Groups& groups, const Array<float>& numbers) {
  change(inputs, groups, numbers, [](float x, float number) { return x / number; });
}

void multiply(Array<float>& inputs, const Groups& groups, const Array<float>& numbers) {
  change(inputs, groups, numbers, [](float x, float number) { return x * number; });
}

}  // namespace tapegrad::data::detail
