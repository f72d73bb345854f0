#include <algorithm>

#include <tapegrad/ops/convolution.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/positions.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>
#include <tapegrad/ops/kernels/windows.hpp>
#include <tapegrad/ops/kernels/winograd.hpp>

// See NOTE [Convolution as a matrix product] and NOTE [Winograd].

namespace tapegrad::ops::kernels {

namespace {

/// A *part* is a group of a sample, with its own image, output and filters.
struct Parts {
  explicit Parts(const ConvolutionSizes& s)
      : count(s.batch * s.groups),
        image(s.in_channels * area(s.image)),
        output(s.out_channels * area(s.output)),
        rows(s.in_channels * area(s.window)),
        filters(s.out_channels * rows),
        nanoseconds(product_time(count, output, rows)) {}

  /// How many there are, and the sizes in memory of one.
  std::int64_t count, image, output;
  /// Numbers of a window, and of a group's filters.
  std::int64_t rows, filters;
  double nanoseconds;
};

/// The matrix of an image's windows is the image itself.
bool is_its_matrix(const ConvolutionSizes& s) {
  return area(s.window) == 1 && s.stride == HeightWidth(1) && s.padding == HeightWidth(0);
}

/// A matrix in memory without gaps, of which `row` numbers are a row.
template <class T>
Matrix<T> matrix(const T* data, std::int64_t row) {
  return {data, row, 1};
}

struct InputGrad;
struct Flipped;
struct TransformedFilters;
struct WeightGrad;
struct WeightGrads;

/// Filters for the convolution from outputs to images that is the gradient in the images: in each
/// group (K, C, FH, FW) becomes (C, K, FH, FW), upside down and right to left.
template <class T>
const T* flipped(const ConvolutionSizes& s, const T* w) {
  const std::int64_t size = area(s.window);
  T* const result = scratch<T, Flipped>(s.groups * s.out_channels * s.in_channels * size);
  for (std::int64_t group = 0; group < s.groups; ++group) {
    for (std::int64_t k = 0; k < s.out_channels; ++k) {
      for (std::int64_t c = 0; c < s.in_channels; ++c, w += size) {
        std::reverse_copy(w, w + size,
                          result + ((group * s.in_channels + c) * s.out_channels + k) * size);
      }
    }
  }
  return result;
}

/// Adds the columns of the windows' matrix to the places that they were taken from.
template <class T>
void add_columns(const ConvolutionSizes& s, const T* columns, T* image) {
  for (std::int64_t c = 0; c < s.in_channels; ++c, image += area(s.image)) {
    for (std::int64_t a = 0; a < s.window.height; ++a) {
      for (std::int64_t b = 0; b < s.window.width; ++b, columns += area(s.output)) {
        const std::int64_t down = a * s.dilation.height - s.padding.height;
        const std::int64_t right = b * s.dilation.width - s.padding.width;
        const Positions rows =
            positions_within(down, s.stride.height, s.image.height, s.output.height);
        const Positions line =
            positions_within(right, s.stride.width, s.image.width, s.output.width);
        for (std::int64_t i = rows.first; i < rows.end; ++i) {
          const T* const y = columns + i * s.output.width;
          T* const x = image + (i * s.stride.height + down) * s.image.width + right;
          for (std::int64_t j = line.first; j < line.end; ++j) x[j * s.stride.width] += y[j];
        }
      }
    }
  }
}

/// Adds a group's biases, one to each of its channels: the output of one part is still in the
/// cache.
template <class T>
void add_bias(const ConvolutionSizes& s, const T* bias, T* output) {
  for (std::int64_t k = 0; k < s.out_channels; ++k, output += area(s.output)) {
    const T number = bias[k];
    for (std::int64_t i = 0; i < area(s.output); ++i) output[i] += number;
  }
}

/// conv2d in transformed tiles.
template <class T, class Finish>
void winograd(const ConvolutionSizes& s, const T* x, const T* w, T* y, bool accumulate,
              Finish finish) {
  const Parts all(s);
  const std::int64_t size = s.out_channels * s.in_channels;
  T* const u = scratch<T, TransformedFilters>(s.groups * tile_places * size);
  for (std::int64_t group = 0; group < s.groups; ++group) {
    transform_filters(size, w + group * all.filters, u + group * tile_places * size);
  }
  for_each_part(all.count, parts_for(all.count, all.nanoseconds),
                [&](int, std::int64_t first, std::int64_t end) {
                  WinogradForward<T> convolution(s);
                  for (std::int64_t part = first; part < end; ++part) {
                    convolution.run(x + part * all.image, u + part % s.groups * tile_places * size,
                                    y + part * all.output, accumulate);
                    finish(part);
                  }
                });
}

/// conv2d_weight_grad in transformed tiles.
template <class T>
void winograd_weight_grad(const ConvolutionSizes& s, const T* x, const T* g, T* w,
                          bool accumulate) {
  const Parts all(s);
  const int parts = parts_for(all.count, all.nanoseconds);
  const std::int64_t filters = s.out_channels * s.in_channels;
  const std::int64_t size = s.groups * tile_places * filters;
  T* const sums = scratch<T, WeightGrads>(parts * size);
  std::fill_n(sums, parts * size, T(0));
  for_each_part(all.count, parts, [&](int share, std::int64_t first, std::int64_t end) {
    WinogradWeightGrad<T> gradient(s);
    for (std::int64_t part = first; part < end; ++part) {
      gradient.add(x + part * all.image, g + part * all.output,
                   sums + share * size + part % s.groups * tile_places * filters);
    }
  });
  for (std::int64_t group = 0; group < s.groups; ++group) {
    for (std::int64_t i = 0; i < filters; ++i, w += 9) {
      filter_gradient(sums + group * tile_places * filters + i, filters, parts, size, w,
                      accumulate);
    }
  }
}

}  // namespace

template <class T>
void conv2d(const ConvolutionSizes& s, const T* x, const T* w, const T* bias, T* y,
            bool accumulate) {
  const Parts all(s);
  const auto finish = [&](std::int64_t part) {
    if (bias == nullptr) return;
    add_bias(s, bias + part % s.groups * s.out_channels, y + part * all.output);
  };
  if (WinogradTiles<T>::suit(s)) return winograd(s, x, w, y, accumulate, finish);
  const auto multiply = [&](std::int64_t part, const auto& panels) {
    multiply_panels(s.out_channels, area(s.output), all.rows,
                    matrix(w + part % s.groups * all.filters, all.rows), panels,
                    y + part * all.output, area(s.output), accumulate);
    finish(part);
  };
  const auto compute = [&](int, std::int64_t first, std::int64_t end) {
    if (is_its_matrix(s)) {
      for (std::int64_t part = first; part < end; ++part) {
        multiply(part, MatrixPanels<T>{matrix(x + part * all.image, area(s.output))});
      }
      return;
    }
    Windows<T> windows(s);
    for (std::int64_t part = first; part < end; ++part) {
      windows.turn_to(x + part * all.image);
      multiply(part, windows);
    }
  };
  for_each_part(all.count, parts_for(all.count, all.nanoseconds), compute);
}

template <class T>
void conv2d_input_grad(const ConvolutionSizes& s, const T* g, const T* w, T* x, bool accumulate) {
  const HeightWidth padding{s.dilation.height * (s.window.height - 1) - s.padding.height,
                            s.dilation.width * (s.window.width - 1) - s.padding.width};
  if (s.stride == HeightWidth(1) && padding.height >= 0 && padding.width >= 0) {
    const ConvolutionSizes back{s.batch,  s.groups, s.out_channels, s.in_channels, s.output,
                                s.window, s.image,  s.stride,       padding,       s.dilation};
    return conv2d<T>(back, g, flipped(s, w), nullptr, x, accumulate);
  }
  const Parts all(s);
  for_each_part(all.count, parts_for(all.count, all.nanoseconds),
                [&](int, std::int64_t first, std::int64_t end) {
                  T* const columns = scratch<T, InputGrad>(all.rows * area(s.output));
                  for (std::int64_t part = first; part < end; ++part) {
                    const Matrix<T> filters{w + part % s.groups * all.filters, 1, all.rows};
                    const MatrixPanels<T> outputs{matrix(g + part * all.output, area(s.output))};
                    multiply_panels(all.rows, area(s.output), s.out_channels, filters, outputs,
                                    columns, area(s.output), false);
                    T* const image = x + part * all.image;
                    if (!accumulate) std::fill_n(image, all.image, T(0));
                    add_columns(s, columns, image);
                  }
                });
}

template <class T>
void conv2d_weight_grad(const ConvolutionSizes& s, const T* x, const T* g, T* w, bool accumulate) {
  if (WinogradTiles<T>::suit(s)) return winograd_weight_grad(s, x, g, w, accumulate);
  const Parts all(s);
  const int parts = parts_for(all.count, all.nanoseconds);
  // Of each part of the batch, with a window's numbers as rows: those are many and filters few, and
  // it is the right operand of a product that is copied.
  const std::int64_t size = s.groups * all.filters;
  T* const sums = scratch<T, WeightGrads>(parts * size);
  std::fill_n(sums, parts * size, T(0));
  const auto multiply = [&](int share, std::int64_t part, const T* columns) {
    const MatrixPanels<T> outputs{{g + part * all.output, 1, area(s.output)}};
    multiply_panels(all.rows, s.out_channels, area(s.output), matrix(columns, area(s.output)),
                    outputs, sums + share * size + part % s.groups * all.filters, s.out_channels,
                    true);
  };
  for_each_part(all.count, parts, [&](int share, std::int64_t first, std::int64_t end) {
    if (is_its_matrix(s)) {
      for (std::int64_t part = first; part < end; ++part) {
        multiply(share, part, x + part * all.image);
      }
      return;
    }
    Windows<T> windows(s);
    T* const columns = scratch<T, WeightGrad>(all.rows * area(s.output) + Lanes<T>::width);
    for (std::int64_t part = first; part < end; ++part) {
      windows.turn_to(x + part * all.image);
      windows.write(columns);
      multiply(share, part, columns);
    }
  });
  for (std::int64_t group = 0; group < s.groups; ++group) {
    for (std::int64_t k = 0; k < s.out_channels; ++k) {
      for (std::int64_t row = 0; row < all.rows; ++row, ++w) {
        T sum = accumulate ? *w : T(0);
        const T* from = sums + group * all.filters + row * s.out_channels + k;
        for (int part = 0; part < parts; ++part, from += size) sum += *from;
        *w = sum;
      }
    }
  }
}

#define TAPEGRAD_CONVOLUTIONS(T)                                                          \
  template void conv2d(const ConvolutionSizes&, const T*, const T*, const T*, T*, bool);  \
  template void conv2d_input_grad(const ConvolutionSizes&, const T*, const T*, T*, bool); \
  template void conv2d_weight_grad(const ConvolutionSizes&, const T*, const T*, T*, bool);
TAPEGRAD_CONVOLUTIONS(float)
TAPEGRAD_CONVOLUTIONS(double)
#undef TAPEGRAD_CONVOLUTIONS

}  // namespace tapegrad::ops::kernels
