#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <tapegrad/autograd/precision.hpp>
#include <tapegrad/data/dataset.hpp>
#include <tapegrad/nn/module.hpp>

namespace tapegrad::train {

/// Anything that gives each of N points (N, 2) a label.
using PointClassifier = std::function<std::vector<int>(const Array<float>& points)>;

/// The classifier that gives each point the label of its largest score, of equal ones the first, by
/// a function from points (N, 2) to scores (N, K).
PointClassifier by_scores(std::function<Array<double>(const Array<float>& points)> scores);

/// The same by the scores of a network in evaluation mode, which must live as long.
PointClassifier by_scores(nn::Module& model, Precision precision = default_precision());

/// How finely and how far around the points a plane is looked at.
struct RegionOptions {
  int cells = 300;      ///< Squares along the longer side, at least 2.
  double margin = 0.1;  ///< Room around the points, as a share of the longer side.
};

/// Which label a classifier gives to every place of the plane: a grid of square cells, each judged
/// by its middle, and the points that lie in it.
struct DecisionRegions {
  std::string title;        ///< Above its picture.
  int columns = 0;          ///< Cells from left to right.
  int rows = 0;             ///< Cells from the lowest to the highest.
  double left = 0;          ///< Where the first cell begins.
  double bottom = 0;        ///< Where the lowest cell begins.
  double cell = 0;          ///< The side of a cell.
  std::vector<int> labels;  ///< Row by row from the lowest, rows·columns of them.
  data::Dataset points;     ///< (N, 2), drawn over it.
  double accuracy = 0;      ///< The share of the points whose place has their label.

  /// How long the boundary between regions is: pairs of cells side by side or one above the other
  /// that have different labels, times the side of a cell. Of a straight line through the plane
  /// this is its way right plus its way up.
  double boundary() const;

  /// A picture (3, rows·scale, columns·scale) without words: regions in light colours, points as
  /// discs in full ones. The colours are told apart by all kinds of eyes. Throws ValueError unless
  /// `scale` is from 1 to 32, and as save_regions.
  Array<float> image(int scale = 2) const;
};

/// Asks a classifier for the label of every cell around the points. Throws ShapeError unless the
/// points are (N, 2), ValueError for options out of range, no points, points that are not finite or
/// all in one place, or a classifier that does not give one label of 0 or more per point, and what
/// `Dataset::validate` throws.
DecisionRegions decision_regions(const PointClassifier& classifier, const data::Dataset& points,
                                 const RegionOptions& options = {});

/// Writes several regions side by side, as the name's ending says: `.html`, a page that needs no
/// network, with titles, axes and a key; `.png`, the images alone; `.json` or `.csv`, the numbers.
/// Throws ValueError for another ending, no panel, or sizes that do not fit; Error for a page if
/// the library was built without npm; FileError if it cannot be written.
void save_regions(const std::string& path, const std::string& title,
                  const std::vector<DecisionRegions>& panels);

}  // namespace tapegrad::train
