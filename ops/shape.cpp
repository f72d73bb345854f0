#include <tapegrad/ops/shape.hpp>

#include <algorithm>

namespace tapegrad {

void Shape::throw_too_long(int rank) {
  throw ShapeError("[shape] needs at most " + std::to_string(max_rank) + " axes; got " +
                   std::to_string(rank) + " or more; merge axes with reshape");
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(shape[axis]);
  }
  return text + (shape.rank() == 1 ? ",)" : ")");
}

std::int64_t checked_size(const Shape& shape, const char* who) {
  constexpr std::int64_t most = std::int64_t{1} << 56;
  std::int64_t size = 1;
  bool fits = true;
  for (const std::int64_t n : shape) {
    fits = fits && n >= 0 && !__builtin_mul_overflow(size, n, &size) && size <= most;
  }
  if (!fits) {
    throw ShapeError(std::string("[") + who +
                     "] needs sizes of 0 or more and at most 2^56 elements, got " +
                     to_string(shape) + "; write the size of every axis");
  }
  return size;
}

Shape broadcast(const Shape& a, const Shape& b, const char* gate) {
  if (a == b) return a;
  const int rank = std::max(a.rank(), b.rank());
  Shape result;
  for (int axis = 0; axis < rank; ++axis) {
    const int axis_a = axis - (rank - a.rank());
    const int axis_b = axis - (rank - b.rank());
    const std::int64_t size_a = axis_a < 0 ? 1 : a[axis_a];
    const std::int64_t size_b = axis_b < 0 ? 1 : b[axis_b];
    if (size_a != size_b && size_a != 1 && size_b != 1) {
      throw ShapeError(std::string("[") + gate +
                       "] needs shapes that broadcast (equal sizes or 1, aligned at the last "
                       "axis), got " +
                       to_string(a) + " and " + to_string(b) + ": sizes " + std::to_string(size_a) +
                       " and " + std::to_string(size_b) + " differ");
    }
    result.push_back(size_a == 1 ? size_b : size_a);
  }
  return result;
}

int normalize_axis(std::int64_t axis, int rank, const char* gate) {
  if (axis < -rank || axis >= rank) {
    throw ShapeError(std::string("[") + gate + "] needs an axis from " + std::to_string(-rank) +
                     " to " + std::to_string(rank - 1) + " for a value of rank " +
                     std::to_string(rank) + ", got " + std::to_string(axis));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::array<bool, max_rank> chosen_axes(const Axes& axes, int rank, const char* gate) {
  std::array<bool, max_rank> chosen{};
  for (int axis = 0; axis < rank; ++axis) chosen[static_cast<std::size_t>(axis)] = axes.empty();
  for (const std::int64_t axis : axes) {
    bool& mark = chosen[static_cast<std::size_t>(normalize_axis(axis, rank, gate))];
    if (mark) {
      throw ShapeError(std::string("[") + gate + "] needs each axis once, got axis " +
                       std::to_string(axis) + " twice in " + to_string(axes));
    }
    mark = true;
  }
  return chosen;
}

}  // namespace tapegrad
