#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace tapegrad::detail {

/// Room for something per operand of a gate: on the stack for all gates but a long concat.
template <class T>
class OperandArray {
 public:
  explicit OperandArray(std::size_t count) {
    if (count > few_.size()) {
      many_.resize(count);
      first_ = many_.data();
    }
  }
  OperandArray(const OperandArray&) = delete;
  OperandArray& operator=(const OperandArray&) = delete;

  T& operator[](std::size_t k) { return first_[k]; }
  T* data() { return first_; }

 private:
  std::array<T, 4> few_{};
  std::vector<T> many_;
  T* first_ = few_.data();
};

}  // namespace tapegrad::detail
