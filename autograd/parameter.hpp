#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tapegrad/autograd/array_ref.hpp>
#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/precision.hpp>
#include <tapegrad/ops/array.hpp>

namespace tapegrad {

namespace detail {

/// What all handles to one parameter share.
struct ParameterState {
  ParameterState(const Shape& shape_, Precision precision_);
  ~ParameterState();
  ParameterState(const ParameterState&) = delete;
  ParameterState& operator=(const ParameterState&) = delete;

  /// The gradient's memory, ready for `+=`: a pending zero is written out first.
  void* materialized_grad();

  struct FreeAligned {
    void operator()(void* memory) const noexcept;
  };
  using AlignedMemory = std::unique_ptr<void, FreeAligned>;

  const Shape shape;
  const std::int64_t size;
  const Precision precision;
  const AlignedMemory value_memory, grad_memory;
  void* const value;
  void* const grad;
  /// The gradient is zero whatever its memory holds: clearing costs nothing, and the first
  /// contribution is written with `=`.
  bool grad_is_zero = true;
  /// Grows with every change of the value.
  std::uint64_t version = 0;
  /// A small number that no other living parameter has, and one that no other ever has: tapes
  /// find a parameter's node by the first and make sure by the second.
  const std::uint32_t slot;
  const std::uint64_t serial;
  /// Under which a module registered it first; empty if none did. For tables, drawings and
  /// messages.
  std::string name;
};

}  // namespace detail

/// A trainable array that lives outside of tapes: its value, its gradient and a version. Copies
/// are handles to the same parameter, which is how weights are shared between modules; `clone`
/// makes a new one.
class Parameter {
 public:
  /// Copies the value. Without a precision it gets default_precision().
  explicit Parameter(const ArrayRef& value, Precision precision = default_precision());

  /// Zeros of the given shape.
  static Parameter zeros(const Shape& shape, Precision precision = default_precision());

  /// The sizes along each axis; empty for a scalar.
  const Shape& shape() const { return state_->shape; }
  /// The number of elements.
  std::int64_t size() const { return state_->size; }
  /// The type of value and gradient; a tape of the other precision converts.
  Precision precision() const { return state_->precision; }

  /// How often the value has changed. A tape refuses to go backward through older values.
  std::uint64_t version() const { return state_->version; }

  /// The value, copied.
  Array<double> value() const { return copy_out(state_->value, false); }
  /// The gradient gathered since the last zero_grad, copied; zeros if there is none.
  Array<double> grad() const { return copy_out(state_->grad, state_->grad_is_zero); }
  /// False after zero_grad until a backward pass brings a gradient.
  bool has_grad() const { return !state_->grad_is_zero; }

  /// Overwrites the value. Throws ShapeError if the shape differs.
  void set_value(const ArrayRef& value, Place place = Place::here());
  /// Overwrites the gradient. Throws ShapeError if the shape differs.
  void set_grad(const ArrayRef& grad, Place place = Place::here());
  /// Forgets the gradient.
  void zero_grad() { state_->grad_is_zero = true; }

  /// The value itself as an xtensor adaptor. T must be the parameter's type, float for f32 and
  /// double for f64, else TapeError. Valid as long as the parameter.
  template <class T>
  auto view() const {
    check_type(std::is_same_v<T, float> ? f32 : f64);
    return adapt(static_cast<const T*>(state_->value));
  }
  /// The same for writing; counts as a change of the value.
  template <class T>
  auto mutable_view() {
    check_type(std::is_same_v<T, float> ? f32 : f64);
    ++state_->version;
    return adapt(static_cast<T*>(state_->value));
  }

  /// A new parameter with the same value and no gradient.
  Parameter clone() const;

  /// True if both are handles to one parameter.
  friend bool same(const Parameter& a, const Parameter& b) { return a.state_ == b.state_; }

  /// For the library's own files.
  const std::shared_ptr<detail::ParameterState>& state() const { return state_; }

 private:
  explicit Parameter(std::shared_ptr<detail::ParameterState> state) : state_(std::move(state)) {}
  void overwrite(void* target, const ArrayRef& source, const char* who, Place place);
  Array<double> copy_out(const void* numbers, bool zero) const;
  void check_type(Precision precision) const;
  template <class T>
  auto adapt(T* numbers) const {
    const std::vector<std::size_t> shape(state_->shape.begin(), state_->shape.end());
    return xt::adapt(numbers, static_cast<std::size_t>(state_->size), xt::no_ownership(), shape);
  }

  std::shared_ptr<detail::ParameterState> state_;
};

}  // namespace tapegrad
