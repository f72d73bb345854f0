#include <tapegrad/train/landscape.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace tapegrad::train {

namespace {

/// The parameters that some axes move, put back on the way out.
class Traveller {
 public:
  explicit Traveller(const std::vector<const GridAxis*>& axes) : axes_(axes) {
    for (const GridAxis* axis : axes) {
      for (const Direction::Part& part : axis->direction.parts()) {
        if (!finds(part.parameter)) {
          places_.push_back({part.parameter, part.parameter.clone(), part.parameter.value()});
        }
      }
    }
  }
  ~Traveller() {
    for (Place& place : places_) {
      detail::ParameterState& state = *place.parameter.state();
      std::memcpy(
          state.value, place.start.state()->value,
          static_cast<std::size_t>(state.size * bytes_per_number(place.parameter.precision())));
      // Not the old version: a tape that has read a value on the way would take it for its own.
      ++state.version;
    }
  }
  Traveller(const Traveller&) = delete;
  Traveller& operator=(const Traveller&) = delete;

  /// Moves to one coordinate per axis.
  void go_to(const std::vector<double>& coordinates) {
    for (Place& place : places_) {
      Array<double> value = place.numbers;
      // What is set comes before what is added: a direction may move a weight that is an axis too.
      for (const bool sets : {true, false}) {
        for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
          const Direction& direction = axes_[axis]->direction;
          if (direction.element().has_value() == sets) {
            move(value, place.parameter, direction, coordinates[axis]);
          }
        }
      }
      place.parameter.set_value(value);
    }
  }

 private:
  struct Place {
    Parameter parameter;
    Parameter start;        ///< Where it was, to the bit.
    Array<double> numbers;  ///< The same to compute with.
  };

  bool finds(const Parameter& parameter) const {
    return std::any_of(places_.begin(), places_.end(),
                       [&](const Place& place) { return same(place.parameter, parameter); });
  }

  static void move(Array<double>& value, const Parameter& parameter, const Direction& direction,
                   double coordinate) {
    for (const Direction::Part& part : direction.parts()) {
      if (!same(part.parameter, parameter)) continue;
      if (direction.element()) {
        value.data()[*direction.element()] = coordinate;
      } else {
        const double* const step = part.step.data();
        for (std::size_t i = 0; i < value.size(); ++i) value.data()[i] += coordinate * step[i];
      }
    }
  }

  std::vector<const GridAxis*> axes_;
  std::vector<Place> places_;
};

std::vector<double> coordinates_of(const GridAxis& axis) {
  if (axis.points < 2) {
    throw ValueError(
        fmt::format("[loss_landscape] needs at least 2 points along '{}', got {}; raise `points`",
                    axis.direction.name(), axis.points));
  }
  // What is computed of them must be finite too.
  const double width = axis.high - axis.low;
  const int intervals = axis.points - 1;
  if (!(axis.low < axis.high) || !std::isfinite(width * intervals)) {
    throw ValueError(fmt::format(
        "[loss_landscape] needs finite low < high along '{}', got low = {} and high = {}",
        axis.direction.name(), axis.low, axis.high));
  }
  std::vector<double> coordinates;
  coordinates.reserve(static_cast<std::size_t>(axis.points));
  // In this order of operations a 0 in the middle is exactly 0.
  for (int i = 0; i < intervals; ++i) coordinates.push_back(axis.low + width * i / intervals);
  coordinates.push_back(axis.high);
  return coordinates;
}

double inner_product(const Direction& a, const Direction& b) {
  double sum = 0;
  for (const Direction::Part& part : a.parts()) {
    for (const Direction::Part& other : b.parts()) {
      if (!same(part.parameter, other.parameter)) continue;
      for (std::size_t i = 0; i < part.step.size(); ++i) {
        sum += part.step.data()[i] * other.step.data()[i];
      }
    }
  }
  return sum;
}

void check_plane(const Direction& x, const Direction& y) {
  const double norms = std::sqrt(inner_product(x, x)) * std::sqrt(inner_product(y, y));
  if (std::abs(inner_product(x, y)) < norms * (1 - 1e-12)) return;
  throw ValueError(
      fmt::format("[loss_landscape] needs two directions that span a plane, got '{}' and '{}', "
                  "which are parallel; give random ones different seeds",
                  x.name(), y.name()));
}

}  // namespace

Landscape loss_landscape(const std::function<double()>& loss, const GridAxis& x) {
  Landscape landscape;
  landscape.x_label = x.direction.name();
  landscape.x = coordinates_of(x);
  Traveller traveller({&x});
  for (const double at_x : landscape.x) {
    traveller.go_to({at_x});
    landscape.losses.push_back(loss());
  }
  return landscape;
}

Landscape loss_landscape(const std::function<double()>& loss, const GridAxis& x,
                         const GridAxis& y) {
  check_plane(x.direction, y.direction);
  Landscape landscape;
  landscape.x_label = x.direction.name();
  landscape.y_label = y.direction.name();
  landscape.x = coordinates_of(x);
  landscape.y = coordinates_of(y);
  Traveller traveller({&x, &y});
  for (const double at_y : landscape.y) {
    for (const double at_x : landscape.x) {
      traveller.go_to({at_x, at_y});
      landscape.losses.push_back(loss());
    }
  }
  return landscape;
}

}  // namespace tapegrad::train
