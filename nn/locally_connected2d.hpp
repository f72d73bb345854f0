#pragma once

#include <optional>
#include <vector>

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// Where the windows of a LocallyConnected2d lie.
struct LocallyConnected2dOptions {
  HeightWidth stride = 1;    ///< From one position to the next.
  HeightWidth padding = 0;   ///< Zeros on each side.
  HeightWidth dilation = 1;  ///< Between neighbours of a window.
  bool bias = true;          ///< Whether units have one.
  Fit fit = Fit::exact;      ///< PyTorch's way, to round down, is Fit::floor.
};

/// A Conv2d whose positions share no weights: each of the K·OH·OW outputs has a filter and a bias
/// of its own, for images of one size alone. x (N, C, H, W) to (N, K, OH, OW), sizes as Conv2d's.
/// Parameters `weight` (OH·OW·K, C, FH, FW), position by position, He's initialisation, and, unless
/// it was declined, `bias` (OH·OW·K), zero. The windows are gathered once, N times C·FH·FW·OH·OW
/// numbers, and multiplied position by position.
class LocallyConnected2d : public Module {
 public:
  /// Throws ValueError if a size is below 1 or the image has more than 2^24 numbers, ShapeError if
  /// windows do not fit.
  LocallyConnected2d(std::int64_t in_channels, std::int64_t out_channels, HeightWidth image,
                     HeightWidth size, const LocallyConnected2dOptions& options = {});

  /// Throws ShapeError for images of other channels or another size.
  Var forward(const Var& x) override;
  /// What a unit covers.
  Window window() const override;

  /// The filters, one for each unit.
  const Parameter& weight() const { return weight_; }
  /// One number for each unit. Throws ValueError if the layer has none.
  const Parameter& bias() const;

 private:
  LocallyConnected2dOptions options_;
  std::int64_t out_channels_;
  Shape image_;  ///< (C, H, W).
  HeightWidth positions_;
  Parameter weight_;
  std::optional<Parameter> bias_;
  /// For each position and element of its window, where it lies in a padded image.
  std::vector<std::int32_t> elements_;
};

}  // namespace tapegrad::nn
