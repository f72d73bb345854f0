#include <tapegrad/autograd/detail/record.hpp>

#include <algorithm>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/executors.hpp>
#include <tapegrad/autograd/detail/operand_array.hpp>
#include <tapegrad/autograd/detail/rollback.hpp>
#include <tapegrad/autograd/detail/with_place.hpp>

namespace tapegrad::detail {

namespace {

std::string at(Place place) {
  return " (" + to_string(place) + ")";
}

/// A general gate is described by the Extra appended last.
std::uint32_t append_node(Block& block, Op op, std::uint32_t flags, std::uint32_t a,
                          std::uint32_t b, Place place) {
  if (block.size == block.capacity) block.grow();
  const std::uint32_t index = block.size++;
  Node& node = block.nodes[index];
  node.set(op, flags, place.line, a, b);
  if (node.has(flag_general)) node.extra = static_cast<std::uint32_t>(block.extras.size() - 1);
  block.files[index] = place.file;
  return index;
}

std::uint32_t tensor_flag(const Shape& shape) {
  return shape.rank() == 0 ? 0 : flag_tensor;
}

std::uint32_t requires_grad_flag(bool requires_grad) {
  return requires_grad ? flag_requires_grad : 0;
}

/// A leaf's node, extra and leaf entry, with no value yet.
std::uint32_t append_leaf(Block& block, Shape shape, bool requires_grad, Place place) {
  with_place(place, [&] { checked_size(shape, "leaf"); });
  Extra& extra = block.extras.emplace_back(shape);
  extra.leaf = static_cast<std::int32_t>(block.leaves.size());
  const std::uint32_t flags = tensor_flag(shape) | flag_general | requires_grad_flag(requires_grad);
  const std::uint32_t index = append_node(block, Op::leaf, flags, 0, 0, place);
  block.leaves.push_back({index, nullptr, 0, false});
  return index;
}

std::uint32_t append_number(Block& block, double number, bool requires_grad, Place place) {
  const std::uint32_t index =
      append_node(block, Op::leaf, requires_grad_flag(requires_grad), 0, 0, place);
  with_precision(block.precision, [&](auto type) {
    using T = decltype(type);
    detail::number<T>(block.values[index]) = static_cast<T>(number);
  });
  return index;
}

/// Gives a leaf or gate memory of its own for its value.
void* take_memory(Block& block, std::uint32_t index) {
  if (!block.is_tensor(index)) return &block.values[index];
  return block.values[index].tensor = block.arena.allocate(block.bytes(index));
}

std::uint32_t append_array(Block& block, const ArrayRef& value, bool requires_grad, bool borrow,
                           Place place) {
  if (value.shape().empty()) {
    double number = 0;
    value.copy_to(&number);
    return append_number(block, number, requires_grad, place);
  }
  const std::uint32_t index = append_leaf(block, value.shape(), requires_grad, place);
  const void* lent = borrow ? value.borrowed(block.precision) : nullptr;
  if (lent != nullptr) {
    block.values[index].tensor = const_cast<void*>(lent);
    block.leaves.back().borrowed = true;
  } else {
    copy_in(value, take_memory(block, index), block.precision);
  }
  return index;
}

std::uint32_t parameter_node(Block& block, const Parameter& parameter, Place place) {
  const auto& state = parameter.state();
  if (state->slot >= block.parameter_nodes.size()) block.parameter_nodes.resize(state->slot + 1);
  Block::ParameterNode& known = block.parameter_nodes[state->slot];
  const bool wanted = block.grad_enabled;
  if (known.serial == state->serial && known.epoch == block.epoch && known.index < block.size) {
    const Node& node = block.nodes[known.index];
    const bool is_it =
        node.op() == Op::leaf && node.has(flag_general) &&
        block.leaves[static_cast<std::size_t>(block.extras[node.extra].leaf)].parameter == state;
    // A node made under no_grad does not serve an expression that wants gradients, and a changed
    // value does not serve a new expression.
    if (is_it && block.requires_grad(known.index) == wanted &&
        block.leaves[static_cast<std::size_t>(block.extras[node.extra].leaf)].version ==
            state->version) {
      return known.index;
    }
  }
  const std::uint32_t index = append_leaf(block, state->shape, wanted, place);
  Leaf& leaf = block.leaves.back();
  leaf.parameter = state;
  leaf.version = state->version;
  if (block.is_tensor(index) && state->precision == block.precision) {
    block.values[index].tensor = state->value;
    leaf.borrowed = true;
  } else {
    convert(state->value, state->precision, take_memory(block, index), block.precision, state->size,
            false);
  }
  known = {state->serial, block.epoch, index};
  return index;
}

std::uint32_t resolve(Block& block, const Operand& operand) {
  switch (operand.kind()) {
    case Operand::Kind::var:
      return operand.var().index();
    case Operand::Kind::number:
      return append_number(block, operand.number(), false, operand.place());
    case Operand::Kind::parameter:
      return parameter_node(block, operand.parameter(), operand.place());
    case Operand::Kind::array:
      break;
  }
  return append_array(block, operand.array(), false, true, operand.place());
}

/// The tape that an expression belongs to: that of its Vars, else the innermost.
Block& tape_of(const GateTable& table, const Operand* operands, std::size_t count, Place place) {
  Block* found = nullptr;
  for (std::size_t k = 0; k < count; ++k) {
    if (operands[k].kind() != Operand::Kind::var) continue;
    Block& block = live_block(operands[k].var(), table.name, operands[k].place());
    if (found != nullptr && found != &block) {
      throw TapeError(std::string("[") + table.name +
                      "] needs operands of one tape, got a Var of the tape made at " +
                      to_string(found->life().made) + " and one of the tape made at " +
                      to_string(block.life().made) +
                      "; bring the value over with tape.data(x.value())" + at(place));
    }
    found = &block;
  }
  return found != nullptr ? *found : innermost_or_throw(table.name, place);
}

/// Records a gate whose operands are on the tape, and computes it.
std::uint32_t append_gate(Block& block, const GateTable& table, const void* gate,
                          std::uint32_t* operands, std::size_t count, Place place) {
  if (block.consumed) {
    throw TapeError(std::string("[") + table.name +
                    "] needs values that the lean tape has already reused in backward(); reset "
                    "the tape for the next step, or make it in inspect mode" +
                    at(place));
  }
  if (table.constant_second && count == 2 && !block.requires_grad(operands[0]) &&
      block.requires_grad(operands[1])) {
    std::swap(operands[0], operands[1]);
  }
  OperandArray<const Shape*> shapes(count);
  OperandArray<View> views(count);
  bool requires_grad = false;
  bool general =
      !table.pointwise || count > 2 || table.attribute_bytes > 0 || table.op == Op::custom;
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint32_t operand = operands[k];
    shapes[k] = &block.shape(operand);
    general = general || block.is_tensor(operand);
    requires_grad = requires_grad || (block.requires_grad(operand) &&
                                      table.differentiable_in(static_cast<std::uint32_t>(k)));
  }
  requires_grad = requires_grad && block.grad_enabled;
  const Shape shape =
      with_place(place, [&] { return infer_shape(table, gate, shapes.data(), count); });

  std::uint32_t flags = requires_grad_flag(requires_grad);
  const void* attributes = &no_attributes;
  if (general) {
    flags |= flag_general | tensor_flag(shape);
    if (table.attribute_bytes > 0) {
      void* copy = block.arena.allocate(static_cast<std::int64_t>(table.attribute_bytes));
      std::memcpy(copy, gate, table.attribute_bytes);
      attributes = copy;
    }
    Extra& extra = block.extras.emplace_back(shape);
    extra.table = &table;
    extra.attributes = attributes;
    extra.operand_count = static_cast<std::uint32_t>(count);
    extra.more_operands = static_cast<std::uint32_t>(block.more_operands.size());
    for (std::size_t k = 2; k < count; ++k) block.more_operands.push_back(operands[k]);
  }
  const std::uint32_t index = append_node(block, table.op, flags, count > 0 ? operands[0] : 0,
                                          count > 1 ? operands[1] : 0, place);
  for (std::size_t k = 0; k < count; ++k) {
    views[k] = {block.value(operands[k]), block.shape(operands[k])};
  }
  if (block.is_tensor(index) && count > 0 && block.is_tensor(operands[0])) {
    const std::int64_t offset =
        with_place(place, [&] { return view_offset(table, gate, views[0].sizes, shape); });
    if (offset >= 0) {
      block.extra(index).view_offset = offset;
      block.point_into_operand(index);
      return index;
    }
  }
  void* y = take_memory(block, index);
  with_place(place, [&] {
    run_forward(table, gate, block.precision, views.data(), count, shape, y, false);
  });
  return index;
}

}  // namespace

Var handle(Block& block, std::uint32_t index) {
  return VarAccess::make(
      &block, std::uint64_t{block.epoch} << 32 | block.nodes[index].flags_of_handle() | index);
}

void throw_stale(const Var& var, const char* who, Place place) {
  const std::string gate = std::string("[") + who + "] ";
  const Block* const block = VarAccess::block(var);
  if (block == nullptr) {
    throw TapeError(gate +
                    "needs a Var that belongs to a tape, got an empty one; assign it from "
                    "tape.variable(...) or an expression first" +
                    at(place));
  }
  const std::uint32_t epoch = VarAccess::epoch(var);
  const Life& life = block->lives[epoch % std::size(block->lives)];
  std::string text = gate + "needs a Var of a living tape, got one of a tape that ";
  if (life.epoch != epoch) {
    text += "ended long ago";
  } else if (life.was_reset) {
    text += "was reset at " + to_string(life.reset);
  } else {
    text += "was made at " + to_string(life.made) + " and has been destroyed";
  }
  throw TapeError(text + "; record the value again on the present tape" + at(place));
}

Place place_of(const Var& var) {
  const Block& block = live_block(var, "array operator", {});
  return block.place(var.index());
}

Block& innermost_or_throw(const char* who, Place place) {
  if (Block* block = innermost_block()) return *block;
  throw TapeError(std::string("[") + who +
                  "] needs a tape to record on, got only numbers, arrays and parameters while this "
                  "thread has no tape; write `Tape tape;` before the expression" +
                  at(place));
}

Var record(const GateTable& table, const void* gate, const Operand* operands, std::size_t count,
           Place place) {
  Block& block = tape_of(table, operands, count, place);
  Rollback rollback(block);
  OperandArray<std::uint32_t> indices(count);
  for (std::size_t k = 0; k < count; ++k) indices[k] = resolve(block, operands[k]);
  const std::uint32_t index = append_gate(block, table, gate, indices.data(), count, place);
  rollback.keep();
  return handle(block, index);
}

Var record_general(const GateTable& table, Var x, Place place) {
  const Operand operand(x, place.file, place.line);
  return record(table, &no_attributes, &operand, 1, place);
}

Var record_general(const GateTable& table, Var x, Var y, bool x_is_var, bool y_is_var,
                   double number_x, double number_y, Place place) {
  const auto operand = [&](const Var& var, bool is_var, double number) {
    return is_var ? Operand(var, place.file, place.line) : Operand(number, place.file, place.line);
  };
  const Operand operands[] = {operand(x, x_is_var, number_x), operand(y, y_is_var, number_y)};
  return record(table, &no_attributes, operands, 2, place);
}

Var record_vars(Block& block, const GateTable& table, const void* gate, const Var* operands,
                std::size_t count, Place place) {
  Rollback rollback(block);
  OperandArray<std::uint32_t> indices(count);
  for (std::size_t k = 0; k < count; ++k) indices[k] = operands[k].index();
  const std::uint32_t index = append_gate(block, table, gate, indices.data(), count, place);
  rollback.keep();
  return handle(block, index);
}

Var record_leaf(Block& block, const ArrayRef& value, bool requires_grad, bool borrow, Place place) {
  Rollback rollback(block);
  const std::uint32_t index = append_array(block, value, requires_grad, borrow, place);
  rollback.keep();
  return handle(block, index);
}

Var record_zeros(Block& block, const Shape& shape, Place place) {
  if (shape.empty()) return record_leaf(block, 0.0, false, false, place);
  const std::uint32_t index = append_leaf(block, shape, false, place);
  std::memset(take_memory(block, index), 0, static_cast<std::size_t>(block.bytes(index)));
  return handle(block, index);
}

Var record_parameter(Block& block, const Parameter& parameter, Place place) {
  Rollback rollback(block);
  const std::uint32_t index = parameter_node(block, parameter, place);
  rollback.keep();
  return handle(block, index);
}

void set_leaf_value(Block& block, std::uint32_t index, const ArrayRef& value, Place place) {
  if (!block.is_leaf(index) || block.parameter(index) != nullptr) {
    throw TapeError(std::string("[set_value] needs a variable or data leaf, got [") +
                    block.name(index) + "]; a parameter has its own set_value" + at(place));
  }
  with_place(place, [&] { check_same_shape(value.shape(), block.shape(index), "set_value"); });
  if (block.is_tensor(index)) {
    // Memory that was lent is not ours to write to.
    Leaf& leaf = block.leaves[static_cast<std::size_t>(block.extra(index).leaf)];
    if (leaf.borrowed) {
      take_memory(block, index);
      leaf.borrowed = false;
      for (std::uint32_t i = index + 1; i < block.size; ++i) {
        if (block.nodes[i].has(flag_general) && block.extra(i).is_view()) {
          block.point_into_operand(i);
        }
      }
    }
  }
  copy_in(value, block.value(index), block.precision);
}

}  // namespace tapegrad::detail
