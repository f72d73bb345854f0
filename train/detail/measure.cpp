#include <tapegrad/train/detail/measure.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tapegrad::detail {

namespace {

/// The root of Σ f(i)² over 0 ≤ i < count.
template <class F>
double root_of_squares(std::int64_t count, F f) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double x = f(i);
    sum += x * x;
  }
  return std::sqrt(sum);
}

template <class T>
double spread_of_rows(const T* numbers, std::int64_t rows, std::int64_t columns) {
  const auto width = static_cast<std::size_t>(columns);
  std::vector<double> mean(width);
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    mean[static_cast<std::size_t>(i % columns)] += numbers[i];
  }
  for (double& x : mean) x /= static_cast<double>(rows);
  const double apart = root_of_squares(rows * columns, [&](std::int64_t i) {
    return numbers[i] - mean[static_cast<std::size_t>(i % columns)];
  });
  const double whole =
      root_of_squares(rows * columns, [&](std::int64_t i) -> double { return numbers[i]; });
  return whole == 0 ? 0 : apart / whole;
}

}  // namespace

train::Histogram histogram(const Array<double>& numbers, int bins) {
  train::Histogram result;
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0;
  std::int64_t count = 0;
  for (const double x : numbers) {
    if (!std::isfinite(x)) continue;
    low = std::min(low, x);
    high = std::max(high, x);
    sum += x;
    ++count;
  }
  if (count == 0) return result;
  result.low = low;
  result.high = high;
  result.mean = sum / static_cast<double>(count);
  result.counts.resize(static_cast<std::size_t>(bins));
  // Of halves, whose difference does not overflow.
  const double width = high / 2 - low / 2;
  double squares = 0;
  for (const double x : numbers) {
    if (!std::isfinite(x)) continue;
    const double share = width > 0 ? (x / 2 - low / 2) / width : 0;
    const auto bin = static_cast<std::size_t>(share * bins);
    ++result.counts[std::min(bin, result.counts.size() - 1)];
    squares += (x - result.mean) * (x - result.mean);
  }
  result.standard_deviation = std::sqrt(squares / static_cast<double>(count));
  return result;
}

double norm(const void* numbers, Precision precision, std::int64_t count) {
  return with_precision(precision, [&](auto type) {
    const auto* x = static_cast<const decltype(type)*>(numbers);
    return root_of_squares(count, [&](std::int64_t i) -> double { return x[i]; });
  });
}

double distance(const void* numbers, const void* before, Precision precision, std::int64_t count) {
  return with_precision(precision, [&](auto type) {
    const auto* x = static_cast<const decltype(type)*>(numbers);
    const auto* y = static_cast<const decltype(type)*>(before);
    return root_of_squares(count, [&](std::int64_t i) {
      return static_cast<double>(x[i]) - static_cast<double>(y[i]);
    });
  });
}

std::optional<double> unit_spread(const Parameter& parameter) {
  const Shape& shape = parameter.shape();
  if (shape.rank() < 2 || shape[0] < 2 || parameter.size() == 0) return std::nullopt;
  return with_precision(parameter.precision(), [&](auto type) {
    return spread_of_rows(static_cast<const decltype(type)*>(parameter.state()->value), shape[0],
                          parameter.size() / shape[0]);
  });
}

void note_active(const Array<double>& activations, std::vector<char>& active) {
  if (activations.size() == 0) return;
  const std::size_t units = active.size();
  const std::size_t samples = activations.shape()[0];
  const std::size_t positions = activations.size() / (samples * units);
  const double* x = activations.data();
  for (std::size_t sample = 0; sample < samples; ++sample) {
    for (char& is_active : active) {
      const bool is_zero = std::all_of(x, x + positions, [](double y) { return y == 0; });
      if (!is_zero) is_active = 1;
      x += positions;
    }
  }
}

}  // namespace tapegrad::detail
