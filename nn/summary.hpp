#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>

#include <tapegrad/autograd/precision.hpp>
#include <tapegrad/nn/architecture.hpp>
#include <tapegrad/nn/module.hpp>
#include <tapegrad/nn/window.hpp>

namespace tapegrad::nn {

/// A layer as a summary shows it; all counts are for one sample.
struct LayerSummary {
  std::string name;          ///< Its path, such as `0` or `0.pieces`.
  std::string kind;          ///< Its class, such as `Conv2d`.
  Shape output;              ///< Without the axis of samples.
  std::int64_t neurons = 0;  ///< Weighted sums: outputs of layers whose weight has several axes.
  std::int64_t weights = 0;  ///< Numbers of its parameters other than biases.
  std::int64_t biases = 0;   ///< Numbers of parameters called `bias`.
  std::int64_t activations = 0;         ///< Numbers that it makes; a Flatten makes none.
  std::optional<ReceptiveField> field;  ///< Of outputs (C, H, W); others have no positions.
  bool is_called = true;                ///< Whether the forward pass reached it.

  /// Weights and biases.
  std::int64_t parameters() const { return weights + biases; }
};

/// The layers of a network with shapes, sizes and what they see. `fmt::print("{}", summary)`.
struct Summary {
  Shape input;                       ///< Of one sample.
  std::vector<LayerSummary> layers;  ///< In the order in which they finish.
  Precision precision = f64;         ///< Of the numbers whose bytes are counted.

  /// Of all layers.
  std::int64_t neurons() const;
  /// Of all layers, a shared one once.
  std::int64_t weights() const;
  /// Of all layers, a shared one once.
  std::int64_t biases() const;
  /// Weights and biases.
  std::int64_t parameters() const { return weights() + biases(); }
  /// Of all layers, without the input.
  std::int64_t activations() const;
  /// What parameters take, without their gradients.
  std::int64_t parameter_bytes() const;
  /// What the activations of one sample take.
  std::int64_t activation_bytes() const;
  /// The same with a gradient for each.
  std::int64_t activation_bytes_with_gradients() const { return 2 * activation_bytes(); }
};

/// What a module is made of, found by sending one sample of zeros through it, in evaluation and
/// without gradients. A row for each module that computes something itself or has parameters of its
/// own; one that is called twice has two, its parameters in the first; one that is not called comes
/// at the end. Modes, gradients and random numbers stay as they were. Throws what the module throws
/// for inputs of that shape, which is without the axis of samples.
Summary summary(Module& module, const Shape& input, Precision precision = default_precision());

/// The same of a network that need not be built: nothing of its size is allocated.
Summary summary(const Architecture& architecture, Precision precision = default_precision());

/// A table with a line per layer and the sums below.
std::string to_string(const Summary& summary);

}  // namespace tapegrad::nn

template <>
struct fmt::formatter<tapegrad::nn::Summary> : fmt::formatter<fmt::string_view> {
  // Not here: how text is formatted stands in <fmt/format.h>, which takes long to compile.
  fmt::format_context::iterator format(const tapegrad::nn::Summary& summary,
                                       fmt::format_context& context) const;
};
