#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <tapegrad/train/direction.hpp>

namespace tapegrad::train {

/// One axis of a landscape's grid: places at equal distances along a direction.
struct GridAxis {
  Direction direction;  ///< What the coordinate moves.
  double low = -1;      ///< The first coordinate.
  double high = 1;      ///< The last one.
  int points = 51;      ///< How many there are, both ends included.
};

/// A place in a landscape and the loss there.
struct LandscapePoint {
  double x;     ///< Along the first axis.
  double y;     ///< Along the second; 0 in a landscape with one axis.
  double loss;  ///< Also what a path's chart over its steps shows.
};

/// A way through a landscape, such as an optimizer's. One of a single point marks a place.
struct LandscapePath {
  std::string name;                    ///< In the legend.
  std::vector<LandscapePoint> points;  ///< From its start to its end.
};

/// The loss on a grid along one or two directions: plain numbers, and their picture.
struct Landscape {
  std::string title = "Loss landscape";  ///< Above the picture.
  std::string x_label;                   ///< Of the first axis.
  std::string y_label;                   ///< Of the second.
  std::vector<double> x;                 ///< The first axis' coordinates.
  std::vector<double> y;                 ///< The second's; empty in a landscape with one axis.
  /// At (x[i], y[j]) stands losses[j * x.size() + i]; what is not finite leaves a hole.
  std::vector<double> losses;
  std::vector<LandscapePath> paths;  ///< Drawn over it; they may leave the grid.
  /// Whether the picture begins with losses on a logarithmic scale, which needs losses above 0. The
  /// page has a switch.
  bool logarithmic = false;

  /// The loss at (x[i], y[j]), not checked.
  double loss(std::size_t i, std::size_t j = 0) const { return losses[j * x.size() + i]; }

  /// A table with a header: a row per point of the grid, then one per point of the paths, with the
  /// path's name in the last column.
  std::string csv() const;
  /// Everything, under the names of the members; losses that are not finite are null.
  std::string json() const;
  /// A page in one file that needs no network: contours (with one axis, a line), paths, and their
  /// losses over their steps. Throws ValueError unless the sizes of x, y and losses fit, Error if
  /// the library was built without npm, which bundles the page.
  std::string html() const;
  /// Writes what the name's ending says: `.csv`, `.json` or `.html`. Throws ValueError for another
  /// ending, FileError if it cannot be written, and as html().
  void save(const std::string& path) const;
};

/// The loss along one direction: moves the parameters to every place of the grid, calls the closure
/// and puts the parameters back, to the bit, also when the closure throws. The closure computes the
/// same loss whenever the parameters are the same: a network with dropout or batch norm belongs in
/// evaluation mode. Each move counts as a change of the parameters, so a tape that has read them
/// before refuses to go backward. Throws ValueError for fewer than two points, or unless low < high
/// are finite.
///
///     const NoGrad no_grad;
///     const auto loss = [&] {
///       Tape tape;
///       return nn::cross_entropy(model(tape.data(points)), labels).item();
///     };
///     train::loss_landscape(loss, {train::Direction::weight(w, {0, 1}), -2, 2}).save("w.html");
Landscape loss_landscape(const std::function<double()>& loss, const GridAxis& x);

/// The loss on the plane of two directions, row by row from the lowest y. Throws as above, and
/// ValueError for directions that are parallel.
///
///     using train::Direction;
///     train::loss_landscape(loss, {Direction::random(model.parameters(), 1)},
///                           {Direction::random(model.parameters(), 2)}).save("plane.html");
Landscape loss_landscape(const std::function<double()>& loss, const GridAxis& x, const GridAxis& y);

}  // namespace tapegrad::train
