#include <algorithm>

#include <cblas.h>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>

// NOTE [Two matrix products]
// OpenBLAS packs both operands and clears C before it multiplies. That pays for large products; for
// small ones, and for weight gradients of small batches, it is a good part of the time. A short
// inner axis therefore goes through panels of our own: B packed one cache-sized panel at a time, A
// and C as they lie. On one core, (128, 32)·(32, 784) took 107 µs by OpenBLAS and 91 by panels,
// (16, 4)·(4, 16) 0.20 and 0.11; from an inner axis of a few hundred on OpenBLAS is ahead.

namespace tapegrad::ops::kernels {

namespace {

/// An operand of a product: element (i, p) lies at data[i · row + p · column].
template <class T>
struct Matrix {
  const T* data;
  std::int64_t row, column;
  const T* at(std::int64_t i, std::int64_t p) const { return data + i * row + p * column; }
};

/// Calls f(first, size) for pieces of 0…count as equal as possible and at most `most` long: no
/// piece is so short that its tile would idle.
template <class F>
void for_even_pieces(std::int64_t count, std::int64_t most, F f) {
  std::int64_t pieces = (count + most - 1) / most;
  for (std::int64_t first = 0; first < count; --pieces) {
    const std::int64_t size = (count - first + pieces - 1) / pieces;
    f(first, size);
    first += size;
  }
}

// --- Panels ---------------------------------------------------------------------------------

/// A tile of C is 6 rows by 2 registers: its 12 sums, 2 registers of B and one of A fill the 16
/// that x86 has.
constexpr int tile_rows = 6;
/// Products of at least this many multiplications go to OpenBLAS, which may use threads.
constexpr std::int64_t large_product = std::int64_t{1} << 24;
/// The longest inner axis for panels; one of this depth stays in the first-level cache.
constexpr std::int64_t panel_depth = 128;
template <class T>
constexpr std::int64_t panel_width = 2 * Lanes<T>::width;

template <class T, int rows>
void panel_tile(std::int64_t depth, Matrix<T> a, const T* panel, T* c, std::int64_t c_row,
                bool accumulate) {
  using L = Lanes<T>;
  L sum[rows][2];
  for (int r = 0; r < rows; ++r) {
    sum[r][0] = accumulate ? L::load(c + r * c_row) : L(T(0));
    sum[r][1] = accumulate ? L::load(c + r * c_row + L::width) : L(T(0));
  }
  for (std::int64_t p = 0; p < depth; ++p, panel += panel_width<T>) {
    const L left = L::load(panel);
    const L right = L::load(panel + L::width);
    for (int r = 0; r < rows; ++r) {
      const L x = *a.at(r, p);
      sum[r][0] = fma(x, left, sum[r][0]);
      sum[r][1] = fma(x, right, sum[r][1]);
    }
  }
  for (int r = 0; r < rows; ++r) {
    sum[r][0].store(c + r * c_row);
    sum[r][1].store(c + r * c_row + L::width);
  }
}

template <class T>
void panel_tile(int rows, std::int64_t depth, Matrix<T> a, const T* panel, T* c, std::int64_t c_row,
                bool accumulate) {
  switch (rows) {
    case 1:
      return panel_tile<T, 1>(depth, a, panel, c, c_row, accumulate);
    case 2:
      return panel_tile<T, 2>(depth, a, panel, c, c_row, accumulate);
    case 3:
      return panel_tile<T, 3>(depth, a, panel, c, c_row, accumulate);
    case 4:
      return panel_tile<T, 4>(depth, a, panel, c, c_row, accumulate);
    case 5:
      return panel_tile<T, 5>(depth, a, panel, c, c_row, accumulate);
    default:
      return panel_tile<T, 6>(depth, a, panel, c, c_row, accumulate);
  }
}

/// Copies `width` columns of B side by side, the missing ones of an incomplete panel as zeros.
template <class T>
void pack_panel(Matrix<T> b, std::int64_t depth, std::int64_t width, T* panel) {
  using L = Lanes<T>;
  constexpr std::int64_t full = panel_width<T>;
  if (b.column == 1 && width == full) {
    // Registers, since compilers turn std::copy into a block move that starts slowly.
    for (std::int64_t p = 0; p < depth; ++p, panel += full) {
      L::load(b.at(p, 0)).store(panel);
      L::load(b.at(p, L::width)).store(panel + L::width);
    }
    return;
  }
  for (std::int64_t p = 0; p < depth; ++p, panel += full) {
    for (std::int64_t j = 0; j < full; ++j) panel[j] = j < width ? *b.at(p, j) : T(0);
  }
}

/// C = or += A · B for an inner axis of at most panel_depth.
template <class T>
void multiply_panels(std::int64_t m, std::int64_t n, std::int64_t k, Matrix<T> a, Matrix<T> b, T* c,
                     bool accumulate) {
  constexpr std::int64_t full = panel_width<T>;
  alignas(64) T panel[panel_depth * full];
  for (std::int64_t j = 0; j < n; j += full) {
    const std::int64_t width = std::min(full, n - j);
    pack_panel<T>({b.at(0, j), b.row, b.column}, k, width, panel);
    for_even_pieces(m, tile_rows, [&](std::int64_t i, std::int64_t rows) {
      const Matrix<T> part{a.at(i, 0), a.row, a.column};
      T* const out = c + i * n + j;
      if (width == full) {
        return panel_tile<T>(static_cast<int>(rows), k, part, panel, out, n, accumulate);
      }
      T tile[tile_rows * full];
      panel_tile<T>(static_cast<int>(rows), k, part, panel, tile, full, false);
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t column = 0; column < width; ++column) {
          const T number = tile[r * full + column];
          T& target = out[r * n + column];
          target = accumulate ? target + number : number;
        }
      }
    });
  }
}

// --- OpenBLAS -------------------------------------------------------------------------------

void blas(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda,
          const float* b, int ldb, float beta, float* c) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0F, a, lda, b, ldb, beta, c, n);
}

void blas(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a, int lda,
          const double* b, int ldb, double beta, double* c) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, lda, b, ldb, beta, c, n);
}

template <class T>
void multiply_blas(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n,
                   std::int64_t k, const T* a, const T* b, T* c, bool accumulate) {
  blas(transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
       static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), a,
       static_cast<int>(transpose_a ? m : k), b, static_cast<int>(transpose_b ? k : n),
       accumulate ? T(1) : T(0), c);
}

}  // namespace

template <class T>
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
          const T* a, const T* b, T* c, bool accumulate) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!accumulate) fill_zero(c, m * n);
    return;
  }
  if (k > panel_depth || m * n * k >= large_product) {
    return multiply_blas(transpose_a, transpose_b, m, n, k, a, b, c, accumulate);
  }
  const Matrix<T> left{a, transpose_a ? 1 : k, transpose_a ? m : 1};
  const Matrix<T> right{b, transpose_b ? 1 : n, transpose_b ? k : 1};
  multiply_panels(m, n, k, left, right, c, accumulate);
}

template void gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const float*, const float*,
                   float*, bool);
template void gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const double*,
                   const double*, double*, bool);

}  // namespace tapegrad::ops::kernels
