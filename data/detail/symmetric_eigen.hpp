#pragma once

#include <cstdint>
#include <vector>

/// Eigenvalues and eigenvectors by LAPACK.
namespace tapegrad::data::detail {

/// The largest matrix: LAPACK counts its memory, 2n² numbers, in 32 bits.
inline constexpr std::int64_t largest_symmetric = 32'000;

/// Of a symmetric matrix (n, n) of finite numbers, n from 1 to `largest_symmetric`: returns its
/// eigenvalues in ascending order and leaves in its place, row after row, an orthonormal
/// eigenvector for each. Takes memory for 2n² numbers meanwhile.
std::vector<double> symmetric_eigen(std::vector<double>& matrix, std::int64_t n);

}  // namespace tapegrad::data::detail
