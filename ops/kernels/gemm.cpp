#include <algorithm>

#include <cblas.h>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/panels.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>

// NOTE [Two matrix products]
// OpenBLAS copies both operands and clears C before it multiplies; panels of our own copy one of
// them and clear nothing (see NOTE [Panels]). On one core, in units of OpenBLAS's time, the layers
// of a network on 3072 inputs and a batch of 200 take 0.87 forward and 0.85 for the gradient of the
// weights; 1024 inputs and outputs with a batch of 128 take 0.95 and 0.90; on 784 inputs and a
// batch of 32 the gradient of the weights takes 0.70, and (16, 4)·(4, 16) 0.67.
//
// Where few rows of A meet a long inner axis, panels of B cost more to fill than to use (32 rows on
// 784: 1.05). If B is stored transposed, Cᵀ = Bᵀ·Aᵀ reads B as it lies and copies A, which pays
// where A is the smaller one and its rows fill more than half a panel: 1.02 to 0.6 for 9 to 47 rows
// on 784 and 128 to 1000 columns, 0.7 for 47 on 4096 and 4096. OpenBLAS is ahead for other products
// of few rows, and for large ones of many, whose operands it cuts for all levels of the cache
// (1024³: 1.04 to 1.18).

namespace tapegrad::ops::kernels {

namespace {

/// Few rows, and an inner axis that is long for them.
constexpr std::int64_t few_rows = 48;
constexpr std::int64_t long_axis = 128;
/// Columns of C that are computed as rows of its transpose: those fit into the second-level cache.
constexpr std::int64_t most_flipped = 1024;
/// Products of many rows and at least so many multiplications go to OpenBLAS.
constexpr std::int64_t large_product = std::int64_t{1} << 28;

void blas(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda,
          const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0F, a, lda, b, ldb, beta, c, ldc);
}

void blas(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a, int lda,
          const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, lda, b, ldb, beta, c, ldc);
}

/// C = or += A · B as the transpose of Bᵀ · Aᵀ, in which A is what is copied into panels.
template <class T>
void multiply_flipped(std::int64_t m, std::int64_t n, std::int64_t k, Matrix<T> a, Matrix<T> b,
                      T* c, std::int64_t c_row, bool accumulate) {
  struct Flipped;
  for_even_pieces(n, most_flipped, [&](std::int64_t first, std::int64_t columns) {
    T* const flipped = scratch<T, Flipped>(m * columns);
    T* const out = c + first;
    if (accumulate) copy_transposed(m, columns, out, c_row, flipped, m);
    multiply_panels(columns, m, k, b.from(0, first).transposed(), MatrixPanels<T>{a.transposed()},
                    flipped, m, accumulate);
    copy_transposed(columns, m, flipped, m, out, c_row);
  });
}

/// Adds `numbers` to each of the rows of C, which are c_row apart.
template <class T>
void add_to_rows(std::int64_t rows, std::int64_t columns, const T* __restrict numbers,
                 T* __restrict c, std::int64_t c_row) {
  for (std::int64_t i = 0; i < rows; ++i, c += c_row) {
    for (std::int64_t j = 0; j < columns; ++j) c[j] += numbers[j];
  }
}

}  // namespace

template <class T>
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const T* a, const T* b, T* c, bool accumulate, const T* bias) {
  if (m == 0 || n == 0) return;
  const Matrix<T> left{a, transpose_a ? 1 : k, transpose_a ? m : 1};
  const Matrix<T> right{b, transpose_b ? 1 : n, transpose_b ? k : 1};
  const bool has_few_rows = m < few_rows && k > long_axis;
  const bool is_flipped = has_few_rows && transpose_b && m > Lanes<T>::width && m < n;
  const bool by_blas = m * n * k >= large_product || has_few_rows;
  const auto multiply = [&](std::int64_t row, std::int64_t rows, std::int64_t column,
                            std::int64_t columns) {
    const Matrix<T> x = left.from(row, 0);
    const Matrix<T> y = right.from(0, column);
    T* const z = c + row * n + column;
    if (is_flipped) {
      multiply_flipped(rows, columns, k, x, y, z, n, accumulate);
    } else if (by_blas) {
      blas(transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
           static_cast<int>(rows), static_cast<int>(columns), static_cast<int>(k), x.data,
           static_cast<int>(transpose_a ? m : k), y.data, static_cast<int>(transpose_b ? k : n),
           accumulate ? T(1) : T(0), z, static_cast<int>(n));
    } else {
      multiply_panels(rows, columns, k, x, MatrixPanels<T>{y}, z, n, accumulate);
    }
    if (bias != nullptr) add_to_rows(rows, columns, bias + column, z, n);
  };
  // The longer side of C is cut, between tiles: what all threads read and copy is the smaller
  // operand.
  const bool by_rows = m >= n;
  const std::int64_t side = by_rows ? m : n;
  const std::int64_t step = by_rows ? tile_rows : panel_width<T>;
  const std::int64_t steps = (side + step - 1) / step;
  for_each_part(steps, parts_for(steps, product_time(m, n, k)),
                [&](int, std::int64_t begin, std::int64_t end) {
                  const std::int64_t first = begin * step;
                  const std::int64_t size = std::min(end * step, side) - first;
                  by_rows ? multiply(first, size, 0, n) : multiply(0, m, first, size);
                });
}

template void gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const float*, const float*,
                   float*, bool, const float*);
template void gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const double*,
                   const double*, double*, bool, const double*);

}  // namespace tapegrad::ops::kernels
