#pragma once

#include <tapegrad/autograd/detail/gate_table.hpp>
#include <tapegrad/autograd/precision.hpp>

/// Runs pointwise gates over operands that may broadcast. Broadcasting is known here and nowhere
/// else: the rules see contiguous runs of elements only.
namespace tapegrad::detail {

/// Raw numbers with a shape.
struct View {
  const void* data = nullptr;
  Shape sizes;
  const Shape& shape() const { return sizes; }
};

/// y (contiguous, of `shape`) = or += gate(x₀, …); each operand broadcasts to `shape`.
void pointwise_forward(const GateTable& table, const void* gate, Precision precision, const View* x,
                       const Shape& shape, void* y, bool accumulate);

/// out (of operand k's shape) = or += the gradient in operand k, summed over its repetitions, for
/// the upstream gradient g and the output y, both of `shape`.
void pointwise_gradient(const GateTable& table, const void* gate, Precision precision, int k,
                        const void* g, const View* x, const Shape& shape, const void* y, void* out,
                        bool accumulate);

}  // namespace tapegrad::detail
