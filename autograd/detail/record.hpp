#pragma once

#include <tapegrad/autograd/detail/block.hpp>
#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/autograd/operand.hpp>

#if defined(__GNUC__)
#define TAPEGRAD_ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define TAPEGRAD_ALWAYS_INLINE inline
#endif

namespace tapegrad::detail {

/// What the library's own files may see of a Var.
struct VarAccess {
  static Columns* columns(const Var& v) { return v.block_; }
  static Block* block(const Var& v) { return static_cast<Block*>(v.block_); }
  static std::uint64_t key(const Var& v) { return v.key_; }
  static std::uint32_t epoch(const Var& v) { return v.epoch(); }
  static std::uint32_t bits(const Var& v) { return v.bits(); }
  static Var make(Columns* block, std::uint32_t bits) { return {block, bits, block->epoch}; }
  static Var make_scalar(Columns* block, std::uint32_t bits) {
    return {block, block->scalar_key << 31 | bits};
  }
  static constexpr std::uint32_t tensor_bit = Var::tensor_bit;
  static constexpr std::uint32_t grad_bit = Var::grad_bit;
  static constexpr std::uint32_t index_mask = Var::index_mask;
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
// in the caller: a few comparisons, one 16-byte store for the node, 8 bytes each for value and
// place. Everything else takes the general path. The operands' kinds are known where the operator
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

/// A live scalar of a tape on which gates may be recorded inline.
TAPEGRAD_ALWAYS_INLINE bool is_plain_scalar(const Var& x, const Columns* block) {
  return VarAccess::columns(x) == block && VarAccess::key(x) >> 31 == block->scalar_key;
}

TAPEGRAD_ALWAYS_INLINE void append_plain(Columns* block, std::uint32_t index, const Node& node,
                                         double value, Place place) {
  Node* const nodes = block->nodes;
  Slot* const values = block->values;
  PackedPlace* const places = block->places;
  nodes[index] = node;
  values[index].f64 = value;
  places[index] = PackedPlace(place);
}

/// The bits of an operand; a number first becomes a leaf at `size`, which moves on.
TAPEGRAD_ALWAYS_INLINE std::uint32_t plain_operand(Columns* block, const Operand& x,
                                                   std::uint32_t& size, Place place) {
  if (is_var(x)) return VarAccess::bits(x.var());
  append_plain(block, size, Node(Op::leaf, 0, 0, 0, 0), x.number(), place);
  return size++;
}

TAPEGRAD_ALWAYS_INLINE Var append_gate(Columns* block, Op op, std::uint32_t index, std::uint32_t a,
                                       std::uint32_t b, std::uint32_t grad_bits, double value,
                                       Place place) {
  // Moves the handle's bit to the node's; a comparison would cost three instructions.
  static_assert(VarAccess::grad_bit >> 30 == flag_requires_grad);
  const auto flags = static_cast<std::uint8_t>(grad_bits >> 30);
  append_plain(block, index, Node(op, flags, a, b, 0), value, place);
  block->size = index + 1;
  return VarAccess::make_scalar(block, index | grad_bits);
}

/// A scalar leaf that receives a gradient.
TAPEGRAD_ALWAYS_INLINE Var record_scalar_variable(Block* block, double value, Place place) {
  if (block->scalar_key == Columns::no_key || block->size == block->capacity) {
    return record_leaf(*block, value, block->grad_enabled, false, place);
  }
  return append_gate(block, Op::leaf, block->size, 0, 0, VarAccess::grad_bit, value, place);
}

template <class G>
TAPEGRAD_ALWAYS_INLINE Var record_unary(Operand operand) {
  if constexpr (has_inline_path<G>) {
    if (operand.kind() == Operand::Kind::var) {
      const Var x = operand.var();
      Columns* const block = VarAccess::columns(x);
      if (block != nullptr && is_plain_scalar(x, block) && block->size != block->capacity) {
        const std::uint32_t bits = VarAccess::bits(x);
        const std::uint32_t a = bits & VarAccess::index_mask;
        constexpr std::uint32_t mask = differentiable_operands<G>() != 0 ? VarAccess::grad_bit : 0;
        return append_gate(block, op_of<G>, block->size, a, 0, bits & mask,
                           G{}.forward(block->values[a].f64), operand.place());
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
      if (block != nullptr && (!is_var(left) || is_plain_scalar(x, block)) &&
          (!is_var(right) || is_plain_scalar(y, block)) && block->size + 2 < block->capacity) {
        std::uint32_t size = block->size;
        std::uint32_t bits_x = plain_operand(block, left, size, left.place());
        std::uint32_t bits_y = plain_operand(block, right, size, left.place());
        if constexpr (constant_goes_second<G>) {
          if ((bits_x & VarAccess::grad_bit) == 0 && (bits_y & VarAccess::grad_bit) != 0) {
            std::swap(bits_x, bits_y);
          }
        }
        const std::uint32_t a = bits_x & VarAccess::index_mask;
        const std::uint32_t b = bits_y & VarAccess::index_mask;
        constexpr unsigned differentiable = differentiable_operands<G>();
        const std::uint32_t grad_bits =
            ((differentiable & 1U) != 0 ? bits_x : 0U) | ((differentiable & 2U) != 0 ? bits_y : 0U);
        return append_gate(block, op_of<G>, size, a, b, grad_bits & VarAccess::grad_bit,
                           G{}.forward(block->values[a].f64, block->values[b].f64), left.place());
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
