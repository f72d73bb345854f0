#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tapegrad/autograd/detail/ops.hpp>
#include <tapegrad/autograd/place.hpp>

namespace tapegrad::detail {

// NOTE [Layout of the tape]
// A gate is an index into parallel arrays: a 16-byte node (what it is), an 8-byte slot with its
// value, one with its gradient, and 8 bytes that say where in the source it was written. The slot
// of a scalar holds the number; the slot of a tensor points to its numbers in the arena. Whatever
// scalar gates do not need stands in side tables: `extras` has one entry per gate that is not a
// plain scalar gate.

// Bits of Node::flags.
/// A variable or parameter lies upstream.
inline constexpr std::uint8_t flag_requires_grad = 1;
/// The slot points to numbers instead of holding one.
inline constexpr std::uint8_t flag_tensor = 2;
/// Not a plain scalar gate: run through the gate's table, described by an Extra.
inline constexpr std::uint8_t flag_general = 4;

struct Node {
  Op op;
  std::uint8_t flags;
  std::uint16_t unused;
  std::uint32_t a, b;   ///< The first two operands.
  std::uint32_t extra;  ///< Index into `extras`; 0 for none.

  Node() = default;
  /// Composed in two registers: compilers store members of a struct one by one, and six stores
  /// per gate are what recording would mostly consist of.
  Node(Op op_, std::uint8_t flags_, std::uint32_t a_, std::uint32_t b_, std::uint32_t extra_) {
    const std::uint64_t halves[2] = {
        static_cast<std::uint64_t>(op_) | static_cast<std::uint64_t>(flags_) << 8 |
            static_cast<std::uint64_t>(a_) << 32,
        static_cast<std::uint64_t>(b_) | static_cast<std::uint64_t>(extra_) << 32};
    std::memcpy(static_cast<void*>(this), halves, sizeof halves);
  }
};
static_assert(sizeof(Node) == 16);

union Slot {
  double f64;
  float f32;
  void* tensor;
};
static_assert(sizeof(Slot) == 8);

template <class T>
T& number(Slot& slot) {
  if constexpr (std::is_same_v<T, float>) {
    return slot.f32;
  } else {
    return slot.f64;
  }
}

/// A source place in 8 bytes: 48 bits of pointer, 16 of line (later lines all read 65535).
class PackedPlace {
 public:
  PackedPlace() = default;
  explicit PackedPlace(Place place)
      : bits_(reinterpret_cast<std::uintptr_t>(place.file) << 16 |
              static_cast<std::uint64_t>(place.line < 0xFFFF ? place.line : 0xFFFF)) {}
  Place place() const {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the pointer was packed above.
    return {reinterpret_cast<const char*>(static_cast<std::uintptr_t>(bits_ >> 16)),
            static_cast<int>(bits_ & 0xFFFF)};
  }

 private:
  std::uint64_t bits_;
};

/// The parallel arrays, and what recording a scalar gate asks of a tape.
struct Columns {
  Node* nodes = nullptr;
  Slot* values = nullptr;
  PackedPlace* places = nullptr;
  Slot* grads = nullptr;
  std::uint32_t size = 0;
  std::uint32_t capacity = 0;
  /// Slots of `grads` that hold something.
  std::uint32_t grad_count = 0;
  /// Never the same twice for one block.
  std::uint32_t epoch = 1;
  /// What the upper 33 bits of a handle read (epoch, and 0 for a scalar) if gates with that operand
  /// may be recorded inline: double precision and gradients on. Otherwise a number that no handle
  /// has.
  std::uint64_t scalar_key = no_key;
  static constexpr std::uint64_t no_key = ~std::uint64_t{0};
};

}  // namespace tapegrad::detail
