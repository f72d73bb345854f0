#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace tapegrad::ops::kernels {

// NOTE [Wide sums]
// A float that has gathered 2^24 ones stops growing, and long before that its last digits are
// noise. So at most 256 numbers are added in a row in the precision of the data, in registers or
// in memory that the cache holds; what comes out is added in double. The error of a sum then does
// not grow with its length.

/// Most numbers added one after the other in the precision of the data.
inline constexpr std::int64_t most_in_a_row = 256;

/// Gathers pieces that are added to the same elements many times over, such as the rows of a batch
/// whose gradients a bias sums up. See NOTE [Wide sums].
template <class T>
class WideSum {
 public:
  explicit WideSum(std::int64_t size)
      : partial_(std::move(partial_memory())), total_(std::move(total_memory())) {
    partial_.assign(static_cast<std::size_t>(size), T(0));
    total_.assign(static_cast<std::size_t>(size), 0.0);
    start_again();
  }
  ~WideSum() {
    partial_memory() = std::move(partial_);
    total_memory() = std::move(total_);
  }
  WideSum(const WideSum&) = delete;
  WideSum& operator=(const WideSum&) = delete;

  /// Whether `additions` numbers for `size` sums are enough to need one.
  static bool pays(std::int64_t additions, std::int64_t size) {
    return additions > most_in_a_row * size;
  }

  /// Where the next piece is added to.
  T* partial() { return partial_.data(); }

  /// Says that `pieces` numbers were added to each of `count` elements from `first` on.
  void added(std::int64_t first, std::int64_t count, std::int64_t pieces = 1) {
    first_ = std::min(first_, first);
    last_ = std::max(last_, first + count);
    pieces_ += pieces;
    if (pieces_ >= most_in_a_row) widen();
  }

  /// out += the sums.
  void add_to(T* out) {
    widen();
    for (std::size_t i = 0; i < total_.size(); ++i) out[i] += static_cast<T>(total_[i]);
  }

 private:
  void widen() {
    for (auto i = static_cast<std::size_t>(first_); i < static_cast<std::size_t>(last_); ++i) {
      total_[i] += static_cast<double>(partial_[i]);
      partial_[i] = T(0);
    }
    start_again();
  }

  void start_again() {
    first_ = static_cast<std::int64_t>(total_.size());
    last_ = 0;
    pieces_ = 0;
  }

  // Kept by each thread, so that a steady training step allocates nothing; taken out while in use,
  // since a sum over a user's gate may meet another one.
  static std::vector<T>& partial_memory() {
    thread_local std::vector<T> numbers;
    return numbers;
  }
  static std::vector<double>& total_memory() {
    thread_local std::vector<double> numbers;
    return numbers;
  }

  std::vector<T> partial_;
  std::vector<double> total_;
  std::int64_t first_, last_, pieces_;
};

}  // namespace tapegrad::ops::kernels
