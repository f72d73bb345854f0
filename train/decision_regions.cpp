#include <tapegrad/train/decision_regions.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/nn/mode_guard.hpp>
#include <tapegrad/train/detail/agreement.hpp>

namespace tapegrad::train {

namespace {

constexpr const char* who = "decision_regions";
/// So many points are classified together.
constexpr int most_at_once = 8192;

std::vector<int> classify(const PointClassifier& classifier, const Array<float>& points) {
  std::vector<int> labels = classifier(points);
  if (labels.size() != points.shape()[0]) {
    throw ValueError(
        fmt::format("[{}] needs one label per point from the classifier, got {} for "
                    "{} points; return a label for each row",
                    who, labels.size(), points.shape()[0]));
  }
  const auto bad = std::find_if(labels.begin(), labels.end(), [](int label) { return label < 0; });
  if (bad != labels.end()) {
    throw ValueError(fmt::format("[{}] needs labels of 0 or more, got {}", who, *bad));
  }
  return labels;
}

/// From the smallest to the largest of the points' coordinates along one axis.
std::pair<double, double> range_of(const data::Dataset& points, std::size_t axis) {
  double low = INFINITY, high = -INFINITY;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto x = static_cast<double>(points.inputs(i, axis));
    if (!std::isfinite(x)) {
      throw ValueError(fmt::format("[{}] needs finite points, got {} in point {}", who, x, i));
    }
    low = std::min(low, x);
    high = std::max(high, x);
  }
  return {low, high};
}

void check(const data::Dataset& points, const RegionOptions& options) {
  points.validate();
  if (points.sample_shape() != Shape{2}) {
    throw ShapeError(
        fmt::format("[{}] needs points of the plane (N, 2), got samples of shape {}; "
                    "project them to two features",
                    who, to_string(points.sample_shape())));
  }
  if (points.size() == 0) {
    throw ValueError(fmt::format("[{}] needs at least one point, got none", who));
  }
  if (options.cells < 2 || options.cells > 10'000) {
    throw ValueError(fmt::format("[{}] needs from 2 to 10000 cells, got {}", who, options.cells));
  }
  if (!(options.margin >= 0 && options.margin <= 100)) {
    throw ValueError(fmt::format("[{}] needs a margin from 0 to 100, got {}", who, options.margin));
  }
}

}  // namespace

PointClassifier by_scores(std::function<Array<double>(const Array<float>& points)> scores) {
  return [scores = std::move(scores)](const Array<float>& points) {
    const Array<double> all = scores(points);
    if (all.dimension() != 2 || all.shape()[0] != points.shape()[0] || all.shape()[1] == 0) {
      throw ShapeError(
          fmt::format("[{}] needs scores ({}, K), got {}", who, points.shape()[0],
                      tapegrad::to_string(Shape(all.shape().begin(), all.shape().end()))));
    }
    const auto classes = static_cast<std::ptrdiff_t>(all.shape()[1]);
    std::vector<int> labels(points.shape()[0]);
    const double* row = all.data();
    for (int& label : labels) {
      label = static_cast<int>(std::max_element(row, row + classes) - row);
      row += classes;
    }
    return labels;
  };
}

PointClassifier by_scores(nn::Module& model, Precision precision) {
  return by_scores([&model, precision](const Array<float>& points) {
    const nn::ModeGuard mode(model, false);
    const NoGrad no_grad;
    Tape tape(precision);
    return model(tape.data(points)).value();
  });
}

double DecisionRegions::boundary() const {
  std::int64_t changes = 0;
  for (int row = 0; row < rows; ++row) {
    const int* const here = labels.data() + static_cast<std::ptrdiff_t>(row) * columns;
    for (int column = 0; column < columns; ++column) {
      if (column + 1 < columns && here[column] != here[column + 1]) ++changes;
      if (row + 1 < rows && here[column] != here[column + columns]) ++changes;
    }
  }
  return static_cast<double>(changes) * cell;
}

DecisionRegions decision_regions(const PointClassifier& classifier, const data::Dataset& points,
                                 const RegionOptions& options) {
  check(points, options);
  const auto [left, right] = range_of(points, 0);
  const auto [bottom, top] = range_of(points, 1);
  const double side = std::max(right - left, top - bottom);
  const double room = options.margin * side;
  DecisionRegions regions;
  regions.cell = (side + 2 * room) / options.cells;
  // Cells so small that they are nothing beside the coordinates would all be one.
  if (!(regions.cell >
        1e-5 * std::max({std::abs(left), std::abs(right), std::abs(bottom), std::abs(top)}) /
            options.cells) ||
      !std::isfinite(side)) {
    throw ValueError(
        fmt::format("[{}] needs points that lie apart, got x from {} to {} and y from "
                    "{} to {}",
                    who, left, right, bottom, top));
  }
  const auto cells = [&](double extent) {
    return std::max(1, static_cast<int>(std::lround((extent + 2 * room) / regions.cell)));
  };
  regions.columns = cells(right - left);
  regions.rows = cells(top - bottom);
  // Whole cells, the points in their middle.
  regions.left = (left + right - regions.columns * regions.cell) / 2;
  regions.bottom = (bottom + top - regions.rows * regions.cell) / 2;
  regions.points = points;
  regions.accuracy = detail::agreement(classify(classifier, points.inputs), points.labels, who);

  const int all = regions.rows * regions.columns;
  regions.labels.reserve(static_cast<std::size_t>(all));
  for (int first = 0; first < all; first += most_at_once) {
    const int count = std::min(most_at_once, all - first);
    Array<float> middles = Array<float>::from_shape({static_cast<std::size_t>(count), 2});
    float* coordinate = middles.data();
    for (int i = first; i < first + count; ++i) {
      const int row = i / regions.columns, column = i % regions.columns;
      *coordinate++ = static_cast<float>(regions.left + (column + 0.5) * regions.cell);
      *coordinate++ = static_cast<float>(regions.bottom + (row + 0.5) * regions.cell);
    }
    const std::vector<int> labels = classify(classifier, middles);
    regions.labels.insert(regions.labels.end(), labels.begin(), labels.end());
  }
  return regions;
}

}  // namespace tapegrad::train
