#pragma once

#include <type_traits>

#include <tapegrad/ops/kernels/exp.hpp>
#include <tapegrad/ops/kernels/lanes.hpp>

namespace tapegrad::ops {

// NOTE [Our own tanh]
// Of floats: 1 − 2/(1 + e^(2|x|)) with the sign of x, and near 0, where that cancels, x + x³·P(x²),
// P being the polynomial that is nearest for |x| ≤ 0.625. xsimd's takes twice as long; it stays for
// double.

/// The hyperbolic tangent, within 2 ulp.
template <class T, int registers>
[[gnu::always_inline]] inline Lanes<T, registers> tanh(Lanes<T, registers> x) {
  using L = Lanes<T, registers>;
  if constexpr (!std::is_same_v<T, float>) {
    return L::each([](const typename L::Batch& numbers) { return xsimd::tanh(numbers); }, x);
  } else {
    constexpr float where_it_is_one = 10;
    const L a = abs(x);
    const L e = kernels::ordinary_exp(min(a + a, 2 * where_it_is_one));
    const L large = L(1) - L(2) / (L(1) + e);
    const L square = x * x;
    L series = L(-0x1.76aa46p-8F);
    series = fma(series, square, L(0x1.525676p-6F));
    series = fma(series, square, L(-0x1.b8443ap-5F));
    series = fma(series, square, L(0x1.110768p-3F));
    series = fma(series, square, L(-0x1.555534p-2F));
    const L small = fma(a * square, series, a);
    return copysign(where(a >= L(0.625F), large, small), x);  // NaN is small.
  }
}

}  // namespace tapegrad::ops
