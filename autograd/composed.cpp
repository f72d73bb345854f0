#include <tapegrad/autograd/composed.hpp>

#include <algorithm>

#include <tapegrad/autograd/detail/operand_at.hpp>
#include <tapegrad/autograd/detail/with_place.hpp>

namespace tapegrad {

namespace {

using detail::at;
using detail::with_place;

/// The axis counted from the front, with the user's line in the error.
int front_axis(std::int64_t axis, int rank, const char* who, Place place) {
  return with_place(place, [&] { return normalize_axis(axis, rank, who); });
}

[[noreturn]] void throw_shape(const std::string& text, Place place) {
  throw ShapeError(text + " (" + to_string(place) + ")");
}

Shape with_axis(const Shape& shape, int axis, std::int64_t size, const char* who, Place place) {
  if (shape.rank() == max_rank) {
    throw_shape(std::string("[") + who + "] needs a value of fewer than " +
                    std::to_string(max_rank) + " axes to add one to, got " + to_string(shape),
                place);
  }
  Shape result(shape.begin(), shape.begin() + axis);
  result.push_back(size);
  for (int i = axis; i < shape.rank(); ++i) result.push_back(shape[i]);
  return result;
}

Shape without_axis(const Shape& shape, int axis) {
  Shape result(shape.begin(), shape.begin() + axis);
  for (int i = axis + 1; i < shape.rank(); ++i) result.push_back(shape[i]);
  return result;
}

Var stack_range(const Operand* operands, std::size_t count, std::int64_t axis, Place place) {
  if (count == 0) throw_shape("[stack] needs at least one operand, got none", place);
  const Shape shape = operands[0].shape();
  const int front = front_axis(axis, shape.rank() + 1, "stack", place);
  std::vector<Operand> parts;
  parts.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    if (operands[k].shape() != shape) {
      throw_shape("[stack] needs operands of one shape, got " + to_string(shape) +
                      " and, as operand " + std::to_string(k) + ", " +
                      to_string(operands[k].shape()),
                  place);
    }
    parts.push_back(
        at(reshape(operands[k], with_axis(shape, front, 1, "stack", place)), operands[k].place()));
  }
  return concat(parts, front, place);
}

std::vector<Var> split_into(Operand x, const std::vector<std::int64_t>& sizes, int axis) {
  std::vector<Var> parts;
  parts.reserve(sizes.size());
  std::int64_t start = 0;
  for (const std::int64_t size : sizes) {
    parts.push_back(slice(x, axis, start, start + size));
    start += size;
  }
  return parts;
}

}  // namespace

Var permute(Operand x, const Axes& order) {
  // An empty order would mean all axes reversed.
  if (order.empty() && x.shape().rank() > 0) {
    throw_shape("[permute] needs every axis of " + to_string(x.shape()) + " once, got ()",
                x.place());
  }
  return transpose(x, order);
}

Var squeeze(Operand x) {
  Shape shape;
  for (const std::int64_t size : x.shape()) {
    if (size != 1) shape.push_back(size);
  }
  return reshape(x, shape);
}

Var squeeze(Operand x, std::int64_t axis) {
  const Shape shape = x.shape();
  const int front = front_axis(axis, shape.rank(), "squeeze", x.place());
  return reshape(x, shape[front] == 1 ? without_axis(shape, front) : shape);
}

Var unsqueeze(Operand x, std::int64_t axis) {
  const Shape shape = x.shape();
  const int front = front_axis(axis, shape.rank() + 1, "unsqueeze", x.place());
  return reshape(x, with_axis(shape, front, 1, "unsqueeze", x.place()));
}

Var expand(Operand x, const Shape& shape) {
  const Shape own = x.shape();
  Shape target = shape;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int own_axis = axis - (shape.rank() - own.rank());
    if (shape[axis] != -1) continue;
    if (own_axis < 0) {
      throw_shape("[expand] needs a size for every new axis, got -1 at axis " +
                      std::to_string(axis) + " of " + to_string(shape) + " for " + to_string(own),
                  x.place());
    }
    target[axis] = own[own_axis];
  }
  return broadcast_to(x, target);
}

Var stack(const std::vector<Operand>& operands, std::int64_t axis, Place place) {
  return stack_range(operands.data(), operands.size(), axis, place);
}

Var stack(std::initializer_list<Operand> operands, std::int64_t axis, Place place) {
  return stack_range(operands.begin(), operands.size(), axis, place);
}

std::vector<Var> split(Operand x, std::int64_t size, std::int64_t axis) {
  const Shape shape = x.shape();
  const int front = front_axis(axis, shape.rank(), "split", x.place());
  if (size < 1) {
    throw_shape("[split] needs parts of 1 entry or more, got " + std::to_string(size), x.place());
  }
  std::vector<std::int64_t> sizes;
  for (std::int64_t left = shape[front]; left > 0; left -= size) {
    sizes.push_back(std::min(size, left));
  }
  return split_into(x, sizes, front);
}

std::vector<Var> split(Operand x, const std::vector<std::int64_t>& sizes, std::int64_t axis) {
  const Shape shape = x.shape();
  const int front = front_axis(axis, shape.rank(), "split", x.place());
  bool fits = true;
  std::int64_t left = shape[front];
  for (const std::int64_t size : sizes) {
    fits = fits && size >= 0 && size <= left;
    left -= fits ? size : 0;
  }
  if (!fits || left != 0) {
    std::string text;
    for (const std::int64_t size : sizes) text += (text.empty() ? "" : ", ") + std::to_string(size);
    throw_shape("[split] needs sizes that add up to " + std::to_string(shape[front]) +
                    " along axis " + std::to_string(axis) + " of " + to_string(shape) + ", got " +
                    text,
                x.place());
  }
  return split_into(x, sizes, front);
}

std::vector<Var> split(Operand x, std::initializer_list<std::int64_t> sizes, std::int64_t axis) {
  return split(x, std::vector<std::int64_t>(sizes), axis);
}

Var pad(Operand x, const std::vector<std::pair<std::int64_t, std::int64_t>>& widths, double value) {
  Shape shape = x.shape();
  bool fits = widths.size() == static_cast<std::size_t>(shape.rank());
  for (const auto& [before, after] : widths) fits = fits && before >= 0 && after >= 0;
  if (!fits) {
    std::string text;
    for (const auto& [before, after] : widths) {
      text += " (" + std::to_string(before) + ", " + std::to_string(after) + ")";
    }
    throw_shape("[pad] needs two widths of 0 or more for each axis of " + to_string(shape) +
                    ", got" + (text.empty() ? " none" : text),
                x.place());
  }
  Var y = reshape(x, shape);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto [before, after] = widths[static_cast<std::size_t>(axis)];
    if (before == 0 && after == 0) continue;
    shape[axis] += before + after;
    if (value == 0) {
      y = slice_scatter(at(y, x.place()), {axis, before, shape[axis]});
      continue;
    }
    const auto block = [&](std::int64_t width) {
      Shape part = shape;
      part[axis] = width;
      return broadcast_to(at(value, x.place()), part);
    };
    y = concat({at(block(before), x.place()), at(y, x.place()), at(block(after), x.place())}, axis,
               x.place());
  }
  return y;
}

Var repeat(Operand x, const Shape& times) {
  Shape shape = x.shape();
  const int extra = times.rank() - shape.rank();
  if (extra < 0 || std::any_of(times.begin(), times.end(), [](std::int64_t n) { return n < 0; })) {
    throw_shape("[repeat] needs a number of 0 or more for each axis of " + to_string(shape) +
                    ", got " + to_string(times),
                x.place());
  }
  for (int i = 0; i < extra; ++i) shape = with_axis(shape, 0, 1, "repeat", x.place());
  Var y = reshape(x, shape);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (times[axis] == 1) continue;
    // Everything from the axis on is repeated as a whole, once for each index before it.
    const std::int64_t before = Shape(shape.begin(), shape.begin() + axis).size();
    const std::int64_t rest = Shape(shape.begin() + axis, shape.end()).size();
    const Var apart = reshape(at(y, x.place()), {before, 1, rest});
    shape[axis] *= times[axis];
    const Var repeated = broadcast_to(at(apart, x.place()), {before, times[axis], rest});
    y = reshape(at(repeated, x.place()), shape);
  }
  return y;
}

Var outer(Operand a, Operand b) {
  if (a.shape().rank() != 1 || b.shape().rank() != 1) {
    throw_shape(
        "[outer] needs two vectors, got " + to_string(a.shape()) + " and " + to_string(b.shape()),
        a.place());
  }
  return mul(at(reshape(a, {a.shape()[0], 1}), a.place()), b);
}

Var max_pool2d(Operand x, const ops::Pooling& form) {
  return max_pool2d_take(x, at(max_pool2d_index(x, ops::MaxPool2dIndex(form)), x.place()));
}

Var l2_pool2d(Operand x, const ops::Pooling& form) {
  const Place place = x.place();
  const auto size = static_cast<double>(form.window.height * form.window.width);
  const Operand mean = at(avg_pool2d(at(square(x), place), ops::AvgPool2d(form)), place);
  const Operand squares = at(mul_constant(mean, size), place);
  // √ has no gradient at 0: what comes from there is left out.
  const Operand is_zero = at(equal(squares, at(0.0, place)), place);
  const Operand safe = at(where(is_zero, at(1.0, place), squares), place);
  return where(is_zero, at(0.0, place), at(sqrt(safe), place));
}

Var argmin(Operand x, const Axes& axis, bool keepdims) {
  return argmax(at(neg(x), x.place()), axis, keepdims);
}
Var argmin(Operand x, int axis, bool keepdims) {
  return argmin(x, Axes{axis}, keepdims);
}

}  // namespace tapegrad
