#pragma once

#include <vector>

#include <tapegrad/autograd/array_ref.hpp>
#include <tapegrad/autograd/detail/record.hpp>
#include <tapegrad/autograd/operand.hpp>
#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/precision.hpp>
#include <tapegrad/autograd/var.hpp>

namespace tapegrad {

/// Records gates with their values in the order in which they are computed, and walks them
/// backward. Making one costs next to nothing: `Tape tape;` inside the loop body of a training step
/// is the normal use, and its memory comes from a pool that outlives it. A tape belongs to the
/// thread that made it; a thread may hold several.
class Tape {
 public:
  /// An empty tape, the innermost one of this thread until it ends.
  explicit Tape(Precision precision = default_precision(), Mode mode = inspect,
                Place place = Place::here());
  /// The same with the default precision: `Tape tape(lean)`.
  explicit Tape(Mode mode, Place place = Place::here()) : Tape(default_precision(), mode, place) {}
  /// The same in the other order: `Tape tape(lean, f32)`.
  explicit Tape(Mode mode, Precision precision, Place place = Place::here())
      : Tape(precision, mode, place) {}
  ~Tape();
  /// The tape moved from can only be assigned to or destroyed.
  Tape(Tape&& other) noexcept;
  /// The two exchange their gates; handles stay good.
  Tape& operator=(Tape&& other) noexcept;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// A leaf that receives a gradient; its value is copied. Made under no_grad, it never does.
  Var variable(const ArrayRef& value, Place place = Place::here());
  /// The same for a scalar.
  Var variable(double value, Place place = Place::here()) {
    return detail::record_scalar_variable(block_, value, place);
  }
  /// The same for a list of numbers, shape (n).
  template <class = void>
  Var variable(std::initializer_list<double> values, Place place = Place::here()) {
    return variable(ArrayRef(values), place);
  }
  /// The same for a list of rows, shape (rows, columns).
  Var variable(std::initializer_list<std::initializer_list<double>> rows,
               Place place = Place::here()) {
    return variable(ArrayRef(rows), place);
  }
  /// A leaf without gradient. An lvalue of the tape's precision is referred to, not copied: it must
  /// live and stay unchanged as long as the tape uses it.
  Var data(const ArrayRef& value, Place place = Place::here());
  /// The node of a parameter: the same one each time until its value changes or no_grad begins or
  /// ends.
  Var parameter(const Parameter& parameter, Place place = Place::here());

  /// Forgets all gates and keeps the memory. Vars made so far become stale.
  void reset(Place place = Place::here());

  /// Computes every gate again: with new values of parameters and of leaves set by
  /// Var::set_value, and the same random draws.
  void replay(Place place = Place::here());
  /// The same circuit on a new tape of the given precision, gates at the same indices. Parameters
  /// are copied: backward on the new tape never touches their gradients.
  Tape replay(Precision precision, Place place = Place::here()) const;

  /// Forgets the gradients of variables and gates; parameters keep theirs.
  void zero_grad();

  /// The number of gates, leaves included.
  std::uint32_t size() const;
  /// The gate at a position. Throws TapeError past the end.
  Var gate(std::uint32_t index, Place place = Place::here()) const;
  /// Of all its values and gradients.
  Precision precision() const;
  /// Whether values and gradients stay readable after backward().
  Mode mode() const;

  /// In bytes, for gates with their values and gradients.
  struct Memory {
    std::int64_t used;      ///< In use now.
    std::int64_t peak;      ///< The most in use since the tape was made or reset.
    std::int64_t reserved;  ///< Held from the system.
  };
  /// What the tape takes now.
  Memory memory() const;

  /// For the library's own files.
  detail::Block& block() const { return *block_; }

 private:
  detail::Block* block_;
};

/// A value without gradient on this thread's innermost tape, copied.
Var constant(const ArrayRef& value, Place place = Place::here());

}  // namespace tapegrad
