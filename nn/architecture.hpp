#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <tapegrad/nn/sequential.hpp>
#include <tapegrad/nn/window.hpp>

namespace tapegrad::nn {

/// What is known of a layer before it exists.
struct PlannedLayer {
  std::string word;  ///< In the pattern, a size that was left out written; `flatten` even if it
                     ///< was left out.
  std::string kind;  ///< The module's class, such as `Conv2d`.
  Shape input;       ///< Of one sample.
  Shape output;      ///< Of one sample.
  /// Names and shapes of what is trained, as in the module's named_parameters().
  std::vector<std::pair<std::string, Shape>> parameters;
  std::int64_t neurons = 0;                 ///< Weighted sums that it computes for a sample.
  std::int64_t activations = 0;             ///< Numbers that it makes for a sample.
  Window window;                            ///< What a position sees of the input.
  std::function<void(Sequential&)> append;  ///< Makes the layer.
};

/// A network described by words for its layers, with all shapes and counts before anything is
/// allocated:
///
///     const nn::Architecture net("conv3-32 relu pool2 fc128 relu fc10", {3, 32, 32});
///     nn::Sequential model = net.build();
///
/// | word | layer |
/// | --- | --- |
/// | `conv3-32` | Conv2d of 32 filters 3×3; `conv3x5-32` is 3 high and 5 wide |
/// | `lc3-32` | LocallyConnected2d, likewise |
/// | `pool2` `avgpool2` `l2pool2` | pools of 2×2 side by side; without a size the whole image |
/// | `fc128` | Linear with 128 outputs |
/// | `maxout128` `maxout128x3` | Maxout of 2 or 3 pieces |
/// | `dropconnect0.5-128` | DropConnect with p 0.5 |
/// | `bn` | BatchNorm2d behind convolutions, BatchNorm1d behind dense layers |
/// | `relu` `sigmoid` `tanh` `leakyrelu` `leakyrelu0.2` | activations |
/// | `prelu` `prelu1` | PReLU with a slope per channel or unit, or one for all |
/// | `dropout` `dropout0.3` | Dropout with p 0.5 or 0.3 |
/// | `noise0.1` | GaussianNoise of standard deviation 0.1 |
/// | `flatten` | Flatten; stands by itself before the first dense layer of images |
///
/// After a size, in any order: `/2` stride, `p1` padding, `d2` dilation, `g4` groups (conv), `f` to
/// round down where windows do not fit. `conv11-96/4p0` slides 4 at a time without padding. Where
/// they say no padding, conv and lc of stride 1 and odd size keep the size of images ("same"),
/// others have none. `[conv3-64 relu]*2` repeats what is in the brackets, which may be nested.
class Architecture {
 public:
  /// For samples of the given shape, (C, H, W) or (D), without the axis of samples. Throws
  /// ValueError naming the word that is wrong, and ShapeError naming the one that does not fit.
  Architecture(const std::string& pattern, const Shape& input);

  /// All layers' words, one blank apart, which describe the same network.
  std::string pattern() const;
  /// The shape of a sample.
  const Shape& input() const { return input_; }
  /// The shape of what the last layer makes of a sample.
  const Shape& output() const;
  /// In the order of the Sequential's modules.
  const std::vector<PlannedLayer>& layers() const& { return layers_; }
  /// The same of an Architecture that ends with the expression.
  std::vector<PlannedLayer> layers() && { return std::move(layers_); }

  /// The network, with new weights.
  Sequential build() const;

 private:
  Shape input_;
  std::vector<PlannedLayer> layers_;
};

/// The sizes of a network INPUT → [[CONV → RELU]*N → POOL?]*M → [FC → RELU]*K → FC.
struct ConvNetSizes {
  std::vector<std::int64_t> filters = {};  ///< Of the convolutions in each of the M blocks.
  std::int64_t convolutions = 1;           ///< N, in each block.
  bool pool = true;                        ///< Whether a block ends with a max pool of 2.
  std::vector<std::int64_t> hidden = {};   ///< Units of the K hidden layers.
  std::int64_t classes = 10;               ///< Outputs of the last layer, which has no activation.
  std::int64_t size = 3;                   ///< Of a filter.
};

/// Its pattern, for Architecture: `conv_net({{32, 64}})` is
/// `conv3-32 relu pool2 conv3-64 relu pool2 fc10`; M = K = 0 is a linear classifier. Throws
/// ValueError if a size is below 1 or N below 0.
std::string conv_net(const ConvNetSizes& sizes);

}  // namespace tapegrad::nn
