#include <tapegrad/autograd/detail/tape_sink.hpp>

#include <utility>

namespace tapegrad::detail {

ParameterState* receiver(const Block& block, const Extra& leaf) {
  return block.private_grads ? nullptr
                             : block.leaves[static_cast<std::size_t>(leaf.leaf)].parameter.get();
}

namespace {

GradTarget tensor_target(Block& block, std::uint32_t index) {
  Slot& slot = block.grads[index];
  if (slot.tensor != nullptr) return {slot.tensor, true};
  Extra& extra = block.extra(index);
  if (extra.leaf >= 0) {
    ParameterState* const parameter = receiver(block, extra);
    // What a parameter has gathered before must survive a pass that fails: then, as for the other
    // precision, the gradient is gathered on the tape and handed over after the pass.
    if (parameter != nullptr && parameter->grad_is_zero &&
        parameter->precision == block.precision) {
      parameter->grad_is_zero = false;
      slot.tensor = parameter->grad;
      return {slot.tensor, false};
    }
  }
  if (extra.grad_memory == nullptr) extra.grad_memory = block.arena.allocate(block.bytes(index));
  slot.tensor = extra.grad_memory;
  const bool accumulate = extra.leaf >= 0 && receiver(block, extra) == nullptr &&
                          std::exchange(extra.leaf_grad_set, true);
  return {slot.tensor, accumulate};
}

}  // namespace

GradTarget grad_target(Block& block, std::uint32_t index) {
  if (block.is_tensor(index)) return tensor_target(block, index);
  return {&block.grads[index], true};
}

// NOTE [Gradients in place]
// On a lean tape nobody asks for a pointwise gate's gradient once it has been sent on. So the last
// operand to get its share, the first one, gets the gate's memory with it, number by number in
// place of the gate's own gradient: memory that is in the cache already.

GradTarget TapeSink::target(std::uint32_t operand) {
  if (takes_over(operand)) {
    void* const memory = std::exchange(block_.extra(gate_).grad_memory, nullptr);
    block_.grads[gate_].tensor = nullptr;
    block_.extra(operand).grad_memory = memory;
    block_.grads[operand].tensor = memory;
    return {memory, false};
  }
  return grad_target(block_, operand);
}

bool TapeSink::takes_over(std::uint32_t operand) const {
  if (block_.mode != Mode::lean || !block_.extra(gate_).table->pointwise) return false;
  if (operand != block_.operand(gate_, 0)) return false;
  for (std::uint32_t k = 1; k < block_.operand_count(gate_); ++k) {
    if (operand == block_.operand(gate_, k)) return false;
  }
  return block_.is_tensor(operand) && !block_.is_leaf(operand) &&
         block_.grads[operand].tensor == nullptr && block_.extra(operand).grad_memory == nullptr &&
         block_.extra(gate_).grad_memory != nullptr && block_.shape(operand) == block_.shape(gate_);
}

}  // namespace tapegrad::detail
