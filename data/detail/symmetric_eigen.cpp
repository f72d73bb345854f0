#include <tapegrad/data/detail/symmetric_eigen.hpp>

#include <cstddef>

#include <cblas.h>
#include <fmt/format.h>

#include <tapegrad/ops/error.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>

// LAPACK's eigensolver by divide and conquer, which is in OpenBLAS. Its header, lapacke.h, belongs
// to another package. Characters are followed by their lengths at the end, as gfortran passes them.
extern "C" void dsyevd_(const char* job, const char* triangle, const int* n, double* a,
                        const int* leading, double* values, double* work, const int* work_size,
                        int* integers, const int* integers_size, int* info, std::size_t job_length,
                        std::size_t triangle_length);

namespace tapegrad::data::detail {

namespace {

/// OpenBLAS's own threads, for as long as this lives: the solver calls BLAS from within.
class BlasThreads {
 public:
  BlasThreads() {
    const int threads = ops::kernels::thread_count();  // Sets OpenBLAS to one when first called.
    before_ = openblas_get_num_threads();
    openblas_set_num_threads(threads);
  }
  ~BlasThreads() { openblas_set_num_threads(before_); }
  BlasThreads(const BlasThreads&) = delete;
  BlasThreads& operator=(const BlasThreads&) = delete;

 private:
  int before_ = 1;
};

}  // namespace

std::vector<double> symmetric_eigen(std::vector<double>& matrix, std::int64_t n) {
  const auto size = static_cast<std::size_t>(n);
  const int order = static_cast<int>(n);
  const int work_size = 1 + 6 * order + 2 * order * order;
  const int integers_size = 3 + 5 * order;
  std::vector<double> values(size), work(static_cast<std::size_t>(work_size));
  std::vector<int> integers(static_cast<std::size_t>(integers_size));
  int info = 0;
  const BlasThreads threads;
  // Symmetric, so that it does not matter that Fortran counts by columns; eigenvectors are columns
  // to Fortran and rows to us.
  dsyevd_("V", "U", &order, matrix.data(), &order, values.data(), work.data(), &work_size,
          integers.data(), &integers_size, &info, 1, 1);
  if (info != 0) {
    throw ValueError(fmt::format(
        "[symmetric_eigen] needs a matrix whose eigenvalues can be found; LAPACK's dsyevd failed "
        "with {}; look for numbers of very different magnitude",
        info));
  }
  return values;
}

}  // namespace tapegrad::data::detail
