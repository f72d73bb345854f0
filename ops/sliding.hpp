#pragma once

#include <cstdint>
#include <type_traits>

#include <tapegrad/ops/shape.hpp>

namespace tapegrad {

/// A number for the height and one for the width; a single number stands for both. Where a window
/// of 3×1 and a size with its stride could be meant, write `HeightWidth{3, 1}`.
struct HeightWidth {
  std::int64_t height;  ///< Along the last axis but one.
  std::int64_t width;   ///< Along the last axis.

  /// The same for both.
  template <class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
  HeightWidth(Integer both) : height(both), width(both) {}
  /// Not a fraction.
  HeightWidth(double both) = delete;
  /// One for each.
  HeightWidth(std::int64_t height_, std::int64_t width_) : height(height_), width(width_) {}

  /// True if both agree.
  friend bool operator==(const HeightWidth& a, const HeightWidth& b) {
    return a.height == b.height && a.width == b.width;
  }
};

/// What becomes of the rest where windows do not fit into an image a whole number of times.
enum class Fit {
  exact,  ///< An error says so.
  floor,  ///< The last rows and columns are left out, as PyTorch does.
};

namespace ops {

/// Height times width.
inline std::int64_t area(const HeightWidth& size) {
  return size.height * size.width;
}

/// How windows move over the last two axes of images: from one to the next by `stride`, over images
/// with `padding` zeros on each side; neighbours within a window are `dilation` apart, so that 1
/// is a dense one.
struct Sliding {
  HeightWidth stride{1};    ///< From one window to the next.
  HeightWidth padding{0};   ///< Zeros on each side.
  HeightWidth dilation{1};  ///< Between neighbours in a window.
  Fit fit = Fit::exact;     ///< What becomes of a rest.

  /// How many windows of a size fit: (W − (D·(F − 1) + 1) + 2P)/S + 1 for W entries, windows of F,
  /// stride S, padding P and dilation D. Throws ShapeError if that is no whole number, unless it is
  /// to be rounded down, or if not even one fits.
  HeightWidth positions(HeightWidth image, HeightWidth window, const char* gate) const;
};

/// The height and width of images (N, C, H, W). Throws ShapeError unless there are four axes.
HeightWidth image_size(const Shape& images, const char* gate);

}  // namespace ops
}  // namespace tapegrad
