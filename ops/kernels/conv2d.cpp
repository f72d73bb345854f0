#include <algorithm>

#include <tapegrad/ops/convolution.hpp>
#include <tapegrad/ops/kernels/positions.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>

// NOTE [Convolution as a matrix product]
// An image's windows, each written out as a column, are a matrix of in_channels·FH·FW rows and
// OH·OW columns. The filters, one a row, times that matrix are the image's output, as it lies in
// memory; both gradients are products with it too. It is made image by image: it stays in the cache
// between being written and being read, where one of the whole batch would not.
// Source: Chellapilla, Puri, Simard, High Performance Convolutional Neural Networks for Document
// Processing, 2006.

namespace tapegrad::ops::kernels {

namespace {

struct Columns;

std::int64_t area(const HeightWidth& size) {
  return size.height * size.width;
}

/// The matrix of an image is the image itself.
bool is_its_columns(const ConvolutionSizes& s) {
  return area(s.window) == 1 && s.stride == HeightWidth(1) && s.padding == HeightWidth(0);
}

/// Calls f(row of the matrix, channel of the image, offset down, offset right) for each entry of a
/// window.
template <class F>
void for_each_entry(const ConvolutionSizes& s, F f) {
  std::int64_t row = 0;
  for (std::int64_t c = 0; c < s.in_channels; ++c) {
    for (std::int64_t a = 0; a < s.window.height; ++a) {
      for (std::int64_t b = 0; b < s.window.width; ++b, ++row) {
        f(row, c, a * s.dilation.height - s.padding.height, b * s.dilation.width - s.padding.width);
      }
    }
  }
}

/// Writes the windows of in_channels images as columns.
template <class T>
void to_columns(const ConvolutionSizes& s, const T* image, T* columns) {
  for_each_entry(s, [&](std::int64_t row, std::int64_t c, std::int64_t down, std::int64_t right) {
    T* out = columns + row * area(s.output);
    const Positions rows = positions_within(down, s.stride.height, s.image.height, s.output.height);
    const Positions line = positions_within(right, s.stride.width, s.image.width, s.output.width);
    std::fill_n(out, rows.first * s.output.width, T(0));
    std::fill(out + rows.end * s.output.width, out + area(s.output), T(0));
    for (std::int64_t i = rows.first; i < rows.end; ++i) {
      T* const y = out + i * s.output.width;
      const T* const x =
          image + (c * s.image.height + i * s.stride.height + down) * s.image.width + right;
      std::fill_n(y, line.first, T(0));
      if (s.stride.width == 1) {
        std::copy(x + line.first, x + line.end, y + line.first);
      } else {
        for (std::int64_t j = line.first; j < line.end; ++j) y[j] = x[j * s.stride.width];
      }
      std::fill(y + line.end, y + s.output.width, T(0));
    }
  });
}

/// Adds columns to the places that they were taken from.
template <class T>
void add_columns(const ConvolutionSizes& s, const T* columns, T* image) {
  for_each_entry(s, [&](std::int64_t row, std::int64_t c, std::int64_t down, std::int64_t right) {
    const T* const in = columns + row * area(s.output);
    const Positions rows = positions_within(down, s.stride.height, s.image.height, s.output.height);
    const Positions line = positions_within(right, s.stride.width, s.image.width, s.output.width);
    for (std::int64_t i = rows.first; i < rows.end; ++i) {
      const T* const y = in + i * s.output.width;
      T* const x =
          image + (c * s.image.height + i * s.stride.height + down) * s.image.width + right;
      if (s.stride.width == 1) {
        for (std::int64_t j = line.first; j < line.end; ++j) x[j] += y[j];
      } else {
        for (std::int64_t j = line.first; j < line.end; ++j) x[j * s.stride.width] += y[j];
      }
    }
  });
}

/// Sizes in memory of a group's part of an image, of an output and of the filters.
struct Parts {
  explicit Parts(const ConvolutionSizes& s)
      : image(s.in_channels * area(s.image)),
        output(s.out_channels * area(s.output)),
        rows(s.in_channels * area(s.window)),
        filters(s.out_channels * rows),
        columns(rows * area(s.output)) {}
  std::int64_t image, output, rows, filters, columns;
};

/// Calls f(sample and group, group) for each part of the batch.
template <class F>
void for_each_part(const ConvolutionSizes& s, F f) {
  for (std::int64_t part = 0; part < s.batch * s.groups; ++part) f(part, part % s.groups);
}

}  // namespace

template <class T>
void conv2d(const ConvolutionSizes& s, const T* x, const T* w, T* y, bool accumulate) {
  const Parts size(s);
  const bool direct = is_its_columns(s);
  T* const columns = direct ? nullptr : scratch<T, Columns>(size.columns);
  for_each_part(s, [&](std::int64_t part, std::int64_t group) {
    const T* const image = x + part * size.image;
    if (!direct) to_columns(s, image, columns);
    gemm(false, false, s.out_channels, area(s.output), size.rows, w + group * size.filters,
         direct ? image : columns, y + part * size.output, accumulate);
  });
}

template <class T>
void conv2d_input_grad(const ConvolutionSizes& s, const T* g, const T* w, T* x, bool accumulate) {
  const Parts size(s);
  const bool direct = is_its_columns(s);
  T* const columns = direct ? nullptr : scratch<T, Columns>(size.columns);
  if (!direct && !accumulate) fill_zero(x, s.batch * s.groups * size.image);
  for_each_part(s, [&](std::int64_t part, std::int64_t group) {
    T* const image = x + part * size.image;
    gemm(true, false, size.rows, area(s.output), s.out_channels, w + group * size.filters,
         g + part * size.output, direct ? image : columns, direct && accumulate);
    if (!direct) add_columns(s, columns, image);
  });
}

template <class T>
void conv2d_weight_grad(const ConvolutionSizes& s, const T* x, const T* g, T* w, bool accumulate) {
  const Parts size(s);
  const bool direct = is_its_columns(s);
  T* const columns = direct ? nullptr : scratch<T, Columns>(size.columns);
  if (s.batch == 0 && !accumulate) fill_zero(w, s.groups * size.filters);
  for_each_part(s, [&](std::int64_t part, std::int64_t group) {
    const T* const image = x + part * size.image;
    if (!direct) to_columns(s, image, columns);
    gemm(false, true, s.out_channels, size.rows, area(s.output), g + part * size.output,
         direct ? image : columns, w + group * size.filters, accumulate || part >= s.groups);
  });
}

#define TAPEGRAD_CONVOLUTIONS(T)                                                          \
  template void conv2d(const ConvolutionSizes&, const T*, const T*, T*, bool);            \
  template void conv2d_input_grad(const ConvolutionSizes&, const T*, const T*, T*, bool); \
  template void conv2d_weight_grad(const ConvolutionSizes&, const T*, const T*, T*, bool);
TAPEGRAD_CONVOLUTIONS(float)
TAPEGRAD_CONVOLUTIONS(double)
#undef TAPEGRAD_CONVOLUTIONS

}  // namespace tapegrad::ops::kernels
