#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <type_traits>

#include <tapegrad/ops/error.hpp>

namespace tapegrad {

/// The largest rank of a value on a tape.
inline constexpr int max_rank = 8;

/// A short list of integers without heap memory: the sizes of a value (Shape) or a choice of axes.
/// Rank 0 (no entries) is a scalar.
class Shape {
 public:
  using value_type = std::int64_t;  ///< Of an entry.

  /// An entry in braces: any integer but a bool, which would turn {axes, keepdims} into axes.
  class Entry {
   public:
    /// From any integer.
    template <class I, std::enable_if_t<std::is_integral_v<I> && !std::is_same_v<I, bool>, int> = 0>
    Entry(I number) : number_(static_cast<std::int64_t>(number)) {}
    /// The entry.
    operator std::int64_t() const { return number_; }

   private:
    std::int64_t number_;
  };

  /// No entries: a scalar's shape.
  Shape() = default;
  /// Throws ShapeError for more than `max_rank` entries.
  Shape(std::initializer_list<Entry> sizes) { assign(sizes.begin(), sizes.end()); }
  /// The entries between two iterators. Throws as above.
  template <class Iterator, class = typename std::iterator_traits<Iterator>::iterator_category>
  Shape(Iterator first, Iterator last) {
    assign(first, last);
  }

  /// The number of entries.
  int rank() const { return rank_; }
  /// True for rank 0.
  bool empty() const { return rank_ == 0; }
  /// The entry at a position from 0 to rank − 1, not checked.
  std::int64_t operator[](int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  /// The same to be written.
  std::int64_t& operator[](int axis) { return sizes_[static_cast<std::size_t>(axis)]; }
  /// The first entry.
  const std::int64_t* begin() const { return sizes_.data(); }
  /// Past the last entry.
  const std::int64_t* end() const { return sizes_.data() + rank_; }
  /// The last entry; there must be one.
  std::int64_t back() const { return sizes_[static_cast<std::size_t>(rank_ - 1)]; }

  /// The number of elements: the product of the sizes, 1 for a scalar.
  std::int64_t size() const {
    std::int64_t product = 1;
    for (int axis = 0; axis < rank_; ++axis) product *= (*this)[axis];
    return product;
  }

  /// Appends an entry. Throws ShapeError at max_rank.
  void push_back(std::int64_t size) {
    if (rank_ == max_rank) throw_too_long(max_rank + 1);
    sizes_[static_cast<std::size_t>(rank_++)] = size;
  }

  /// True for equal entries.
  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int axis = 0; axis < a.rank_; ++axis) {
      if (a[axis] != b[axis]) return false;
    }
    return true;
  }
  /// True unless all entries are equal.
  friend bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

 private:
  template <class Iterator>
  void assign(Iterator first, Iterator last) {
    for (; first != last; ++first) push_back(static_cast<std::int64_t>(*first));
  }
  [[noreturn]] static void throw_too_long(int rank);

  std::array<std::int64_t, max_rank> sizes_{};
  int rank_ = 0;
};

/// A choice of axes; negative ones count from the end. Empty means all of them.
using Axes = Shape;

/// `(2, 3)`, `(4,)`, `()`: how shapes look in messages.
std::string to_string(const Shape& shape);

/// The number of elements of a value of this shape. Throws ShapeError naming `who` if a size is
/// negative, as when -1 is meant to leave an axis as it is, or if no memory could hold so many.
std::int64_t checked_size(const Shape& shape, const char* who);

/// The shape of two values combined element by element, by NumPy's rule: aligned at the last axis,
/// sizes equal or one of them 1. Throws ShapeError naming `gate`.
Shape broadcast(const Shape& a, const Shape& b, const char* gate);

/// `axis` counted from the front. Throws ShapeError naming `gate` if there is no such axis.
int normalize_axis(std::int64_t axis, int rank, const char* gate);

/// True per axis that `axes` chooses (all if `axes` is empty). Throws ShapeError on an axis that
/// does not exist or comes twice.
std::array<bool, max_rank> chosen_axes(const Axes& axes, int rank, const char* gate);

}  // namespace tapegrad
