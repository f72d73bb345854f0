#pragma once

#include <tapegrad/ops/strides.hpp>

namespace tapegrad::ops {
struct Channels;
struct ConvolutionSizes;
struct PoolingSizes;
}  // namespace tapegrad::ops

/// Loops over raw memory that several gates share. Compiled for float and double.
namespace tapegrad::ops::kernels {

/// For every index of `shape`: out[index · out_strides] = (or += if `accumulate`)
/// in[index · in_strides]. Strides of 0 repeat an element of `in` or, with `accumulate`, sum into
/// one element of `out`: long sums are wide, see NOTE [Wide sums]. Else no two indices may share an
/// element of `out`: the outermost steps run on several threads.
template <class T>
void strided_copy(const Shape& shape, const T* in, const Strides& in_strides, T* out,
                  const Strides& out_strides, bool accumulate);

// Reductions of x over `axes` (all of them if empty): y = or += one number per group of elements,
// the groups in row-major order. Squares are gathered in double, sums as NOTE [Wide sums] says and
// products as NOTE [Products of floats] does.

/// The mean. See NOTE [Wide sums].
template <class T>
void mean(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate);

/// The largest element; NaN if there is one.
template <class T>
void amax(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate);

/// The smallest element; NaN if there is one.
template <class T>
void amin(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate);

/// Not y but where in x each group's first largest (sign = 1) or smallest (sign = −1) element is;
/// the first NaN if there is one. In memory of this thread, until the next call.
template <class T, int sign>
const std::int64_t* winners(const Shape& shape, const Axes& axes, const T* x);

/// The product; 1 of no elements. What overflows or underflows on the way comes back.
template <class T>
void prod(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate);

/// The square root of the sum of squares, which may overflow on the way only if the root does.
template <class T>
void norm(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate);

/// log Σ eˣ, shifted by the maximum so that it cannot overflow.
template <class T>
void logsumexp(const Shape& shape, const Axes& axes, const T* x, T* y, bool accumulate);

/// Σ aᵢ·bᵢ over n elements.
template <class T>
T dot(const T* a, const T* b, std::int64_t n);

/// For x[0] and `directions` further arrays x[1] …, all of `shape`: y = or += the gradient in x[0]
/// of the mixed derivative of the product over `axes` along all the directions.
template <class T>
void prod_grad(const Shape& shape, const Axes& axes, const T* const* x, int directions, T* y,
               bool accumulate);

/// out[0..n) = 0.
template <class T>
void fill_zero(T* out, std::int64_t n);

/// C (m, n) = or += op(A) (m, k) · op(B) (k, n), all contiguous and row-major, plus `bias` (n) in
/// each row unless that is null; op transposes what is stored as (k, m) or (n, k).
template <class T>
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const T* a, const T* b, T* c, bool accumulate, const T* bias = nullptr);

/// y (N, K, OH, OW) = or += the filters w over the images x, plus a bias per filter unless that is
/// null. See NOTE [Convolution as a matrix product].
template <class T>
void conv2d(const ConvolutionSizes& sizes, const T* x, const T* w, const T* bias, T* y,
            bool accumulate);

/// x = or += the gradient in the images of conv2d, for g of the output's shape.
template <class T>
void conv2d_input_grad(const ConvolutionSizes& sizes, const T* g, const T* w, T* x,
                       bool accumulate);

/// w = or += the gradient in the filters.
template <class T>
void conv2d_weight_grad(const ConvolutionSizes& sizes, const T* x, const T* g, T* w,
                        bool accumulate);

/// y = or += the position of each window's largest element in its plane; the first NaN if there is
/// one.
template <class T>
void max_pool2d_index(const PoolingSizes& sizes, const T* x, T* y, bool accumulate);

/// Per plane of x, `from` elements: y = or += those at the `to` positions of index.
template <class T>
void take_in_planes(std::int64_t planes, std::int64_t from, std::int64_t to, const T* x,
                    const T* index, T* y, bool accumulate);

/// Per plane: y's `to` elements, zeroed first unless `accumulate`, += the `from` elements of x at
/// the places that index names.
template <class T>
void add_in_planes(std::int64_t planes, std::int64_t from, std::int64_t to, const T* x,
                   const T* index, T* y, bool accumulate);

/// y = or += the mean of each window, padding counted as zeros.
template <class T>
void avg_pool2d(const PoolingSizes& sizes, const T* x, T* y, bool accumulate);

/// x = or += each element of g, the output's shape, spread evenly over its window.
template <class T>
void avg_pool2d_grad(const PoolingSizes& sizes, const T* g, T* x, bool accumulate);

/// y (2, C) = or += mean and variance of each channel.
template <class T>
void channel_moments(const Channels& form, const T* x, T* y, bool accumulate);

/// y = or += (x − centre)·scale + shift, one of each per channel.
template <class T>
void channel_affine(const Channels& form, const T* x, const T* centre, const T* scale,
                    const T* shift, T* y, bool accumulate);

/// y (2, C) = or += Σ g and Σ g·(x − centre) of each channel.
template <class T>
void channel_sums(const Channels& form, const T* g, const T* x, const T* centre, T* y,
                  bool accumulate);

/// y[i] = or += 0 if draw i of a stream of random numbers is below `drop`, 1/(1 − drop) if not. See
/// uniform_at.
template <class T>
void dropout_mask(double drop, std::uint64_t seed, std::uint64_t stream, std::int64_t count, T* y,
                  bool accumulate);

/// Per row of x (rows, k): y = eˣ / Σ eˣ, shifted by the row's maximum so that it cannot overflow.
template <class T>
void softmax(std::int64_t rows, std::int64_t k, const T* x, T* y, bool accumulate);

/// Per row of x (rows, k): y[row] = log Σ eˣ − x[label].
template <class T>
void softmax_cross_entropy(std::int64_t rows, std::int64_t k, const T* x, const T* labels, T* y,
                           bool accumulate);

/// Per row: y = g[row] · (softmax(x) − onehot(label)).
template <class T>
void softmax_cross_entropy_grad(std::int64_t rows, std::int64_t k, const T* x, const T* labels,
                                const T* g, T* y, bool accumulate);

/// Throws ValueError naming `gate` unless every index is a whole number from 0 to size − 1.
template <class T>
void check_indices(const T* indices, std::int64_t count, std::int64_t size, const char* gate);

/// Throws ValueError naming `gate` unless every label is a whole number from 0 to classes − 1.
template <class T>
void check_labels(const T* labels, std::int64_t rows, std::int64_t classes, const char* gate);

}  // namespace tapegrad::ops::kernels
