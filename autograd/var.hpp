#pragma once

#include <cstdint>
#include <initializer_list>

#include <tapegrad/autograd/array_ref.hpp>
#include <tapegrad/autograd/detail/columns.hpp>
#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/precision.hpp>

namespace tapegrad {

class Tape;

namespace detail {
struct VarAccess;
}  // namespace detail

// NOTE [Handles]
// A Var is 16 bytes: the tape's block, the gate's index and the epoch in which it was made. Blocks
// are never freed and a block never has the same epoch twice, so a handle whose tape was reset or
// destroyed is always recognised. Two flags above the index repeat what recording asks of an
// operand (is it a tensor, does it need a gradient), so that a scalar gate is recorded without
// reading its operands' nodes.

/// A handle to one gate of a tape: a value in a circuit. Cheap to copy, owns nothing, and is good
/// until its tape is reset or destroyed; using it later throws TapeError.
class Var {
 public:
  /// Belongs to no tape until assigned.
  Var() = default;

  /// True if the gate's tape still lives and was not reset.
  bool valid() const;

  /// The sizes along each axis; empty for a scalar.
  Shape shape(Place place = Place::here()) const;
  /// The number of elements.
  std::int64_t size(Place place = Place::here()) const { return shape(place).size(); }
  /// That of its tape.
  Precision precision(Place place = Place::here()) const;
  /// True if a variable or parameter lies upstream, so that backward reaches this gate.
  bool requires_grad(Place place = Place::here()) const;

  /// The forward value of a single element. Throws ShapeError if there are more.
  double item(Place place = Place::here()) const {
    const bool plain = block_ != nullptr && key_ - block_->plain_key <= detail::Columns::last_plain;
    return plain ? block_->values[index()].f64 : general_item(place);
  }
  /// The forward value, copied.
  Array<double> value(Place place = Place::here()) const;
  /// The same into an array that is kept: nothing is allocated where its shape fits already.
  void value_to(Array<double>& target, Place place = Place::here()) const;

  /// The gradient of a single element; 0 where no gradient has arrived.
  double grad_item(Place place = Place::here()) const {
    if (block_ == nullptr) return general_grad_item(place);
    // Large unless this is a plain scalar that needs a gradient. A parameter keeps its own.
    const std::uint64_t plain = key_ - block_->plain_key - detail::flag_requires_grad;
    return plain < block_->grad_count && !block_->nodes[plain].has(detail::flag_general)
               ? block_->grads[plain].f64
               : general_grad_item(place);
  }
  /// The gradient after backward(), copied; zeros where no gradient has arrived.
  Array<double> grad(Place place = Place::here()) const;

  /// Walks the tape backward from this gate and adds the gradient of everything upstream:
  /// variables and parameters accumulate with `+=` until zero_grad, the gates between start from
  /// zero each time. Throws ShapeError unless this is a single element, TapeError if nothing
  /// upstream needs a gradient or a parameter has changed since it was read, NonFiniteError if the
  /// value is NaN or infinite, naming the gate that made it.
  void backward(Place place = Place::here()) const;
  /// The same for an output of any shape, with the gradient that arrives at it.
  void backward(const ArrayRef& upstream, Place place = Place::here()) const;

  /// Overwrites the value of a variable or data leaf; Tape::replay then recomputes the rest. Until
  /// then gates show what they made of the old value, those that share its memory the new numbers.
  void set_value(const ArrayRef& value, Place place = Place::here()) const;
  /// The same for a scalar.
  void set_value(double value, Place place = Place::here()) const {
    const bool plain = block_ != nullptr && key_ - block_->plain_key <= detail::Columns::last_plain;
    if (plain && block_->nodes[index()].is_plain_leaf()) {
      block_->values[index()].f64 = value;
    } else {
      set_value(ArrayRef(value), place);
    }
  }
  /// The same for a list of numbers, shape (n).
  template <class = void>
  void set_value(std::initializer_list<double> values, Place place = Place::here()) const {
    set_value(ArrayRef(values), place);
  }
  /// The same for a list of rows, shape (rows, columns).
  void set_value(std::initializer_list<std::initializer_list<double>> rows,
                 Place place = Place::here()) const {
    set_value(ArrayRef(rows), place);
  }

  /// Gives the gate a name for messages and tables. Returns the same handle.
  Var name(const char* name, Place place = Place::here()) const;

  /// The gate's position on its tape.
  std::uint32_t index() const { return static_cast<std::uint32_t>(key_) & ~detail::handle_flags; }

 private:
  friend struct detail::VarAccess;

  Var(detail::Columns* block, std::uint64_t key) : block_(block), key_(key) {}
  std::uint32_t epoch() const { return static_cast<std::uint32_t>(key_ >> 32); }

  double general_item(Place place) const;
  double general_grad_item(Place place) const;

  detail::Columns* block_ = nullptr;
  /// The epoch above, flags and index below: one word stays in one register where compilers would
  /// pass two halves through vector registers.
  std::uint64_t key_ = 0;
};

}  // namespace tapegrad
