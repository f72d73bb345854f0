#pragma once

#include <algorithm>

#include <tapegrad/ops/convolution.hpp>
#include <tapegrad/ops/kernels/panels.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>

namespace tapegrad::ops::kernels {

// NOTE [Convolution as a matrix product]
// An image's windows, each written out as a column, are a matrix of in_channels·FH·FW rows and
// OH·OW columns. The filters, one a row, times that matrix are the image's output, as it lies in
// memory; both gradients are products with it too. As a right operand only the panels that the
// product asks for are ever written, taken from a copy of the image that stands between its zeros:
// there an entry of all windows is the image's rows, moved by an offset. The gradient in the
// filters has it on the left, written out for one image at a time. Images go through one by one:
// what is copied stays in the cache. Source: Chellapilla, Puri, Simard, High Performance
// Convolutional Neural Networks for Document Processing, 2006.

/// The matrix of the windows of one image after the other, a source of panels. A thread has the
/// memory of one.
template <class T>
class Windows {
 public:
  explicit Windows(const ConvolutionSizes& sizes)
      : s_(sizes),
        height_(s_.image.height + 2 * s_.padding.height),
        width_(s_.image.width + 2 * s_.padding.width),
        // Whole registers are read where the last few numbers of a row are wanted.
        padded_(zeros(s_.in_channels * height_ * width_ + Lanes<T>::width)),
        offsets_(scratch<std::int64_t, Windows>(rows())) {
    std::int64_t* offset = offsets_;
    for (std::int64_t c = 0; c < s_.in_channels; ++c) {
      for (std::int64_t a = 0; a < s_.window.height; ++a) {
        for (std::int64_t b = 0; b < s_.window.width; ++b) {
          *offset++ = (c * height_ + a * s_.dilation.height) * width_ + b * s_.dilation.width;
        }
      }
    }
  }

  /// The rows of the matrix.
  std::int64_t rows() const { return s_.in_channels * area(s_.window); }

  /// Turns to the windows of an image.
  void turn_to(const T* image) {
    T* row = padded_ + s_.padding.height * width_ + s_.padding.width;
    for (std::int64_t c = 0; c < s_.in_channels; ++c) {
      for (std::int64_t i = 0; i < s_.image.height; ++i, row += width_, image += s_.image.width) {
        std::copy_n(image, s_.image.width, row);
      }
      row += (height_ - s_.image.height) * width_;
    }
  }

  /// As MatrixPanels::pack.
  void pack(std::int64_t p, std::int64_t depth, std::int64_t first, std::int64_t columns,
            T* panels) const {
    constexpr std::int64_t full = panel_width<T>;
    for (std::int64_t j = 0; j < columns; j += full, panels += full * depth) {
      Pieces<full> pieces(*this, first + j, std::min(full, columns - j));
      for (std::int64_t r = 0; r < depth; ++r) pieces.copy(offsets_[p + r], panels + r * full);
    }
  }

  static std::int64_t dots(std::int64_t) { return 0; }
  template <int>
  static void dot_tiles(std::int64_t, std::int64_t, Matrix<T>, std::int64_t, T*, std::int64_t,
                        bool) {}

  /// Writes the whole matrix row by row, and a register's numbers more.
  void write(T* matrix) const {
    for (std::int64_t r = 0; r < rows(); ++r) {
      for (std::int64_t i = 0; i < s_.output.height; ++i, matrix += s_.output.width) {
        copy_piece(padded_ + offsets_[r] + i * s_.stride.height * width_, s_.output.width, matrix);
      }
    }
  }

 private:
  static T* zeros(std::int64_t count) {
    T* const numbers = scratch<T, Windows>(count);
    std::fill_n(numbers, count, T(0));
    return numbers;
  }

  /// Some numbers of a row, `stride` apart. May write up to a register more: what follows is
  /// written afterwards.
  void copy_piece(const T* from, std::int64_t count, T* to) const {
    using L = Lanes<T>;
    if (s_.stride.width == 1) {
      for (std::int64_t j = 0; j < count; j += L::width) L::load(from + j).store(to + j);
    } else {
      for (std::int64_t j = 0; j < count; ++j) to[j] = from[j * s_.stride.width];
    }
  }

  /// The rows of the image, or pieces of them, from which a few columns of the matrix come.
  template <std::int64_t most>
  class Pieces {
   public:
    Pieces(const Windows& windows, std::int64_t first, std::int64_t columns) : windows_(windows) {
      const std::int64_t width = windows.s_.output.width;
      std::int64_t i = first / width, j = first % width;
      for (std::int64_t done = 0; done < columns; ++i, j = 0) {
        const std::int64_t size = std::min(width - j, columns - done);
        pieces_[count_++] = {windows.padded_ + i * windows.s_.stride.height * windows.width_ +
                                 j * windows.s_.stride.width,
                             size};
        done += size;
      }
    }

    /// The entry of the windows at an offset.
    void copy(std::int64_t offset, T* to) const {
      for (int i = 0; i < count_; ++i) {
        windows_.copy_piece(pieces_[i].from + offset, pieces_[i].size, to);
        to += pieces_[i].size;
      }
    }

   private:
    struct Piece {
      const T* from;
      std::int64_t size;
    };
    const Windows& windows_;
    Piece pieces_[most];
    int count_ = 0;
  };

  const ConvolutionSizes s_;
  const std::int64_t height_, width_;
  T* const padded_;
  std::int64_t* const offsets_;
};

}  // namespace tapegrad::ops::kernels
