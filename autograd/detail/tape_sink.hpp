#pragma once

#include <tapegrad/autograd/detail/executors.hpp>

namespace tapegrad::detail {

/// The parameter that a leaf's gradient is for; null for variables and on private copies.
ParameterState* receiver(const Block& block, const Extra& leaf);

/// The memory that receives a gradient; marks that of a tensor as reached.
GradTarget grad_target(Block& block, std::uint32_t index);

/// Gradients go where the tape keeps them.
class TapeSink final : public GradSink {
 public:
  TapeSink(Block& block, std::uint32_t gate) : block_(block), gate_(gate) {}
  bool needs(std::uint32_t operand, int) override { return block_.requires_grad(operand); }
  GradTarget target(std::uint32_t operand) override;

 private:
  bool takes_over(std::uint32_t operand) const;

  Block& block_;
  std::uint32_t gate_;
};

}  // namespace tapegrad::detail
