#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <tapegrad/autograd/detail/arena.hpp>
#include <tapegrad/autograd/detail/columns.hpp>
#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/precision.hpp>

namespace tapegrad::detail {

struct GateTable;

/// Where a leaf's value comes from.
struct Leaf {
  std::uint32_t index;
  /// Null for variables and data.
  std::shared_ptr<ParameterState> parameter;
  /// The parameter's version when its value was read.
  std::uint64_t version;
  /// Lent by its owner (a parameter or an lvalue of the user) rather than copied to the arena.
  bool borrowed;
};

/// The gates of one module's call or of one Scope. Ranges lie within each other, the outer first.
struct ScopeRange {
  static constexpr std::uint32_t open = 0xFFFFFFFF;

  std::uint32_t first;
  std::uint32_t end;                        ///< One past its last gate, or `open`.
  std::shared_ptr<const std::string> name;  ///< Null for a module that belongs to no other.
  const std::type_info* type;               ///< The module's; null for a Scope of the user.
};

/// What gates without attributes point to.
inline constexpr char no_attributes = 0;

/// The numbers from a position on.
inline const void* numbers_from(const void* numbers, std::int64_t position, Precision precision) {
  return static_cast<const char*>(numbers) + position * bytes_per_number(precision);
}

/// What a gate has beyond a Node.
struct Extra {
  /// Not made without one: std::vector would clear it before it is filled.
  explicit Extra(const Shape& shape_) : shape(shape_), size(shape_.size()) {}

  bool is_view() const { return view_offset >= 0; }

  Shape shape;
  std::int64_t size;
  const GateTable* table = nullptr;
  const void* attributes = &no_attributes;
  /// A tensor's gradient memory, kept when `grads` is cleared for another backward pass.
  void* grad_memory = nullptr;
  std::uint32_t operand_count = 0;
  std::uint32_t more_operands = 0;  ///< Where operands 2, 3, … start in `more_operands`.
  std::int32_t leaf = -1;           ///< Index into `leaves`.
  /// The value is the first operand's numbers from here on; negative for one of its own.
  std::int64_t view_offset = -1;
  /// A leaf's gradient memory holds contributions of earlier passes.
  bool leaf_grad_set = false;
};

/// How a tape's life began and ended, for messages about stale handles.
struct Life {
  std::uint32_t epoch = 0;
  Place made;
  bool was_reset = false;
  Place reset;  ///< If it was.
};

/// Everything a tape owns. Blocks are pooled and never freed, so that a handle can always ask its
/// block whether the tape it was made on still lives.
struct Block : Columns {
  Precision precision = Precision::f64;
  Mode mode = Mode::inspect;
  bool alive = false;
  bool grad_enabled = true;
  /// Replays and checks: parameters are read but never given gradients.
  bool private_grads = false;
  /// A lean backward pass has reused the memory of values.
  bool consumed = false;
  /// What an exception, from a user's gate or for want of memory, has left half-done.
  enum class Unfinished : std::uint8_t { nothing, replay, backward };
  Unfinished unfinished = Unfinished::nothing;

  std::vector<Extra> extras;
  std::vector<std::uint32_t> more_operands;
  std::vector<Leaf> leaves;
  std::vector<std::pair<std::uint32_t, std::string>> names;
  std::vector<ScopeRange> scopes;
  Arena arena;

  /// Where a parameter's node is: valid if the serial and the epoch agree.
  struct ParameterNode {
    std::uint64_t serial = 0;
    std::uint32_t epoch = 0;
    std::uint32_t index = 0;
  };
  std::vector<ParameterNode> parameter_nodes;
  /// What upstream_of found last; kept so that it allocates nothing in a steady step.
  mutable std::vector<char> marks;

  /// Live tapes of a thread form a stack.
  Block* below = nullptr;
  /// The number of that thread.
  std::uint64_t thread = 0;
  Life lives[4];
  Life& life() { return lives[epoch % 4]; }
  const Life& life() const { return lives[epoch % 4]; }

  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();

  /// Room for at least one more gate. Throws TapeError at 2³⁰ gates.
  void grow();
  /// Notes where the tape of this epoch was made.
  void begin_life(Place made);
  /// Forgets all gates; handles made so far become stale.
  void end_epoch() noexcept;
  /// To be called when anything changes on which recording inline depends.
  void update_plain_key() {
    const bool inline_path = alive && grad_enabled && !consumed && precision == Precision::f64 &&
                             unfinished == Unfinished::nothing;
    plain_key = inline_path ? std::uint64_t{epoch} << 32 : no_key;
  }

  const Shape& shape(std::uint32_t index) const;
  std::int64_t count(std::uint32_t index) const {
    const Node& node = nodes[index];
    return node.has(flag_general) ? extras[node.extra].size : 1;
  }
  Place place(std::uint32_t index) const { return {files[index], nodes[index].line}; }
  /// Lets a gate come from the line of another one.
  void copy_place(std::uint32_t from, std::uint32_t to);
  std::uint32_t operand_count(std::uint32_t index) const;
  std::uint32_t operand(std::uint32_t index, std::uint32_t k) const;
  /// Lets the value of a view be its operand's numbers.
  void point_into_operand(std::uint32_t index) {
    const void* const whole = values[nodes[index].a].tensor;
    values[index].tensor =
        const_cast<void*>(numbers_from(whole, extra(index).view_offset, precision));
  }
  Extra& extra(std::uint32_t index) { return extras[nodes[index].extra]; }
  const Extra& extra(std::uint32_t index) const { return extras[nodes[index].extra]; }
  bool requires_grad(std::uint32_t index) const { return nodes[index].has(flag_requires_grad); }
  bool is_tensor(std::uint32_t index) const { return nodes[index].has(flag_tensor); }
  bool is_leaf(std::uint32_t index) const { return nodes[index].op() == Op::leaf; }
  /// The parameter behind a leaf; null for other leaves.
  const ParameterState* parameter(std::uint32_t index) const;

  /// The numbers of a value; for a scalar they move when the tape grows.
  void* value(std::uint32_t index) {
    return is_tensor(index) ? values[index].tensor : &values[index];
  }
  const void* value(std::uint32_t index) const {
    return is_tensor(index) ? values[index].tensor : &values[index];
  }
  /// A gradient; no numbers where none has arrived. That of a parameter is the parameter's own.
  struct Grad {
    const void* numbers;
    Precision precision;
  };
  Grad grad(std::uint32_t index) const;
  /// Throws TapeError if a lean tape has reused the value's memory or a replay broke off.
  void check_readable(std::uint32_t index, const char* who, Place place) const {
    if (consumed || unfinished == Unfinished::replay) check_held(index, who, place);
  }
  std::int64_t bytes(std::uint32_t index) const {
    return count(index) * bytes_per_number(precision);
  }
  const void* attributes(std::uint32_t index) const {
    const Node& node = nodes[index];
    return node.has(flag_general) ? extras[node.extra].attributes : &no_attributes;
  }
  /// check_readable on a tape that does not hold all its values.
  void check_held(std::uint32_t index, const char* who, Place place) const;
  /// The gate's name: `mul`, or `variable`, `data`, `parameter` for leaves.
  const char* name(std::uint32_t index) const;
  /// The name that the user gave it last, or a parameter's name in its module; empty if none.
  std::string given_name(std::uint32_t index) const;
  /// That name, else the gate's own.
  std::string label(std::uint32_t index) const;
};

/// Takes a block from the pool and makes it this thread's innermost tape.
Block* open_block(Precision precision, Mode mode, Place made);
/// Ends the tape and gives its block back. Never throws.
void close_block(Block* block) noexcept;
/// Forgets all gates. Returns the block to go on with: another one once the epochs are used up.
Block* reset_block(Block* block, Place place);
/// This thread's innermost tape, or null.
Block* innermost_block();
/// Switches recording of gradients for all tapes of this thread, now and to come; returns how it
/// was before.
bool set_grad_enabled(bool enabled);

}  // namespace tapegrad::detail
