#pragma once

#include <cfenv>

namespace tapegrad::ops::kernels {

/// Watches this thread's arithmetic: has a result been too large for its type, or so small that it
/// lost digits? Processors note both in flags (IEEE 754, 7.4 and 7.5), whatever comes after, so
/// that loops need not look at their partial results. Traps that a user has set for these two do
/// not spring, and the flags say afterwards what they said before. Compilers do not know that
/// arithmetic sets flags: what is watched must be loaded from memory and stored there between the
/// constructor and left_range(), whose calls into the C library they cannot look through.
class RangeWatch {
 public:
  RangeWatch() { std::feholdexcept(&before_); }
  ~RangeWatch() {
    std::feclearexcept(watched);
    // Says what was said before, and what else has been noted since.
    std::feupdateenv(&before_);
  }
  RangeWatch(const RangeWatch&) = delete;
  RangeWatch& operator=(const RangeWatch&) = delete;

  bool left_range() const { return std::fetestexcept(watched) != 0; }

 private:
  static constexpr int watched = FE_OVERFLOW | FE_UNDERFLOW;
  std::fenv_t before_{};
};

}  // namespace tapegrad::ops::kernels
