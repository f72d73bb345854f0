#pragma once

#include <optional>

#include <tapegrad/nn/module.hpp>

namespace tapegrad::nn {

/// How the filters of a Conv2d slide; PyTorch's defaults.
struct Conv2dOptions {
  HeightWidth stride = 1;    ///< From one position to the next.
  HeightWidth padding = 0;   ///< Zeros on each side.
  HeightWidth dilation = 1;  ///< Between neighbours of a filter.
  std::int64_t groups = 1;   ///< Into which channels and filters are split.
  bool bias = true;          ///< Whether filters have one.
  Fit fit = Fit::exact;      ///< PyTorch's way, to round down, is Fit::floor.
};

/// K filters that slide over images, as in PyTorch: x (N, C, H, W) to (N, K, OH, OW), with OH =
/// (H − D·(F − 1) − 1 + 2P)/S + 1 for filters of size F, stride S, padding P and dilation D, where
/// 1 is a dense filter; each filter has one bias. Weights (K, C/groups, F, F) start with He's
/// initialisation, biases at zero. Parameters `weight` and, unless it was declined, `bias`.
class Conv2d : public Module {
 public:
  /// `Conv2d(3, 32, 3, {1, 1})`, of stride 1 and padding 1, keeps the size of images. Throws
  /// ValueError if a size is below 1 or groups do not divide both numbers of channels.
  Conv2d(std::int64_t in_channels, std::int64_t out_channels, HeightWidth size,
         const Conv2dOptions& options = {});

  /// Throws ShapeError for images that have other channels or that filters do not fit.
  Var forward(const Var& x) override;

  /// What a filter covers.
  Window window() const override;

  /// The filters, shape (K, C/groups, FH, FW).
  const Parameter& weight() const { return weight_; }
  /// Shape (K). Throws ValueError if the layer has none.
  const Parameter& bias() const;
  /// As it was made.
  const Conv2dOptions& options() const { return options_; }

 private:
  Conv2dOptions options_;
  Parameter weight_;
  std::optional<Parameter> bias_;
};

}  // namespace tapegrad::nn
