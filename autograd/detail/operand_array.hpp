#pragma once

#include <cstddef>
#include <type_traits>
#include <vector>

namespace tapegrad::detail {

/// Room for something per operand of a gate: on the stack for all gates but a long concat. It is
/// not initialised, since clearing it would cost more than filling it.
template <class T>
class OperandArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit OperandArray(std::size_t count) {
    if (count > few) {
      many_.resize(count);
      first_ = many_.data();
    }
  }
  OperandArray(const OperandArray&) = delete;
  OperandArray& operator=(const OperandArray&) = delete;

  T& operator[](std::size_t k) { return first_[k]; }
  T* data() { return first_; }

 private:
  static constexpr std::size_t few = 4;
  union {  // Whose members are not initialised unless one says so.
    T few_[few];
  };
  std::vector<T> many_;
  T* first_ = few_;
};

}  // namespace tapegrad::detail
