#include <tapegrad/autograd/detail/executors.hpp>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/operand_array.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/functions.hpp>

namespace tapegrad::detail {

void run_forward(const GateTable& table, const void* gate, Precision precision, const View* x,
                 std::size_t count, const Shape& shape, void* y, bool accumulate) {
  if (table.pointwise) {
    return pointwise_forward(table, gate, precision, x, shape, y, accumulate);
  }
  with_precision(precision, [&](auto type) {
    using T = decltype(type);
    OperandArray<ops::In<T>> operands(count);
    for (std::size_t k = 0; k < count; ++k) {
      operands[k] = {static_cast<const T*>(x[k].data), x[k].sizes};
    }
    table.loops<T>().whole(gate, {static_cast<T*>(y), shape, accumulate},
                           {operands.data(), static_cast<int>(count)});
  });
}

std::int64_t view_offset(const GateTable& table, const void* gate, const Shape& x,
                         const Shape& shape) {
  if (table.view_offset == nullptr) return -1;
  const std::int64_t offset = table.view_offset(gate, x);
  if (offset >= 0 && offset + shape.size() > x.size()) {
    throw ShapeError(std::string("[") + table.name + "] needs a view_offset from which the " +
                     std::to_string(shape.size()) + " elements of the output lie among the " +
                     std::to_string(x.size()) + " of its operand, got " + std::to_string(offset));
  }
  return offset;
}

Shape infer_shape(const GateTable& table, const void* gate, const Shape* const* shapes,
                  std::size_t count) {
  Shape shape;
  if (table.pointwise) {
    shape = *shapes[0];
    for (std::size_t k = 1; k < count; ++k) shape = broadcast(shape, *shapes[k], table.name);
  } else {
    shape = table.shape(gate, {shapes, static_cast<int>(count)});
  }
  checked_size(shape, table.name);
  return shape;
}

namespace {

/// The shape of what a gate makes of these operands. Throws ShapeError.
Shape shape_of(const GateTable& table, const void* gate, const View* x, std::size_t count) {
  OperandArray<const Shape*> shapes(count);
  for (std::size_t k = 0; k < count; ++k) shapes[k] = &x[k].sizes;
  return infer_shape(table, gate, shapes.data(), count);
}

/// A rule of a user's gate may be wrong; only pointwise gates broadcast their operands.
void check_contribution(const Block& block, std::uint32_t index, std::uint32_t operand,
                        const Shape& got) {
  if (got == block.shape(operand)) return;
  throw ShapeError(std::string("[") + block.name(index) +
                   "] needs a backward rule that gives each operand a gradient of its own shape " +
                   to_string(block.shape(operand)) + ", got " + to_string(got) +
                   "; reshape it or sum_to it in the rule (" + to_string(block.place(index)) + ")");
}

}  // namespace

ComputeExecutor::~ComputeExecutor() {
  while (temporary_count_ > 0) {
    const Temporary& last = temporaries_[--temporary_count_];
    block_.arena.release(last.memory, last.bytes);
  }
}

View ComputeExecutor::upstream() const {
  return {block_.is_tensor(index_) ? block_.grads[index_].tensor : &block_.grads[index_],
          block_.shape(index_)};
}

View ComputeExecutor::evaluate(const GateTable& table, const void* gate, const View* x,
                               std::size_t count) {
  const Shape shape = shape_of(table, gate, x, count);
  const std::int64_t offset = view_offset(table, gate, x[0].sizes, shape);
  if (offset >= 0) return {numbers_from(x[0].data, offset, block_.precision), shape};
  if (temporary_count_ == most_temporaries) {
    throw Error(std::string("[") + block_.name(index_) + "] needs at most " +
                std::to_string(most_temporaries) +
                " intermediate values in its backward rule; split it into gates");
  }
  Temporary& memory = temporaries_[temporary_count_];
  memory.bytes = shape.size() * bytes_per_number(block_.precision);
  memory.memory = block_.arena.allocate(memory.bytes);
  ++temporary_count_;
  run_forward(table, gate, block_.precision, x, count, shape, memory.memory, false);
  return {memory.memory, shape};
}

void ComputeExecutor::add_to(std::uint32_t operand, const GateTable& table, const void* gate,
                             const View* x, std::size_t count) {
  check_contribution(block_, index_, operand, shape_of(table, gate, x, count));
  const GradTarget target = sink_.target(operand);
  run_forward(table, gate, block_.precision, x, count, block_.shape(operand), target.data,
              target.accumulate);
}

void ComputeExecutor::pointwise(const GateTable& table, const void* gate) {
  View x[3];
  for (int k = 0; k < table.arity; ++k) x[k] = operand(k);
  const View g = upstream();
  const View y = output();
  // The first operand last: see NOTE [Gradients in place].
  for (int k = table.arity; k-- > 0;) {
    if (!table.differentiable_in(static_cast<std::uint32_t>(k)) || !needs(k)) continue;
    const GradTarget target = sink_.target(operand_index(k));
    pointwise_gradient(table, gate, block_.precision, k, g.data, x, y.sizes, y.data, target.data,
                       target.accumulate);
  }
}

Var RecordExecutor::operand(int k) const {
  return handle(block_, block_.operand(index_, static_cast<std::uint32_t>(k)));
}

Var RecordExecutor::output() const {
  return handle(block_, index_);
}

void RecordExecutor::add_checked(int k, const Var& gradient) {
  check_contribution(block_, index_, block_.operand(index_, static_cast<std::uint32_t>(k)),
                     gradient.shape());
  contribute(k, gradient);
}

void RecordExecutor::contribute(int k, const Var& gradient) {
  const std::uint32_t target = block_.operand(index_, static_cast<std::uint32_t>(k));
  const Var fitted = gradient.shape() == block_.shape(target)
                         ? gradient
                         : sum_to(gradient, ops::SumTo{block_.shape(target)});
  Var& sum = gradients_[target];
  sum = sum.valid() ? sum + fitted : fitted;
}

Var RecordExecutor::record(const GateTable& table, const void* gate, const Var* operands,
                           std::size_t count) {
  return record_vars(block_, table, gate, operands, count, block_.place(index_));
}

}  // namespace tapegrad::detail
