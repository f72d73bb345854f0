#pragma once

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/rule.hpp>
#include <tapegrad/ops/sliding.hpp>

namespace tapegrad::ops {

/// Every size of a convolution. Images have `groups · in_channels` channels, outputs
/// `groups · out_channels`; filters of a group see its own channels alone.
struct ConvolutionSizes {
  std::int64_t batch;         ///< Samples.
  std::int64_t groups;        ///< Of channels.
  std::int64_t in_channels;   ///< Of a group's images.
  std::int64_t out_channels;  ///< Of a group's output.
  HeightWidth image;          ///< Of an image.
  HeightWidth window;         ///< Of a filter.
  HeightWidth output;         ///< Of an output.
  HeightWidth stride;         ///< From one position to the next.
  HeightWidth padding;        ///< Zeros on each side.
  HeightWidth dilation;       ///< Between neighbours of a filter.
};

struct Conv2dInputGrad;
struct Conv2dWeightGrad;

/// What a convolution and its two gradients share: how filters slide, and into how many groups
/// channels are split.
struct Convolution : Sliding {
  std::int64_t groups = 1;  ///< Into which channels and filters are split.

  /// One position after the other, no padding, dense, one group.
  Convolution() = default;
  /// Windows that slide so, in so many groups.
  Convolution(const Sliding& sliding, std::int64_t groups_) : Sliding(sliding), groups(groups_) {}

  /// All sizes for images x (N, C, H, W) and filters w (K, C/groups, FH, FW). Throws ShapeError
  /// where they do not fit.
  ConvolutionSizes sizes(const Shape& x, const Shape& w, const char* gate) const;
  /// The same, where g must be the output's shape (N, K, OH, OW).
  ConvolutionSizes sizes(const Shape& x, const Shape& w, const Shape& g, const char* gate) const;

 protected:
  /// The gradients of a gate whose operands 0 and 1 are images and filters.
  template <class Executor>
  void add_gradients(Executor& e) const {
    if (e.needs(0)) {
      e.add(0, Listed<Conv2dInputGrad, Executor>{*this, e.operand(0).shape()}, e.upstream(),
            e.operand(1));
    }
    if (e.needs(1)) {
      e.add(1, Listed<Conv2dWeightGrad, Executor>{*this, e.operand(1).shape()}, e.operand(0),
            e.upstream());
    }
  }
};

/// The output's shape (N, K, OH, OW).
Shape output_shape(const ConvolutionSizes& sizes);

}  // namespace tapegrad::ops
