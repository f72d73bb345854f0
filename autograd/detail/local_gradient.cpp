#include <tapegrad/autograd/detail/local_gradient.hpp>

#include <utility>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/executors.hpp>
#include <tapegrad/ops/kernels.hpp>

namespace tapegrad::detail {

namespace {

View view_of(Block& block, std::uint32_t index) {
  return {block.value(index), block.shape(index)};
}

/// Collects the gradient of one operand.
template <class T>
class OperandSink final : public GradSink {
 public:
  OperandSink(int position, std::size_t size) : position_(position), gradient_(size) {}
  bool needs(std::uint32_t, int position) override { return position == position_; }
  GradTarget target(std::uint32_t) override { return {gradient_.data(), true}; }
  const std::vector<T>& gradient() const { return gradient_; }

 private:
  int position_;
  std::vector<T> gradient_;
};

/// The rule of operand k alone, for the gradient that has arrived at the gate.
template <class T>
std::vector<T> run_rule(Block& block, std::uint32_t index, std::uint32_t k) {
  const std::uint32_t operand = block.operand(index, k);
  OperandSink<T> sink(static_cast<int>(k), static_cast<std::size_t>(block.count(operand)));
  ComputeExecutor executor(block, index, sink);
  const GateTable& table = table_of_gate(block, index);
  if (table.pointwise) {
    executor.pointwise(table, block.attributes(index));
  } else {
    table.backward(block.attributes(index), executor);
  }
  return sink.gradient();
}

}  // namespace

// The gradient rule for an upstream gradient of ones, with the operands repeated to y's shape so
// that nothing is summed.
Array<double> pointwise_local_gradient(Block& block, std::uint32_t index, int k) {
  const GateTable& table = table_of_gate(block, index);
  const Shape& shape = block.shape(index);
  return with_precision(block.precision, [&](auto type) {
    using T = decltype(type);
    const auto count = static_cast<std::size_t>(shape.size());
    const std::vector<T> ones(count, T(1));
    std::vector<std::vector<T>> repeated;
    View x[3];
    for (int i = 0; i < table.arity; ++i) {
      const View operand = view_of(block, block.operand(index, static_cast<unsigned>(i)));
      repeated.emplace_back(count);
      ops::kernels::strided_copy(shape, static_cast<const T*>(operand.data),
                                 ops::broadcast_strides(operand.sizes, shape),
                                 repeated.back().data(), ops::contiguous_strides(shape), false);
      x[i] = {repeated.back().data(), shape};
    }
    std::vector<T> out(count);
    pointwise_gradient(table, block.attributes(index), block.precision, k, ones.data(), x, shape,
                       block.value(index), out.data(), false);
    return to_array(shape, out.data(), block.precision);
  });
}

bool sends_gradient(const Block& block, std::uint32_t index, std::uint32_t k) {
  if (!table_of_gate(block, index).differentiable_in(k)) return false;
  const Block::Grad grad = block.grad(index);
  if (grad.numbers == nullptr) return false;
  return block.is_tensor(index) || first_number(grad.numbers, grad.precision) != 0;
}

double cancelled_share(const Array<double>& total, double sent) {
  return sent == 0 ? 0 : 1 - sum_of_magnitudes(total) / sent;
}

Array<double> vector_jacobian_product(Block& block, std::uint32_t index, std::uint32_t k) {
  return with_precision(block.precision, [&](auto type) {
    const auto gradient = run_rule<decltype(type)>(block, index, k);
    return to_array(block.shape(block.operand(index, k)), gradient.data(), block.precision);
  });
}

std::vector<double> vector_jacobian_product(Block& block, std::uint32_t index, std::uint32_t k,
                                            std::vector<double> u) {
  Slot own{};
  if (block.is_tensor(index)) {
    own.tensor = u.data();
  } else {
    own.f64 = u[0];
  }
  const Slot before = std::exchange(block.grads[index], own);
  std::vector<double> gradient = run_rule<double>(block, index, k);
  block.grads[index] = before;
  return gradient;
}

}  // namespace tapegrad::detail
