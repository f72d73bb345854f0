#pragma once

#include <tapegrad/ops/strides.hpp>

/// Loops over raw memory that several gates share. Compiled for float and double.
namespace tapegrad::ops::kernels {

/// For every index of `shape`: out[index · out_strides] = (or += if `accumulate`)
/// in[index · in_strides]. Strides of 0 repeat an element of `in` or, with `accumulate`, sum into
/// one element of `out`: long sums are wide, see NOTE [Wide sums].
template <class T>
void strided_copy(const Shape& shape, const T* in, const Strides& in_strides, T* out,
                  const Strides& out_strides, bool accumulate);

/// out[0..n) = 0.
template <class T>
void fill_zero(T* out, std::int64_t n);

/// C (m, n) = or += op(A) (m, k) · op(B) (k, n), all contiguous and row-major; op transposes what
/// is stored as (k, m) or (n, k).
template <class T>
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const T* a, const T* b, T* c, bool accumulate);

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

/// Throws ValueError naming `gate` unless every label is a whole number from 0 to classes − 1.
template <class T>
void check_labels(const T* labels, std::int64_t rows, std::int64_t classes, const char* gate);

}  // namespace tapegrad::ops::kernels
