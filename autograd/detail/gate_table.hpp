#pragma once

#include <vector>

#include <tapegrad/autograd/detail/ops.hpp>
#include <tapegrad/ops/rule.hpp>

namespace tapegrad::detail {

class ComputeExecutor;
class RecordExecutor;

/// A pointwise gate over n contiguous elements: y = (or +=) f(x₀, x₁, …).
template <class T>
using ForwardBlock = void (*)(const void* gate, std::int64_t n, const T* const* x, T* y,
                              bool accumulate);
/// Its gradient in one operand: out = (or +=) g · ∂f/∂x_k.
template <class T>
using GradientBlock = void (*)(const void* gate, std::int64_t n, const T* g, const T* const* x,
                               const T* y, T* out, bool accumulate);
/// A whole-tensor gate.
template <class T>
using ForwardWhole = void (*)(const void* gate, ops::Out<T> y, ops::Operands<T> x);

/// The loops of a gate in one precision. Pointwise gates have blocks, the others `whole`.
template <class T>
struct Loops {
  ForwardBlock<T> forward = nullptr;
  GradientBlock<T> gradient[3] = {};
  ForwardWhole<T> whole = nullptr;
};

/// Everything that is known of a gate at run time: one static table per gate.
struct GateTable {
  const char* name;
  Op op;
  int arity;
  bool pointwise;
  bool constant_second;
  unsigned differentiable;
  std::size_t attribute_bytes;

  Loops<float> f32;
  Loops<double> f64;
  /// Whole-tensor gates only; pointwise gates broadcast.
  Shape (*shape)(const void* gate, ops::Shapes x);
  void (*backward)(const void* gate, ComputeExecutor& executor);
  void (*record_backward)(const void* gate, RecordExecutor& executor);
  /// Where the output begins among the numbers of the first operand, or −1 if it is not a part of
  /// them; null for gates whose output never is.
  std::int64_t (*view_offset)(const void* gate, const Shape& x);
  /// Appends the branch of each element for operands in double; null for gates without kinks.
  /// Pointwise gates get `n` elements per operand, already broadcast.
  void (*branches)(const void* gate, std::int64_t n, ops::Operands<double> x,
                   std::vector<std::int64_t>& out);

  template <class T>
  const Loops<T>& loops() const {
    if constexpr (std::is_same_v<T, float>) {
      return f32;
    } else {
      return f64;
    }
  }
  bool differentiable_in(std::uint32_t operand) const {
    return (differentiable >> (operand < 31 ? operand : 31U) & 1U) != 0;
  }
};

/// The tables of all listed gates, by op-code; the entry of `leaf` is empty.
extern const GateTable gate_tables[];

/// The table of a gate that is not listed: made in the user's own code, see custom_gate.hpp.
template <class G>
const GateTable& custom_table();

template <class G>
const GateTable& table_of() {
  if constexpr (op_of<G> == Op::custom) {
    return custom_table<G>();
  } else {
    return gate_tables[static_cast<int>(op_of<G>)];
  }
}

struct Block;

/// The table of a gate on a tape that is not a leaf.
const GateTable& table_of_gate(const Block& block, std::uint32_t index);

}  // namespace tapegrad::detail
