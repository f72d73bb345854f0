#pragma once

#include <tapegrad/autograd/detail/block.hpp>
#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/autograd/operand.hpp>

namespace tapegrad::detail {

/// What the library's own files may see of a Var.
struct VarAccess {
  static Columns* columns(const Var& v) { return v.block_; }
  static Block* block(const Var& v) { return static_cast<Block*>(v.block_); }
  static std::uint64_t key(const Var& v) { return v.key_; }
  static std::uint32_t epoch(const Var& v) { return v.epoch(); }
  static Var make(Columns* block, std::uint64_t key) { return {block, key}; }
};

/// The handle of a gate that is on the tape.
Var handle(Block& block, std::uint32_t index);

/// Throws TapeError, naming `who` and both places.
[[noreturn]] void throw_stale(const Var& var, const char* who, Place place);

/// The block of a live handle. Throws TapeError if it is stale.
inline Block& live_block(const Var& var, const char* who, Place place) {
  Block* const block = VarAccess::block(var);
  if (block == nullptr || !block->alive || block->epoch != VarAccess::epoch(var)) {
    throw_stale(var, who, place);
  }
  return *block;
}

/// Where the gate of a live handle was recorded.
Place place_of(const Var& var);

/// Records any gate with operands of any kind and computes its value. On an exception the tape is
/// as it was before.
Var record(const GateTable& table, const void* gate, const Operand* operands, std::size_t count,
           Place place);

/// The same for operands that are already on the tape of `block`.
Var record_vars(Block& block, const GateTable& table, const void* gate, const Var* operands,
                std::size_t count, Place place);

/// A leaf with a copy of the value or, if possible and `borrow`, a reference to it.
Var record_leaf(Block& block, const ArrayRef& value, bool requires_grad, bool borrow, Place place);

/// Zeros without gradient.
Var record_zeros(Block& block, const Shape& shape, Place place);

/// The node of a parameter.
Var record_parameter(Block& block, const Parameter& parameter, Place place);

/// Overwrites the value of a variable or data leaf. Throws TapeError for other gates, ShapeError
/// for another shape.
void set_leaf_value(Block& block, std::uint32_t index, const ArrayRef& value, Place place);

/// This thread's innermost tape. Throws TapeError if there is none.
Block& innermost_or_throw(const char* who, Place place);

// NOTE [The inline path]
// A scalar gate between live Vars of one double-precision tape, or a Var and a number, is recorded
// in the caller: four comparisons and five stores (the node in two, value, file, size). Everything
// else takes the general path. The operands' kinds are known where the operator
// is written, so the compiler keeps one branch; the general path gets their parts by value, because
// an Operand whose address is taken would have to be built in memory on the inline path too.

template <class G>
inline constexpr bool has_inline_path =
    G::pointwise&& std::is_empty_v<G>&& G::arity <= 2 && op_of<G> != Op::custom;

/// The general path for operands that are Vars, or numbers where `…_is_var` says no.
Var record_general(const GateTable& table, Var x, Place place);
Var record_general(const GateTable& table, Var x, Var y, bool x_is_var, bool y_is_var,
                   double number_x, double number_y, Place place);

TAPEGRAD_ALWAYS_INLINE bool is_var(const Operand& x) {
  return x.kind() == Operand::Kind::var;
}

TAPEGRAD_ALWAYS_INLINE bool is_number(const Operand& x) {
  return x.kind() == Operand::Kind::number;
}

/// Flags and index of a live scalar on whose block gates may be recorded inline; of every other
/// handle something above last_plain.
TAPEGRAD_ALWAYS_INLINE std::uint64_t plain_bits(const Var& x, const Columns* block) {
  return VarAccess::key(x) - block->plain_key;
}

TAPEGRAD_ALWAYS_INLINE std::uint32_t plain_index(std::uint64_t bits) {
  return static_cast<std::uint32_t>(bits) & ~handle_flags;
}

/// Only the flag of `bits` that says that a gradient is needed.
TAPEGRAD_ALWAYS_INLINE std::uint32_t grad_flag(std::uint64_t bits) {
  return static_cast<std::uint32_t>(bits) & flag_requires_grad;
}

/// A scalar gate at `index`, where there is room.
TAPEGRAD_ALWAYS_INLINE Var append_plain(Columns* block, Op op, std::uint32_t flags,
                                        std::uint32_t index, std::uint32_t a, std::uint32_t b,
                                        double value, Place place) {
  block->values[index].f64 = value;
  block->files[index] = place.file;
  block->size = index + 1;
  const std::uint64_t key = block->plain_key + (index | flags);
  block->nodes[index].set(op, flags, place.line, a, b);
  return VarAccess::make(block, key);
}

/// The bits of an operand; a number becomes a leaf.
TAPEGRAD_ALWAYS_INLINE std::uint64_t plain_operand(Columns* block, const Operand& x,
                                                   std::uint64_t bits, Place place) {
  if (is_var(x)) return bits;
  const std::uint32_t index = block->size;
  append_plain(block, Op::leaf, 0, index, 0, 0, x.number(), place);
  return index;
}

/// A scalar leaf that receives a gradient.
TAPEGRAD_ALWAYS_INLINE Var record_scalar_variable(Block* block, double value, Place place) {
  if (block->plain_key == Columns::no_key || block->size == block->capacity) {
    return record_leaf(*block, value, block->grad_enabled, false, place);
  }
  return append_plain(block, Op::leaf, flag_requires_grad, block->size, 0, 0, value, place);
}

template <class G>
TAPEGRAD_ALWAYS_INLINE Var record_unary(Operand operand) {
  if constexpr (has_inline_path<G>) {
    if (operand.kind() == Operand::Kind::var) {
      const Var x = operand.var();
      Columns* const block = VarAccess::columns(x);
      if (block != nullptr && block->size != block->capacity) {
        const std::uint64_t bits = plain_bits(x, block);
        if (bits <= Columns::last_plain) {
          const std::uint32_t a = plain_index(bits);
          const std::uint32_t flags = differentiable_operands<G>() != 0 ? grad_flag(bits) : 0;
          return append_plain(block, op_of<G>, flags, block->size, a, 0,
                              G{}.forward(block->values[a].f64), operand.place());
        }
      }
      return record_general(table_of<G>(), x, operand.place());
    }
  }
  const G gate{};
  return record(table_of<G>(), &gate, &operand, 1, operand.place());
}

template <class G>
TAPEGRAD_ALWAYS_INLINE Var record_binary(Operand left, Operand right) {
  if constexpr (has_inline_path<G>) {
    if ((is_var(left) || is_number(left)) && (is_var(right) || is_number(right))) {
      const Var x = left.var();
      const Var y = right.var();
      Columns* const block = VarAccess::columns(is_var(left) ? x : y);
      const bool both = is_var(left) && is_var(right);
      if (block != nullptr && (!both || VarAccess::columns(y) == block) &&
          block->size + (both ? 0 : 2) < block->capacity) {
        std::uint64_t bits_x = is_var(left) ? plain_bits(x, block) : 0;
        std::uint64_t bits_y = is_var(right) ? plain_bits(y, block) : 0;
        if ((bits_x | bits_y) <= Columns::last_plain) {
          bits_x = plain_operand(block, left, bits_x, left.place());
          bits_y = plain_operand(block, right, bits_y, left.place());
          if constexpr (constant_goes_second<G>) {
            if (grad_flag(bits_x) == 0 && grad_flag(bits_y) != 0) std::swap(bits_x, bits_y);
          }
          const std::uint32_t a = plain_index(bits_x);
          const std::uint32_t b = plain_index(bits_y);
          constexpr unsigned differentiable = differentiable_operands<G>();
          const std::uint64_t upstream =
              ((differentiable & 1U) != 0 ? bits_x : 0) | ((differentiable & 2U) != 0 ? bits_y : 0);
          return append_plain(block, op_of<G>, grad_flag(upstream), block->size, a, b,
                              G{}.forward(block->values[a].f64, block->values[b].f64),
                              left.place());
        }
      }
      return record_general(table_of<G>(), x, y, is_var(left), is_var(right), left.number(),
                            right.number(), left.place());
    }
  }
  const G gate{};
  const Operand operands[] = {left, right};
  return record(table_of<G>(), &gate, operands, 2, left.place());
}

}  // namespace tapegrad::detail
