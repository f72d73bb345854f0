#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <tapegrad/autograd/precision.hpp>
#include <tapegrad/ops/array.hpp>
#include <tapegrad/ops/shape.hpp>

namespace tapegrad {

/// True for xtensor's containers, views and lazy expressions.
template <class E>
inline constexpr bool is_array_expression = xt::is_xexpression<std::decay_t<E>>::value;

/// An array argument of any kind, seen but not owned: a number, a list of numbers or of rows of
/// numbers, a std::vector, a pointer with a shape, or any xtensor expression. Valid until the end
/// of the full expression in which it was made; what receives it copies, or refers to an lvalue of
/// its own precision.
class ArrayRef {
 public:
  /// A scalar.
  ArrayRef(double number) : number_(number), copy_(&copy_number) {}

  /// A list of numbers, shape (n).
  // A template, so that {{1}, {2}} is the list of rows that it can be as well.
  template <class = void>
  ArrayRef(std::initializer_list<double> numbers)
      : ArrayRef(numbers.begin(), {static_cast<std::int64_t>(numbers.size())}, false) {}

  /// A list of rows, shape (rows, columns), or shape (0) without any. Throws ShapeError unless they
  /// are of one length.
  ArrayRef(std::initializer_list<std::initializer_list<double>> rows);

  /// A vector of numbers, shape (n).
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  ArrayRef(const std::vector<T>& numbers)
      : ArrayRef(numbers.data(), {static_cast<std::int64_t>(numbers.size())}, true) {}
  /// A vector that ends with the expression: what receives it copies.
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  ArrayRef(std::vector<T>&& numbers)
      : ArrayRef(numbers.data(), {static_cast<std::int64_t>(numbers.size())}, false) {}

  /// Row-major numbers behind a pointer, which the receiver may keep.
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  ArrayRef(const T* numbers, const Shape& shape) : ArrayRef(numbers, shape, true) {}

  /// An xtensor container, view or lazy expression.
  template <class E, class = std::enable_if_t<is_array_expression<E>>>
  ArrayRef(E&& expression)
      : source_(std::addressof(expression)),
        copy_(&copy_expression<std::decay_t<E>>),
        shape_(expression.shape().begin(), expression.shape().end()) {
    using Expression = std::decay_t<E>;
    using Number = typename Expression::value_type;
    if constexpr (std::is_lvalue_reference_v<E> && xt::has_data_interface<Expression>::value &&
                  (std::is_same_v<Number, float> || std::is_same_v<Number, double>)) {
      if (expression.layout() == xt::layout_type::row_major) {
        borrow(expression.data() + expression.data_offset());
      }
    }
  }

  /// The sizes along each axis; empty for a number.
  const Shape& shape() const { return shape_; }

  /// The numbers themselves if they lie contiguous in this precision and outlive the expression,
  /// else null.
  const void* borrowed(Precision precision) const {
    return precision == borrowed_precision_ ? borrowed_ : nullptr;
  }

  /// Writes all numbers in row-major order, converted.
  template <class T>
  void copy_to(T* target) const {
    copy_(*this, target, std::is_same_v<T, float> ? Precision::f32 : Precision::f64);
  }

 private:
  template <class T>
  ArrayRef(const T* numbers, const Shape& shape, bool lvalue)
      : source_(numbers), copy_(&copy_numbers<T>), shape_(shape) {
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
      if (lvalue) borrow(numbers);
    }
  }

  template <class T>
  void borrow(const T* numbers) {
    borrowed_ = numbers;
    borrowed_precision_ = std::is_same_v<T, float> ? Precision::f32 : Precision::f64;
  }

  template <class Iterator>
  static void copy_range(Iterator from, std::int64_t count, void* target, Precision precision) {
    with_precision(precision, [&](auto type) {
      using T = decltype(type);
      T* to = static_cast<T*>(target);
      for (std::int64_t i = 0; i < count; ++i, ++from) to[i] = static_cast<T>(*from);
    });
  }
  static void copy_number(const ArrayRef& self, void* target, Precision precision) {
    copy_range(&self.number_, 1, target, precision);
  }
  template <class T>
  static void copy_numbers(const ArrayRef& self, void* target, Precision precision) {
    copy_range(static_cast<const T*>(self.source_), self.shape_.size(), target, precision);
  }
  static void copy_rows(const ArrayRef& self, void* target, Precision precision);
  template <class Expression>
  static void copy_expression(const ArrayRef& self, void* target, Precision precision) {
    const auto& expression = *static_cast<const Expression*>(self.source_);
    copy_range(expression.template begin<xt::layout_type::row_major>(), self.shape_.size(), target,
               precision);
  }

  double number_ = 0;
  const void* source_ = nullptr;
  void (*copy_)(const ArrayRef&, void*, Precision);
  const void* borrowed_ = nullptr;
  Precision borrowed_precision_ = Precision::f64;
  Shape shape_;
};

}  // namespace tapegrad
