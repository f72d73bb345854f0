#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <tapegrad/ops/kernels.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>

namespace tapegrad::ops::kernels {

namespace {

// NOTE [Derivatives of a product]
// Division, y / x, would fail at zeros. Instead every element stands for the polynomial
// x + t₁·u₁ + … + t_m·u_m with a variable per direction u, and the product of all polynomials but
// element k's has, at t₁·…·t_m, the mixed derivative of Π_{j≠k} x_j along the directions: the
// gradient in x_k. A polynomial without squares is a number per subset of directions, indexed by
// the subset's bits. Products from the left and from the right give all k in one pass each.

/// Multiplies `polynomial` by x + Σ t_s·u_s, dropping squares. `Directions` is int, or the type of
/// a constant.
template <class Directions, class T>
void multiply(double* polynomial, Directions directions, const T* const* x, std::int64_t at) {
  for (std::size_t subset = std::size_t{1} << directions; subset-- > 0;) {
    double sum = polynomial[subset] * static_cast<double>(x[0][at]);
    for (int s = 0; s < directions; ++s) {
      const std::size_t bit = std::size_t{1} << s;
      if ((subset & bit) != 0) sum += polynomial[subset ^ bit] * static_cast<double>(x[1 + s][at]);
    }
    polynomial[subset] = sum;
  }
}

template <class Directions, class T>
void mixed_derivative(const Shape& shape, const Axes& axes, const T* const* x,
                      Directions directions, T* y, bool accumulate) {
  const ReductionSplit split = split_reduction(shape, axes, "prod_grad");
  const std::int64_t members = split.reduced.size();
  const std::size_t subsets = std::size_t{1} << directions;
  struct OffsetsTag {};
  struct PolynomialsTag {};
  std::int64_t* const offsets = scratch<std::int64_t, OffsetsTag>(members);
  std::int64_t count = 0;
  for_each_offset(split.reduced, split.reduced_strides,
                  [&](std::int64_t offset) { offsets[count++] = offset; });
  // The products of all elements to the left of each member, then the one from the right.
  double* const left =
      scratch<double, PolynomialsTag>((members + 1) * static_cast<std::int64_t>(subsets));
  double* const right = left + static_cast<std::size_t>(members) * subsets;
  for_each_offset(split.kept, split.kept_strides, [&](std::int64_t base) {
    const auto start = [&](double* one) {
      std::fill(one, one + subsets, 0.0);
      one[0] = 1;
    };
    start(right);
    for (std::int64_t j = 0; j < members; ++j) {
      double* const here = left + static_cast<std::size_t>(j) * subsets;
      std::copy(right, right + subsets, here);
      multiply(right, directions, x, base + offsets[j]);
    }
    start(right);
    for (std::int64_t j = members; j-- > 0;) {
      const double* const here = left + static_cast<std::size_t>(j) * subsets;
      double sum = 0;
      for (std::size_t subset = 0; subset < subsets; ++subset) {
        sum += here[subset] * right[subsets - 1 - subset];
      }
      T& to = y[base + offsets[j]];
      accumulate ? to += static_cast<T>(sum) : to = static_cast<T>(sum);
      multiply(right, directions, x, base + offsets[j]);
    }
  });
}

}  // namespace

template <class T>
void prod_grad(const Shape& shape, const Axes& axes, const T* const* x, int directions, T* y,
               bool accumulate) {
  // A first derivative has no directions, so its polynomials are numbers and all loops over their
  // parts vanish.
  if (directions == 0) {
    constexpr std::integral_constant<int, 0> none;
    return mixed_derivative(shape, axes, x, none, y, accumulate);
  }
  mixed_derivative(shape, axes, x, directions, y, accumulate);
}

template void prod_grad(const Shape&, const Axes&, const float* const*, int, float*, bool);
template void prod_grad(const Shape&, const Axes&, const double* const*, int, double*, bool);

}  // namespace tapegrad::ops::kernels
