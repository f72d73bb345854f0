#pragma once

#include <tapegrad/ops/rule.hpp>

namespace tapegrad::ops {

/// y = x, through which no gradient flows back.
struct Detach : Pointwise<1> {
  static constexpr Domain domain[] = {{}};
  template <class T>
  T forward(T x) const {
    return x;
  }
};

}  // namespace tapegrad::ops
