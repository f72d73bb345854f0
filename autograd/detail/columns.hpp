#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <tapegrad/autograd/detail/ops.hpp>
#include <tapegrad/autograd/place.hpp>

#if defined(__GNUC__)
#define TAPEGRAD_ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define TAPEGRAD_ALWAYS_INLINE inline
#endif

namespace tapegrad::detail {

// NOTE [Layout of the tape]
// A gate is an index into parallel arrays: a 16-byte node (what it is, and on which line it was
// written), the file of that line, an 8-byte slot with its value and one with its gradient. The
// slot of a scalar holds the number; the slot of a tensor points to its numbers in the arena.
// Whatever scalar gates do not need stands in side tables: `extras` has one entry per gate that is
// not a plain scalar gate.
//
// What recording a scalar gate costs is the number of its instructions, so a node takes over bits
// as they lie in its operands' handles, and all that the compiler knows beforehand (the gate and
// the line) is one constant.

// Flags. The two that recording asks of operands stand at the same place in a handle; a node keeps
// all of them in the upper half of Node::kind.
/// The slot points to numbers instead of holding one.
inline constexpr std::uint32_t flag_tensor = 1U << 31;
/// A variable or parameter lies upstream.
inline constexpr std::uint32_t flag_requires_grad = 1U << 30;
inline constexpr std::uint32_t handle_flags = flag_tensor | flag_requires_grad;
/// Not a plain scalar gate: run through the gate's table, described by an Extra.
inline constexpr std::uint32_t flag_general = 1U << 29;

struct Node {
  std::uint16_t line;   ///< Lines above 65535 all read 65535.
  std::uint16_t kind;   ///< Op and flags.
  std::uint32_t a, b;   ///< The first two operands.
  std::uint32_t extra;  ///< Index into `extras` if general; else not even written.

  Node() = default;
  /// The first three members are composed in a register (the lowest first, as processors with SIMD
  /// store it): compilers would store them one by one.
  TAPEGRAD_ALWAYS_INLINE void set(Op op, std::uint32_t flags, int line_, std::uint32_t a_,
                                  std::uint32_t b_) {
    const auto number = static_cast<std::uint32_t>(line_);
    const std::uint32_t head =
        (number < 0xFFFF ? number : 0xFFFF) | static_cast<std::uint32_t>(op) << 16 | flags;
    const std::uint64_t first = head | static_cast<std::uint64_t>(a_) << 32;
    std::memcpy(static_cast<void*>(this), &first, sizeof first);
    b = b_;
  }

  Op op() const { return static_cast<Op>(kind & 0xFF); }
  void set_op(Op op) {
    kind = static_cast<std::uint16_t>((kind & ~0xFFU) | static_cast<std::uint32_t>(op));
  }
  bool is_plain_leaf() const { return op() == Op::leaf && !has(flag_general); }
  bool has(std::uint32_t flag) const { return (kind & flag >> 16) != 0; }
  /// Those that a handle repeats.
  std::uint32_t flags_of_handle() const { return std::uint32_t{kind} << 16 & handle_flags; }
};
/// Node::kind of a plain scalar gate that needs a gradient.
constexpr std::uint16_t plain_kind(Op op) {
  return static_cast<std::uint16_t>(flag_requires_grad >> 16 | static_cast<std::uint32_t>(op));
}
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

/// The parallel arrays, and what recording a scalar gate asks of a tape.
struct Columns {
  Node* nodes = nullptr;
  Slot* values = nullptr;
  const char** files = nullptr;
  Slot* grads = nullptr;
  std::uint32_t size = 0;
  std::uint32_t capacity = 0;
  /// Slots of `grads` that hold something.
  std::uint32_t grad_count = 0;
  /// Never the same twice for one block.
  std::uint32_t epoch = 1;
  /// If gates may be recorded inline (double precision, gradients on), what handles to scalars of
  /// this epoch read above their lower 31 bits; otherwise what no handle reads there. So the
  /// difference of a handle's key and this one is at most `last_plain` for those scalars alone.
  std::uint64_t plain_key = no_key;
  static constexpr std::uint64_t no_key = std::uint64_t{1} << 63;
  static constexpr std::uint64_t last_plain = (std::uint64_t{1} << 31) - 1;
  /// A block with this epoch is not used again.
  static constexpr std::uint32_t last_epoch = 0x7FFFFFFF;
  static_assert(std::uint64_t{last_epoch} << 32 < no_key);
};

}  // namespace tapegrad::detail
