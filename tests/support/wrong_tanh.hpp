#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::testing {

/// tanh, with a gradient that forgets the square.
struct WrongTanh : ops::Pointwise<1> {
  static constexpr const char* name = "wrong_tanh";
  template <class T>
  T forward(T x) const {
    using ops::tanh;
    return tanh(x);
  }
  template <class T>
  T gradient(ops::At<0>, T g, T, T y) const {
    return g * (1 - y);
  }
};

}  // namespace tapegrad::testing
