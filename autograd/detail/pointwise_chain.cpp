#include <tapegrad/autograd/detail/pointwise_chain.hpp>

#include <algorithm>
#include <array>

#include <tapegrad/autograd/detail/tape_sink.hpp>
#include <tapegrad/ops/kernels/parallel.hpp>
#include <tapegrad/ops/kernels/scratch.hpp>

namespace tapegrad::detail {

// NOTE [Tile by tile]
// The gradient of an element of a pointwise gate depends on the same element of the gates after it
// and on nothing else. So gates of one shape that follow one another on the tape go backward
// together, a tile of elements at a time: what one step writes is in the cache when the next reads
// it, and on a lean tape, which keeps no gradients between, it never leaves it. Every element gets
// its contributions in the order in which gates by themselves would send them. A chain takes the
// memory of all gradients that it writes before it gives any back.
// The sum or mean of all elements may be the last gate of a chain: it sends each the same number,
// as the rules of ops/sum.hpp and ops/mean.hpp say.
// Gates of users stay by themselves: their rules may throw, or run a tape of their own, whose
// chains would take the same buffers.

namespace {

/// Elements of a tile: the buffers of a few gates fit into the first-level cache. Parts of a loop
/// end with tiles: see NOTE [Where parts of a loop end].
constexpr std::int64_t tile = 256;

/// Most gradients that a chain sends on.
constexpr int most_steps = 32;

/// Whether a gate can be in a chain: a pointwise one of ours, of this shape, whose operands have it
/// too. Those that need no gradient may be single numbers.
bool belongs(const Block& block, std::uint32_t index, const Shape& shape) {
  if (!block.is_tensor(index) || !block.requires_grad(index)) return false;
  const Extra& extra = block.extra(index);
  const GateTable& table = *extra.table;
  if (!table.pointwise || table.op == Op::custom || extra.shape != shape) return false;
  for (std::uint32_t k = 0; k < extra.operand_count; ++k) {
    const std::uint32_t operand = block.operand(index, k);
    if (block.is_tensor(operand) && block.shape(operand) == shape) continue;
    if (block.requires_grad(operand) || block.count(operand) != 1) return false;
  }
  return true;
}

/// Whether a gate adds up all elements of its operand.
bool adds_up(const Block& block, std::uint32_t index) {
  if (!block.nodes[index].has(flag_general) || block.count(index) != 1) return false;
  const GateTable* const table = block.extra(index).table;
  return table == &table_of<ops::Sum>() || table == &table_of<ops::Mean>();
}

/// Gives each of n elements the same number.
template <class T>
void spread(const void*, std::int64_t n, const T* number, const T* const*, const T*, T* out,
            bool accumulate) {
  if (accumulate) {
    for (std::int64_t i = 0; i < n; ++i) out[i] += *number;
  } else {
    std::fill_n(out, n, *number);
  }
}

/// At most `most_steps` items; those that are not there are not initialised.
template <class Item>
class Few {
 public:
  void push(const Item& item) { items_[count_++] = item; }
  Item pop() { return items_[--count_]; }
  /// Takes out an item, in whose place comes the last.
  void remove(Item* item) { *item = pop(); }
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  Item* begin() { return items_.data(); }
  Item* end() { return items_.data() + count_; }
  const Item* begin() const { return items_.data(); }
  const Item* end() const { return items_.data() + count_; }

 private:
  std::array<Item, most_steps> items_;
  std::size_t count_ = 0;
};

/// Where a step reads or writes: an array of the chain's shape or, if it is null, one of a thread's
/// buffers.
template <class T>
struct Numbers {
  T* array;
  int buffer;

  T* tile_at(std::int64_t position, T* buffers) const {
    return array != nullptr ? array + position : buffers + buffer * tile;
  }
};

/// The gradient of one gate in one operand.
template <class T>
struct Step {
  GradientBlock<T> run;
  const void* attributes;
  int arity;
  Numbers<T> g, x[3], y, out;
  bool accumulate;
};

template <class T>
class Chain {
 public:
  Chain(Block& block, std::uint32_t first, std::uint32_t last)
      : block_(block), first_(first), size_(block.count(first)) {
    std::uint32_t gate = last + 1;
    if (adds_up(block, last)) add_sum(--gate);
    while (gate-- > first) {
      if (!block.is_leaf(gate)) add_gate(gate);
    }
  }

  void run() const {
    const std::int64_t tiles = (size_ + tile - 1) / tile;
    ops::kernels::share_out(
        tiles, static_cast<double>(steps_.size()) * ops::kernels::streaming_time<T>(size_),
        [this](std::int64_t begin, std::int64_t end) {
          T* const buffers = ops::kernels::scratch<T, Chain>(buffer_count_ * tile);
          for (const Constant& constant : constants_) {
            std::fill_n(buffers + constant.buffer * tile, tile, constant.number);
          }
          for (std::int64_t i = begin; i < end; ++i) run_tile(i * tile, buffers);
        });
  }

 private:
  struct Constant {
    T number;
    int buffer;
  };
  /// A gate whose gradient is in a buffer until it has been sent on.
  struct Pending {
    std::uint32_t gate;
    int buffer;
  };

  void run_tile(std::int64_t position, T* buffers) const {
    const std::int64_t count = std::min(tile, size_ - position);
    for (const Step<T>& step : steps_) {
      const T* x[3] = {};
      for (int k = 0; k < step.arity; ++k) x[k] = step.x[k].tile_at(position, buffers);
      step.run(step.attributes, count, step.g.tile_at(position, buffers), x,
               step.y.tile_at(position, buffers), step.out.tile_at(position, buffers),
               step.accumulate);
    }
  }

  void add_sum(std::uint32_t gate) {
    T g = *static_cast<const T*>(block_.grad(gate).numbers);
    if (block_.extra(gate).table == &table_of<ops::Mean>()) {
      g *= static_cast<T>(1 / static_cast<double>(size_));
    }
    Step<T> step{};
    step.run = &spread<T>;
    step.g = step.y = add_constant(g);
    add_step(step, gate, operand(gate, 0));
  }

  void add_gate(std::uint32_t gate) {
    Numbers<T> g{static_cast<T*>(block_.grads[gate].tensor), 0};
    if (g.array == nullptr) {
      Pending* const pending = find_pending(gate);
      if (pending == pending_.end()) return;  // Not reached.
      g.buffer = pending->buffer;
      pending_.remove(pending);
    }
    const GateTable& table = *block_.extra(gate).table;
    Step<T> step{};
    step.attributes = block_.attributes(gate);
    step.arity = table.arity;
    step.g = g;
    step.y = {static_cast<T*>(block_.value(gate)), 0};
    for (int k = 0; k < table.arity; ++k) step.x[k] = value_of(operand(gate, k));
    // The first operand last: see NOTE [Gradients in place].
    for (int k = table.arity; k-- > 0;) {
      if (!table.differentiable_in(static_cast<std::uint32_t>(k))) continue;
      if (!block_.requires_grad(operand(gate, k))) continue;
      step.run = table.loops<T>().gradient[k];
      add_step(step, gate, operand(gate, k));
    }
    if (g.array == nullptr) free_.push(g.buffer);
  }

  std::uint32_t operand(std::uint32_t gate, int k) const {
    return block_.operand(gate, static_cast<std::uint32_t>(k));
  }

  Numbers<T> value_of(std::uint32_t index) {
    T* const value = static_cast<T*>(block_.value(index));
    if (block_.count(index) == size_) return {value, 0};
    return add_constant(*value);
  }

  Numbers<T> add_constant(T number) {
    const int buffer = buffer_count_++;
    constants_.push({number, buffer});
    return {nullptr, buffer};
  }

  /// A step that gives `operand` its gradient through `gate`.
  void add_step(Step<T> step, std::uint32_t gate, std::uint32_t operand) {
    set_target(step, gate, operand);
    steps_.push(step);
  }

  void set_target(Step<T>& step, std::uint32_t gate, std::uint32_t operand) {
    const bool between = operand >= first_ && !block_.is_leaf(operand);
    if (block_.mode == Mode::lean && between && block_.grads[operand].tensor == nullptr) {
      const Pending* const pending = find_pending(operand);
      step.accumulate = pending != pending_.end();
      step.out = {nullptr, step.accumulate ? pending->buffer : take_buffer()};
      if (!step.accumulate) pending_.push({operand, step.out.buffer});
      return;
    }
    const GradTarget target = TapeSink(block_, gate).target(operand);
    step.out = {static_cast<T*>(target.data), 0};
    step.accumulate = target.accumulate;
  }

  Pending* find_pending(std::uint32_t gate) {
    return std::find_if(pending_.begin(), pending_.end(),
                        [gate](const Pending& pending) { return pending.gate == gate; });
  }

  int take_buffer() { return free_.empty() ? buffer_count_++ : free_.pop(); }

  Block& block_;
  const std::uint32_t first_;
  const std::int64_t size_;
  int buffer_count_ = 0;
  Few<Step<T>> steps_;
  Few<Constant> constants_;
  Few<Pending> pending_;
  Few<int> free_;  ///< Buffers.
};

}  // namespace

std::uint32_t chain_start(const Block& block, std::uint32_t last) {
  const bool sum = adds_up(block, last);
  const Shape& shape = block.shape(sum ? block.operand(last, 0) : last);
  std::uint32_t first = last;
  int steps = sum ? 1 : 0;
  for (std::uint32_t gate = sum ? last : last + 1; gate-- > 0;) {
    if (block.is_leaf(gate)) continue;
    if (!belongs(block, gate, shape)) break;
    steps += block.extra(gate).table->arity;
    if (steps > most_steps) break;
    first = gate;
  }
  return first;
}

void chain_gradients(Block& block, std::uint32_t first, std::uint32_t last) {
  with_precision(block.precision,
                 [&](auto type) { Chain<decltype(type)>(block, first, last).run(); });
}

}  // namespace tapegrad::detail
