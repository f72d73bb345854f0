#pragma once

#include <tapegrad/ops/sliding.hpp>

namespace tapegrad::nn {

/// What one position of a layer's output sees of its input, along height and width. A layer that
/// works element by element sees windows of 1.
struct Window {
  HeightWidth size = 1;      ///< Elements along each side.
  HeightWidth stride = 1;    ///< From one window to the next.
  HeightWidth dilation = 1;  ///< Between neighbours within a window.
};

/// The part of a network's input that one position of a layer sees, through all layers before it.
struct ReceptiveField {
  HeightWidth size = 1;    ///< In pixels of the input.
  HeightWidth stride = 1;  ///< How far apart in the input neighbouring positions look.

  /// The field of a layer with such windows behind one with this field: the size grows by
  /// D·(F − 1) strides, the stride is multiplied. Two 3×3 windows see 5×5.
  ReceptiveField through(const Window& window) const;
};

}  // namespace tapegrad::nn
