#include <tapegrad/autograd/detail/replay.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/executors.hpp>
#include <tapegrad/autograd/detail/operand_array.hpp>
#include <tapegrad/autograd/detail/with_place.hpp>

namespace tapegrad::detail {

namespace {

void check_not_consumed(const Block& block, Place place) {
  if (block.consumed) {
    throw TapeError(
        "[replay] needs the values of the tape, got a lean tape whose memory backward() has "
        "reused; make it in inspect mode (" +
        to_string(place) + ")");
  }
}

template <class T, class G>
void scalar_forward(const Node& node, T& y, Slot* values) {
  if constexpr (G::pointwise && std::is_empty_v<G> && G::arity <= 2) {
    constexpr G rule{};
    if constexpr (G::arity == 1) {
      y = rule.forward(number<T>(values[node.a]));
    } else {
      y = rule.forward(number<T>(values[node.a]), number<T>(values[node.b]));
    }
  }
}

void general_forward(Block& block, std::uint32_t index) {
  const Extra& extra = block.extra(index);
  if (extra.is_view()) return block.point_into_operand(index);
  OperandArray<View> x(extra.operand_count);
  for (std::uint32_t k = 0; k < extra.operand_count; ++k) {
    const std::uint32_t operand = block.operand(index, k);
    x[k] = {block.value(operand), block.shape(operand)};
  }
  run_forward(*extra.table, extra.attributes, block.precision, x.data(), extra.operand_count,
              extra.shape, block.value(index), false);
}

template <class T>
void sweep(Block& block) {
  for (std::uint32_t i = 0; i < block.size; ++i) {
    const Node& node = block.nodes[i];
    if (node.op() == Op::leaf) continue;
    if (node.has(flag_general)) {
      with_place(block.place(i), [&] { general_forward(block, i); });
      continue;
    }
    T& y = number<T>(block.values[i]);
    switch (node.op()) {
#define TAPEGRAD_GATE(name, Type)                        \
  case Op::name##_:                                      \
    scalar_forward<T, ops::Type>(node, y, block.values); \
    break;
      TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE
      case Op::leaf:
      case Op::custom:
        break;
    }
  }
}

void run(Block& block) {
  with_precision(block.precision, [&](auto type) { sweep<decltype(type)>(block); });
}

/// The number behind a leaf: a parameter's present value, or what the tape holds.
void copy_leaf(const Block& from, const Leaf& leaf, Block& to) {
  const ParameterState* const parameter = from.private_grads ? nullptr : leaf.parameter.get();
  const void* const value = parameter != nullptr ? parameter->value : from.value(leaf.index);
  convert(value, parameter != nullptr ? parameter->precision : from.precision, to.value(leaf.index),
          to.precision, to.count(leaf.index), false);
}

}  // namespace

void replay(Block& block, Place place) {
  check_not_consumed(block, place);
  const Block::Unfinished before = std::exchange(block.unfinished, Block::Unfinished::replay);
  block.update_plain_key();
  for (Leaf& leaf : block.leaves) {
    if (leaf.parameter == nullptr || block.private_grads) continue;
    leaf.version = leaf.parameter->version;
    if (leaf.borrowed) continue;
    convert(leaf.parameter->value, leaf.parameter->precision, block.value(leaf.index),
            block.precision, leaf.parameter->size, false);
  }
  run(block);
  block.unfinished = before == Block::Unfinished::backward ? before : Block::Unfinished::nothing;
  block.update_plain_key();
}

void replay_into(const Block& from, Block& to, Place place) {
  check_not_consumed(from, place);
  while (to.capacity < from.size) to.grow();
  std::copy_n(from.nodes, from.size, to.nodes);
  std::copy_n(from.files, from.size, to.files);
  to.size = from.size;
  to.private_grads = true;
  to.extras = from.extras;
  to.more_operands = from.more_operands;
  to.leaves = from.leaves;
  to.names = from.names;
  to.scopes = from.scopes;
  for (ScopeRange& scope : to.scopes) scope.end = std::min(scope.end, from.size);
  for (Extra& extra : to.extras) {
    extra.grad_memory = nullptr;
    extra.leaf_grad_set = false;
    const std::size_t bytes = extra.table == nullptr ? 0 : extra.table->attribute_bytes;
    if (bytes == 0) continue;
    void* copy = to.arena.allocate(static_cast<std::int64_t>(bytes));
    std::memcpy(copy, extra.attributes, bytes);
    extra.attributes = copy;
  }
  for (Leaf& leaf : to.leaves) leaf.borrowed = false;
  for (std::uint32_t i = 0; i < to.size; ++i) {
    const bool own_memory = to.is_tensor(i) && !to.extra(i).is_view();
    if (own_memory) to.values[i].tensor = to.arena.allocate(to.bytes(i));
    const bool plain_leaf = to.is_leaf(i) && !to.nodes[i].has(flag_general);
    if (plain_leaf) convert(from.value(i), from.precision, to.value(i), to.precision, 1, false);
  }
  for (const Leaf& leaf : from.leaves) copy_leaf(from, leaf, to);
  run(to);
}

void hold_detached(Block& copy) {
  for (std::uint32_t i = 0; i < copy.size; ++i) {
    Node& node = copy.nodes[i];
    if (node.op() == op_of<ops::Detach>) node.set_op(Op::leaf);
  }
}

}  // namespace tapegrad::detail
