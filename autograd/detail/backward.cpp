#include <tapegrad/autograd/detail/backward.hpp>

#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/executors.hpp>
#include <tapegrad/autograd/detail/pointwise_chain.hpp>
#include <tapegrad/autograd/detail/tape_sink.hpp>

namespace tapegrad::detail {

namespace {

/// A scalar leaf keeps its sum between passes unless it hands it over to a parameter.
bool keeps_scalar_grad(const Block& block, std::uint32_t index) {
  const Node& node = block.nodes[index];
  if (node.op() != Op::leaf || node.has(flag_tensor)) return false;
  return !node.has(flag_general) || receiver(block, block.extras[node.extra]) == nullptr;
}

/// Zero for all gates up to `output` and for those of an earlier, longer pass.
void prepare_grads(Block& block, std::uint32_t output) {
  Slot* const grads = block.grads;
  if (block.grad_count > 0) {
    for (std::uint32_t i = 0; i < block.grad_count; ++i) {
      if (!keeps_scalar_grad(block, i)) grads[i] = Slot{0.0};
    }
  }
  if (block.grad_count <= output) {
    std::memset(static_cast<void*>(grads + block.grad_count), 0,
                (output + 1 - block.grad_count) * sizeof(Slot));
    block.grad_count = output + 1;
  }
}

void add_upstream(Block& block, std::uint32_t output, const ArrayRef* upstream) {
  const GradTarget target = grad_target(block, output);
  with_precision(block.precision, [&](auto type) {
    using T = decltype(type);
    T* to = static_cast<T*>(target.data);
    if (upstream == nullptr) {  // Then it is a single element.
      *to = (target.accumulate ? *to : T(0)) + T(1);
      return;
    }
    const std::int64_t count = block.count(output);
    const std::int64_t bytes = block.bytes(output);
    void* numbers = block.arena.allocate(bytes);
    copy_in(*upstream, numbers, block.precision);
    convert(numbers, block.precision, to, block.precision, count, target.accumulate);
    block.arena.release(numbers, bytes);
  });
}

// NOTE [Zero gradients stop]
// A scalar gate whose gradient is exactly zero sends nothing on. That is how gates off the path to
// the output are passed over without marks, and it keeps 0·inf from turning a harmless branch into
// NaN.

template <class T, class G>
void scalar_gradients(const Node& node, T g, Slot& value, Slot* values, Slot* grads) {
  if constexpr (G::pointwise && std::is_empty_v<G>) {
    constexpr G rule{};
    const T y = number<T>(value);
    const T a = number<T>(values[node.a]);
    if constexpr (G::arity == 1) {
      if constexpr (has_gradient_rule<G, 0>) {
        number<T>(grads[node.a]) += rule.gradient(ops::At<0>{}, g, a, y);
      }
    } else if constexpr (G::arity == 2) {
      const T b = number<T>(values[node.b]);
      if constexpr (has_gradient_rule<G, 0>) {
        number<T>(grads[node.a]) += rule.gradient(ops::At<0>{}, g, a, b, y);
      }
      if constexpr (has_gradient_rule<G, 1>) {
        number<T>(grads[node.b]) += rule.gradient(ops::At<1>{}, g, a, b, y);
      }
    }
  }
}

void general_gradients(Block& block, std::uint32_t index) {
  const Extra& extra = block.extra(index);
  TapeSink sink(block, index);
  ComputeExecutor executor(block, index, sink);
  if (extra.table->pointwise) {
    executor.pointwise(*extra.table, extra.attributes);
  } else {
    extra.table->backward(extra.attributes, executor);
  }
}

/// Lean tapes: once a gate has been passed, nobody asks for its value and gradient again.
void reuse_memory(Block& block, std::uint32_t index) {
  if (!block.is_tensor(index)) return;
  Extra& extra = block.extra(index);
  if (extra.leaf >= 0) return;
  const std::int64_t bytes = block.bytes(index);
  if (!extra.is_view()) block.arena.release(block.values[index].tensor, bytes);
  if (extra.grad_memory != nullptr) {
    block.arena.release(extra.grad_memory, bytes);
    extra.grad_memory = nullptr;
    block.grads[index].tensor = nullptr;
  }
}

/// A gate, or a chain that ends with it. Returns the first that was swept.
template <class T>
std::uint32_t sweep_general(Block& block, std::uint32_t index) {
  const Node& node = block.nodes[index];
  if (node.op() == Op::leaf) return index;
  Slot& grad = block.grads[index];
  const bool reached = node.has(flag_tensor) ? grad.tensor != nullptr : number<T>(grad) != T(0);
  std::uint32_t first = index;
  if (reached && node.has(flag_requires_grad)) {
    first = chain_start(block, index);
    first < index ? chain_gradients(block, first, index) : general_gradients(block, index);
  }
  if (block.mode == Mode::lean) {
    for (std::uint32_t i = index + 1; i-- > first;) reuse_memory(block, i);
  }
  return first;
}

template <class T>
void sweep(Block& block, std::uint32_t output) {
  Slot* const values = block.values;
  Slot* const grads = block.grads;
  const Node* const nodes = block.nodes;
  // Variables, mul and add are most of a network: asking for them first takes a fifth off the
  // sweep.
  for (std::uint32_t i = output + 1; i-- > 0;) {
    const Node& node = nodes[i];
    const std::uint16_t kind = node.kind;
    if (kind == plain_kind(Op::leaf)) continue;
    const T g = number<T>(grads[i]);
    if (kind == plain_kind(op_of<ops::Mul>)) {
      if (g != T(0)) scalar_gradients<T, ops::Mul>(node, g, values[i], values, grads);
      continue;
    }
    if (kind == plain_kind(op_of<ops::Add>)) {
      if (g != T(0)) scalar_gradients<T, ops::Add>(node, g, values[i], values, grads);
      continue;
    }
    switch (kind) {
#define TAPEGRAD_GATE(name, Type)                                                     \
  case plain_kind(Op::name##_):                                                       \
    if (g != T(0)) scalar_gradients<T, ops::Type>(node, g, values[i], values, grads); \
    break;
      TAPEGRAD_GATES(TAPEGRAD_GATE)
#undef TAPEGRAD_GATE
      default:
        // Plain gates that need no gradient may hold one all the same: a rule does not ask whether
        // the other operand is a constant. It goes no further.
        if (node.has(flag_general)) i = sweep_general<T>(block, i);
    }
  }
}

/// Gives parameters what was not written to their own memory.
void hand_over(Block& block, std::uint32_t output) {
  if (block.private_grads) return;
  const std::vector<char>* reached = nullptr;
  for (const Leaf& leaf : block.leaves) {
    if (leaf.parameter == nullptr || leaf.index > output || !block.requires_grad(leaf.index)) {
      continue;
    }
    ParameterState& parameter = *leaf.parameter;
    const bool tensor = block.is_tensor(leaf.index);
    const void* grad = tensor ? block.grads[leaf.index].tensor : &block.grads[leaf.index];
    if (grad == nullptr || (!tensor && first_number(grad, block.precision) == 0.0)) {
      // Not reached, or by zeros that stopped on the way: only the second is a gradient.
      if (reached == nullptr) reached = &upstream_of(block, output, Path::differentiable);
      if ((*reached)[leaf.index] != 0) parameter.materialized_grad();
      continue;
    }
    if (grad == parameter.grad) continue;
    convert(grad, block.precision, parameter.materialized_grad(), parameter.precision,
            parameter.size, true);
  }
}

/// After a pass that failed: parameters have the gradients that they had before it.
void take_back(Block& block) {
  for (const Leaf& leaf : block.leaves) {
    if (leaf.parameter == nullptr || block.private_grads || leaf.index >= block.grad_count)
      continue;
    if (block.is_tensor(leaf.index) && block.grads[leaf.index].tensor == leaf.parameter->grad) {
      leaf.parameter->grad_is_zero = true;
    }
  }
}

bool all_finite(const Block& block, std::uint32_t index) {
  return find_non_finite(block.value(index), block.precision, block.count(index)) < 0;
}

std::string first_non_finite(const Block& block, std::uint32_t index) {
  const std::int64_t i = find_non_finite(block.value(index), block.precision, block.count(index));
  const char* element =
      static_cast<const char*>(block.value(index)) + i * bytes_per_number(block.precision);
  const double number = first_number(element, block.precision);
  return block.count(index) == 1 ? fmt::format("{}", number)
                                 : fmt::format("{} at element {}", number, i);
}

std::string describe_operand(const Block& block, std::uint32_t index) {
  const std::string name = block.label(index);
  if (block.count(index) == 1) {
    return fmt::format("{} = {}", name, first_number(block.value(index), block.precision));
  }
  return fmt::format("{} {}", name, to_string(block.shape(index)));
}

}  // namespace

const std::vector<char>& upstream_of(const Block& block, std::uint32_t output, Path path) {
  std::vector<char>& marked = block.marks;
  marked.assign(output + 1, 0);
  marked[output] = 1;
  for (std::uint32_t i = output + 1; i-- > 0;) {
    if (marked[i] == 0 || block.is_leaf(i)) continue;
    const GateTable& table = table_of_gate(block, i);
    const std::uint32_t count = block.operand_count(i);
    for (std::uint32_t k = 0; k < count; ++k) {
      if (path == Path::any || table.differentiable_in(k)) marked[block.operand(i, k)] = 1;
    }
  }
  return marked;
}

namespace {

/// A copy for a replay or a check has values of its own.
bool has_changed(const Block& block, const Leaf& leaf) {
  return !block.private_grads && leaf.parameter != nullptr &&
         leaf.parameter->version != leaf.version;
}

[[noreturn]] void throw_changed(const Block& block, const Leaf& leaf, Place place,
                                const char* who) {
  throw TapeError(fmt::format(
      "[{}] needs the parameter values that the forward pass saw, got a parameter of "
      "shape {} (read at {}) that has changed since, by step() or set_value(); call {}() "
      "before step(), or replay() the tape ({})",
      who, to_string(leaf.parameter->shape), to_string(block.place(leaf.index)), who,
      to_string(place)));
}

}  // namespace

void check_versions(const Block& block, std::uint32_t output, Place place, const char* who) {
  const std::vector<char>* needed = nullptr;
  for (const Leaf& leaf : block.leaves) {
    if (!has_changed(block, leaf) || leaf.index > output) continue;
    // Also those behind `detach`: gates read their values all the same.
    if (needed == nullptr) needed = &upstream_of(block, output, Path::any);
    if ((*needed)[leaf.index] != 0) throw_changed(block, leaf, place, who);
  }
}

void check_versions(const Block& block, Place place, const char* who) {
  for (const Leaf& leaf : block.leaves) {
    if (has_changed(block, leaf)) throw_changed(block, leaf, place, who);
  }
}

namespace {

[[noreturn]] void throw_non_finite(const Block& block, std::uint32_t output, Place place,
                                   const char* who) {
  const std::vector<char>& upstream = upstream_of(block, output, Path::any);
  std::uint32_t culprit = 0;
  while (upstream[culprit] == 0 || all_finite(block, culprit)) ++culprit;
  std::string operands;
  for (std::uint32_t k = 0; k < block.operand_count(culprit); ++k) {
    operands += (k == 0 ? " from " : ", ") + describe_operand(block, block.operand(culprit, k));
  }
  throw NonFiniteError(fmt::format(
      "[{}] needs a finite output, got {} ({}); the first gate on the way that is not finite "
      "is [{}] at {}, gate {}: {}{}; keep its operands inside its domain",
      who, first_non_finite(block, output), to_string(place), block.name(culprit),
      to_string(block.place(culprit)), culprit, first_non_finite(block, culprit), operands));
}

}  // namespace

void check_finite(const Block& block, std::uint32_t output, Place place, const char* who) {
  if (!all_finite(block, output)) throw_non_finite(block, output, place, who);
}

namespace {

/// Throws unless a backward pass from `output` can begin.
void check_backward(const Block& block, std::uint32_t output, const ArrayRef* upstream,
                    Place place) {
  if (!block.requires_grad(output)) {
    throw TapeError(
        "[backward] needs an output that depends on a variable or parameter, got a constant (" +
        std::string(block.name(output)) +
        "); make its inputs with tape.variable(...), and record outside of NoGrad (" +
        to_string(place) + ")");
  }
  if (block.consumed) {
    throw TapeError(
        "[backward] needs values that an earlier backward() on this lean tape has reused; make the "
        "tape in inspect mode to go backward twice (" +
        to_string(place) + ")");
  }
  if (block.unfinished == Block::Unfinished::backward) {
    throw TapeError(
        "[backward] needs gradients of whole passes to add to, got a tape whose last backward() "
        "broke off with an error; zero_grad() the tape first (" +
        to_string(place) + ")");
  }
  block.check_readable(output, "backward", place);
  if (upstream == nullptr && block.count(output) != 1) {
    throw ShapeError("[backward] needs an output of one element, got shape " +
                     to_string(block.shape(output)) +
                     "; sum it up or give the upstream gradient: y.backward(gradient) (" +
                     to_string(place) + ")");
  }
  if (upstream != nullptr && upstream->shape() != block.shape(output)) {
    throw ShapeError("[backward] needs an upstream gradient of the output's shape " +
                     to_string(block.shape(output)) + ", got " + to_string(upstream->shape()) +
                     " (" + to_string(place) + ")");
  }
  check_versions(block, output, place, "backward");
  check_finite(block, output, place, "backward");
}

}  // namespace

void run_backward(Block& block, std::uint32_t output, const ArrayRef* upstream, Place place) {
  check_backward(block, output, upstream, place);
  prepare_grads(block, output);
  try {
    add_upstream(block, output, upstream);
    with_precision(block.precision, [&](auto type) { sweep<decltype(type)>(block, output); });
    hand_over(block, output);
  } catch (...) {
    take_back(block);
    block.unfinished = Block::Unfinished::backward;
    block.consumed = block.mode == Mode::lean;
    block.update_plain_key();
    throw;
  }
  if (block.mode == Mode::lean) {
    block.consumed = true;
    block.update_plain_key();
  }
}

void clear_grads(Block& block) {
  if (block.unfinished == Block::Unfinished::backward) {
    block.unfinished = Block::Unfinished::nothing;
    block.update_plain_key();
  }
  block.grad_count = 0;
  for (Extra& extra : block.extras) extra.leaf_grad_set = false;
}

}  // namespace tapegrad::detail
