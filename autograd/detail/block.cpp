#include <tapegrad/autograd/detail/block.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

#include <tapegrad/autograd/detail/arrays.hpp>
#include <tapegrad/autograd/detail/gate_table.hpp>

namespace tapegrad::detail {

namespace {

constexpr std::uint32_t most_gates = 1U << 30;

/// Blocks without a tape, shared by all threads.
class Pool {
 public:
  Block* take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return nullptr;
    Block* block = free_.back();
    free_.pop_back();
    return block;
  }
  void give_back(Block* block) noexcept {
    const std::lock_guard lock(mutex_);
    free_.push_back(block);
  }
  Block* make() {
    auto block = std::make_unique<Block>();
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(block));
    // Room now, so that giving a block back cannot fail.
    free_.reserve(all_.size());
    return all_.back().get();
  }

 private:
  std::mutex mutex_;
  std::vector<Block*> free_;
  std::vector<std::unique_ptr<Block>> all_;
};

Pool& pool() {
  // Never destroyed: handles in static objects may ask their block until the very end.
  static auto* const instance = new Pool;
  return *instance;
}

std::uint64_t next_thread() {
  static std::atomic<std::uint64_t> count{0};
  return ++count;
}

/// What a thread knows of its tapes. The spare block makes a tape in a loop body cost no lock.
struct ThreadTapes {
  const std::uint64_t number = next_thread();
  Block* innermost = nullptr;
  Block* spare = nullptr;
  bool grad_enabled = true;
  ~ThreadTapes() {
    if (spare != nullptr) pool().give_back(spare);
  }
};

thread_local ThreadTapes thread_tapes;

template <class T>
void grow_array(T*& array, std::uint32_t size, std::uint32_t capacity) {
  auto* larger = static_cast<T*>(allocate_aligned(capacity * std::int64_t{sizeof(T)}));
  if (array != nullptr) {
    std::memcpy(static_cast<void*>(larger), array, size * sizeof(T));
    free_aligned(array);
  }
  array = larger;
}

}  // namespace

Block::~Block() {
  for (void* array : {static_cast<void*>(nodes), static_cast<void*>(values),
                      static_cast<void*>(files), static_cast<void*>(grads)}) {
    if (array != nullptr) free_aligned(array);
  }
}

void Block::grow() {
  if (capacity == most_gates) {
    throw TapeError("[tape] needs fewer than " + std::to_string(most_gates) +
                    " gates; reset the tape or split the computation");
  }
  const std::uint32_t larger = capacity == 0 ? 256 : capacity * 2;
  // Each array is replaced whole before the next is tried: running out of memory half-way leaves
  // every array at least `capacity` long.
  grow_array(nodes, size, larger);
  grow_array(values, size, larger);
  grow_array(files, size, larger);
  grow_array(grads, grad_count, larger);
  capacity = larger;
}

void Block::end_epoch() noexcept {
  size = 0;
  grad_count = 0;
  consumed = false;
  unfinished = Unfinished::nothing;
  // A tape of scalars has nothing in its side tables, and may be very short.
  if (!extras.empty() || arena.used() > 0) {
    extras.clear();
    more_operands.clear();
    leaves.clear();
    arena.reset();
  }
  names.clear();
  scopes.clear();
  ++epoch;
  plain_key = no_key;
}

void Block::begin_life(Place made) {
  Life& begun = life();
  begun.epoch = epoch;
  begun.made = made;
  begun.was_reset = false;
}

const Shape& Block::shape(std::uint32_t index) const {
  static const Shape scalar;
  const Node& node = nodes[index];
  return node.has(flag_general) ? extras[node.extra].shape : scalar;
}

void Block::copy_place(std::uint32_t from, std::uint32_t to) {
  files[to] = files[from];
  nodes[to].line = nodes[from].line;
}

const ParameterState* Block::parameter(std::uint32_t index) const {
  const Node& node = nodes[index];
  const std::int32_t leaf = node.has(flag_general) ? extras[node.extra].leaf : -1;
  return leaf < 0 ? nullptr : leaves[static_cast<std::size_t>(leaf)].parameter.get();
}

std::uint32_t Block::operand_count(std::uint32_t index) const {
  const Node& node = nodes[index];
  if (node.op() == Op::leaf) return 0;
  if (node.has(flag_general)) return extras[node.extra].operand_count;
  return static_cast<std::uint32_t>(gate_tables[static_cast<int>(node.op())].arity);
}

std::uint32_t Block::operand(std::uint32_t index, std::uint32_t k) const {
  const Node& node = nodes[index];
  if (k == 0) return node.a;
  if (k == 1) return node.b;
  return more_operands[extras[node.extra].more_operands + k - 2];
}

Block::Grad Block::grad(std::uint32_t index) const {
  const Node& node = nodes[index];
  const Grad none{nullptr, precision};
  if (!node.has(flag_requires_grad)) return none;
  if (node.has(flag_general)) {
    const Extra& more = extras[node.extra];
    if (more.leaf >= 0) {
      const auto& parameter = leaves[static_cast<std::size_t>(more.leaf)].parameter;
      if (parameter != nullptr && !private_grads) {
        return {parameter->grad_is_zero ? nullptr : parameter->grad, parameter->precision};
      }
      if (is_tensor(index)) return {more.leaf_grad_set ? more.grad_memory : nullptr, precision};
    }
  }
  if (index >= grad_count) return none;
  return {is_tensor(index) ? grads[index].tensor : &grads[index], precision};
}

void Block::check_held(std::uint32_t index, const char* who, Place place) const {
  if (consumed && is_tensor(index) && !is_leaf(index)) {
    throw TapeError(std::string("[") + who +
                    "] needs a value that backward() on this lean tape has already reused; read "
                    "it before backward(), or make the tape in inspect mode (" +
                    to_string(place) + ")");
  }
  if (unfinished == Unfinished::replay && !is_leaf(index)) {
    throw TapeError(std::string("[") + who +
                    "] needs values of one replay, got a tape whose last replay() broke off with "
                    "an error; set the leaves to values that fit and replay() again (" +
                    to_string(place) + ")");
  }
}

const char* Block::name(std::uint32_t index) const {
  const Node& node = nodes[index];
  if (node.op() != Op::leaf) return table_of_gate(*this, index).name;
  if (parameter(index) != nullptr) return "parameter";
  return requires_grad(index) ? "variable" : "data";
}

std::string Block::given_name(std::uint32_t index) const {
  const auto found = std::find_if(names.rbegin(), names.rend(),
                                  [&](const auto& entry) { return entry.first == index; });
  if (found != names.rend()) return found->second;
  const ParameterState* const behind = is_leaf(index) ? parameter(index) : nullptr;
  return behind == nullptr ? std::string() : behind->name;
}

std::string Block::label(std::uint32_t index) const {
  const std::string given = given_name(index);
  return given.empty() ? name(index) : given;
}

const GateTable& table_of_gate(const Block& block, std::uint32_t index) {
  const Node& node = block.nodes[index];
  return node.has(flag_general) ? *block.extras[node.extra].table
                                : gate_tables[static_cast<int>(node.op())];
}

Block* open_block(Precision precision, Mode mode, Place made) {
  ThreadTapes& tapes = thread_tapes;
  Block* block = std::exchange(tapes.spare, nullptr);
  if (block == nullptr) block = pool().take();
  if (block == nullptr) block = pool().make();
  block->precision = precision;
  block->mode = mode;
  block->alive = true;
  block->private_grads = false;
  block->grad_enabled = tapes.grad_enabled;
  block->begin_life(made);
  block->thread = tapes.number;
  block->below = tapes.innermost;
  tapes.innermost = block;
  block->update_plain_key();
  return block;
}

namespace {

/// Takes a block out of this thread's stack of tapes.
void retire_block(Block* block) noexcept {
  for (Block** link = &thread_tapes.innermost; *link != nullptr; link = &(*link)->below) {
    if (*link == block) {
      *link = block->below;
      break;
    }
  }
  block->alive = false;
}

}  // namespace

void close_block(Block* block) noexcept {
  ThreadTapes& tapes = thread_tapes;
  retire_block(block);
  block->end_epoch();
  // Two kinds of blocks are never handed out again: one whose epochs are used up, since epochs must
  // not repeat, and one that was moved here from another thread, whose stack still holds it.
  if (block->epoch == Block::last_epoch || block->thread != tapes.number) return;
  if (tapes.spare == nullptr) {
    tapes.spare = block;
  } else {
    pool().give_back(block);
  }
}

Block* reset_block(Block* block, Place place) {
  const Place made = block->life().made;
  const bool used_up = block->epoch + 1 == Block::last_epoch;
  // First of all, since it may throw.
  Block* const next = used_up ? open_block(block->precision, block->mode, made) : block;
  block->life().was_reset = true;
  block->life().reset = place;
  block->end_epoch();
  if (used_up) {
    retire_block(block);
    return next;
  }
  block->begin_life(made);
  block->update_plain_key();
  return block;
}

Block* innermost_block() {
  Block*& innermost = thread_tapes.innermost;
  // Tapes that were moved to another thread and ended there.
  while (innermost != nullptr && !innermost->alive) innermost = innermost->below;
  return innermost;
}

bool set_grad_enabled(bool enabled) {
  ThreadTapes& tapes = thread_tapes;
  const bool before = std::exchange(tapes.grad_enabled, enabled);
  for (Block* block = tapes.innermost; block != nullptr; block = block->below) {
    block->grad_enabled = enabled;
    block->update_plain_key();
  }
  return before;
}

}  // namespace tapegrad::detail
