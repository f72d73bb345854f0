#include <cblas.h>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>

namespace tapegrad::ops::kernels {

namespace {

void blas(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda,
          const float* b, int ldb, float beta, float* c) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0F, a, lda, b, ldb, beta, c, n);
}

void blas(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a, int lda,
          const double* b, int ldb, double beta, double* c) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, lda, b, ldb, beta, c, n);
}

/// Products this small spend more time in BLAS's packing than in arithmetic.
constexpr std::int64_t small_product = 8 * 1024;

/// Rows of B are contiguous: each row of C collects multiples of them.
template <class T>
void small_rows(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, std::int64_t a_row,
                std::int64_t a_column, const T* b, T* c, bool accumulate) {
  using L = Lanes<T>;
  for (std::int64_t i = 0; i < m; ++i, c += n) {
    const T* row = a + i * a_row;
    std::int64_t j = 0;
    for (; j + 2 * L::width <= n; j += 2 * L::width) {
      L left = accumulate ? L::load(c + j) : L(T(0));
      L right = accumulate ? L::load(c + j + L::width) : L(T(0));
      for (std::int64_t p = 0; p < k; ++p) {
        const L factor = row[p * a_column];
        left = left + factor * L::load(b + p * n + j);
        right = right + factor * L::load(b + p * n + j + L::width);
      }
      left.store(c + j);
      right.store(c + j + L::width);
    }
    for (; j + L::width <= n; j += L::width) {
      L sum = accumulate ? L::load(c + j) : L(T(0));
      for (std::int64_t p = 0; p < k; ++p) {
        sum = sum + L(row[p * a_column]) * L::load(b + p * n + j);
      }
      sum.store(c + j);
    }
    for (; j < n; ++j) {
      T sum = accumulate ? c[j] : T(0);
      for (std::int64_t p = 0; p < k; ++p) sum += row[p * a_column] * b[p * n + j];
      c[j] = sum;
    }
  }
}

/// Rows of both A and Bᵀ are contiguous: each element of C is a dot product.
template <class T>
void small_dots(std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b, T* c,
                bool accumulate) {
  using L = Lanes<T>;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j, ++c) {
      const T* row_a = a + i * k;
      const T* row_b = b + j * k;
      std::int64_t p = 0;
      T sum = 0;
      if (k >= L::width) {
        L part = T(0);
        for (; p + L::width <= k; p += L::width) {
          part = part + L::load(row_a + p) * L::load(row_b + p);
        }
        sum = horizontal_sum(part);
      }
      for (; p < k; ++p) sum += row_a[p] * row_b[p];
      *c = (accumulate ? *c : T(0)) + sum;
    }
  }
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
  if (m * n * k <= small_product && !(transpose_a && transpose_b)) {
    if (transpose_b) return small_dots(m, n, k, a, b, c, accumulate);
    return small_rows(m, n, k, a, transpose_a ? 1 : k, transpose_a ? m : 1, b, c, accumulate);
  }
  blas(transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
       static_cast<int>(m), static_cast<int>(n), static_cast<int>(k), a,
       static_cast<int>(transpose_a ? m : k), b, static_cast<int>(transpose_b ? k : n),
       accumulate ? T(1) : T(0), c);
}

template void gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const float*, const float*,
                   float*, bool);
template void gemm(bool, bool, std::int64_t, std::int64_t, std::int64_t, const double*,
                   const double*, double*, bool);

}  // namespace tapegrad::ops::kernels
