// A user's gate, checked with the library's own checks.

#include <gtest/gtest.h>
#include <tapegrad/autograd/testing/check_gate.hpp>

namespace {

using tapegrad::ops::abs;

/// y = x/(1 + |x|); ∂y/∂x = (1 − |y|)².
struct Softsign : tapegrad::ops::Pointwise<1> {
  static constexpr const char* name = "softsign";

  template <class T>
  T forward(T x) const {
    return x / (1 + abs(x));
  }
  template <class T>
  T gradient(tapegrad::ops::At<0>, T g, T, T y) const {
    const T slope = 1 - abs(y);
    return g * slope * slope;
  }
};

TAPEGRAD_CHECK_GATE(CheckSoftsign, Softsign{});

}  // namespace
