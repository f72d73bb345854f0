#pragma once

#include <tapegrad/autograd/array_ref.hpp>
#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/autograd/place.hpp>
#include <tapegrad/autograd/var.hpp>

namespace tapegrad {

/// What can stand in an expression: a Var, a number, a Parameter or an array. Functions take
/// Operands by value; the implicit conversion also notes the line of the user's source.
///
/// An array that is an lvalue of the tape's precision is referred to, not copied: it must live and
/// stay unchanged as long as the tape uses it. Everything else is copied.
class Operand {
 public:
  /// What an Operand may be.
  enum class Kind : std::uint8_t {
    var,        ///< A gate's value.
    number,     ///< A scalar constant.
    parameter,  ///< A parameter, whose node the tape finds or makes.
    array,      ///< Numbers without gradient.
  };

  /// A value on a tape.
  Operand(const Var& var, const char* file = TAPEGRAD_FILE, int line = TAPEGRAD_LINE)
      : kind_(Kind::var), var_(var), place_{file, line} {}
  /// A number, a scalar without gradient.
  Operand(double number, const char* file = TAPEGRAD_FILE, int line = TAPEGRAD_LINE)
      : kind_(Kind::number), number_(number), place_{file, line} {}
  /// A parameter, which must live until the gate is recorded.
  Operand(const Parameter& parameter, const char* file = TAPEGRAD_FILE, int line = TAPEGRAD_LINE)
      : kind_(Kind::parameter), source_(&parameter), place_{file, line} {}
  /// An xtensor container, view or lazy expression.
  template <class E, class = std::enable_if_t<is_array_expression<E>>>
  Operand(E&& array, const char* file = TAPEGRAD_FILE, int line = TAPEGRAD_LINE)
      : kind_(Kind::array),
        source_(std::addressof(array)),
        array_([](const void* source) {
          using Source = std::remove_reference_t<E>;
          return ArrayRef(
              static_cast<E&&>(*const_cast<Source*>(static_cast<const Source*>(source))));
        }),
        place_{file, line} {}
  /// A vector of numbers, shape (n).
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Operand(const std::vector<T>& array, const char* file = TAPEGRAD_FILE, int line = TAPEGRAD_LINE)
      : kind_(Kind::array),
        source_(std::addressof(array)),
        array_([](const void* source) {
          return ArrayRef(*static_cast<const std::vector<T>*>(source));
        }),
        place_{file, line} {}
  /// A vector that ends with the expression, shape (n): it is copied.
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Operand(std::vector<T>&& array, const char* file = TAPEGRAD_FILE, int line = TAPEGRAD_LINE)
      : kind_(Kind::array),
        source_(std::addressof(array)),
        array_([](const void* source) {
          return ArrayRef(
              std::move(*const_cast<std::vector<T>*>(static_cast<const std::vector<T>*>(source))));
        }),
        place_{file, line} {}

  /// Which of the four it is; only its accessor means something.
  Kind kind() const { return kind_; }
  /// The gate of Kind::var.
  const Var& var() const { return var_; }
  /// The number of Kind::number.
  double number() const { return number_; }
  /// The parameter of Kind::parameter.
  const Parameter& parameter() const { return *static_cast<const Parameter*>(source_); }
  /// The numbers of Kind::array.
  ArrayRef array() const { return array_(source_); }
  /// The sizes along each axis; empty for a number.
  Shape shape() const {
    switch (kind_) {
      case Kind::var:
        return var_.shape(place_);
      case Kind::parameter:
        return parameter().shape();
      case Kind::array:
        return array().shape();
      case Kind::number:
        break;
    }
    return {};
  }
  /// Where it was written.
  Place place() const { return place_; }

 private:
  Kind kind_;
  Var var_;
  double number_ = 0;
  const void* source_ = nullptr;
  ArrayRef (*array_)(const void*) = nullptr;
  Place place_;
};

}  // namespace tapegrad
